"""chat/hands.py: hands in the order they went up, whose they are for staff alone."""

from __future__ import annotations

from typing import Any

from chat.hands import Hands
from tests.unit.chat.entries import Log


class Room(Log):
    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()

    def put(self, person: str, **content: Any) -> int:
        entry = self.add("hand", person, **content)
        self.hands.apply(entry)
        return entry.seq

    @property
    def up(self) -> Any:
        return self.hands.snapshot(False)["hands"]


def test_hands_stand_in_the_order_they_went_up() -> None:
    room = Room()
    ann, bob = room.put("ann", up=True), room.put("bob", up=True)
    assert room.up == [{"hand": ann}, {"hand": bob}]
    room.put("ann", up=False, of=ann)
    again = room.put("ann", up=True)
    assert room.up == [{"hand": bob}, {"hand": again}]
    assert (room.hands.of("ann"), room.hands.of("bob")) == (again, bob)


def test_one_person_has_one_hand_from_however_many_tabs() -> None:
    room = Room()
    first = room.put("ann", up=True)
    room.put("ann", up=True)
    assert room.up == [{"hand": first}]


def test_a_called_hand_is_marked_and_can_be_put_down() -> None:
    room = Room()
    seq = room.put("ann", up=True)
    room.put("mia", up=True, of=seq, state="called")
    assert room.up == [{"hand": seq, "called": True}]
    room.put("mia", up=False, of=seq, state="down")
    room.put("mia", up=False, of=seq, state="down")
    assert room.up == []
    assert room.hands.of("ann") is None


def test_whose_hand_it_is_is_for_staff_alone() -> None:
    room = Room()
    seq = room.put("ann", up=True)
    staff: Any = room.hands.snapshot(True)["hands"]
    assert staff == [{"hand": seq, "from": {"id": "ann", "name": "Ann", "role": "attendee"}}]
    public = room.hands.show(room.entries[0], False)
    assert public == {"cid": room.entries[0].cid, "up": True}
