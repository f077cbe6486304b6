"""chat/hands.py: hands in the order they went up, whose they are for staff alone."""

from __future__ import annotations

from typing import Any

from chat.hands import AWAY_S, Absences, Hands
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


def test_a_hand_goes_down_when_its_owner_was_away_long_enough_and_not_when_they_came_back() -> None:
    absences, here = Absences(), {"bob"}
    raised = ["ann", "bob"]
    assert absences.over(0.0, raised, here.__contains__) == []
    assert absences.over(AWAY_S - 1, raised, here.__contains__) == []
    assert absences.over(AWAY_S, raised, here.__contains__) == ["ann"]
    here.add("ann")
    assert absences.over(AWAY_S + 1, raised, here.__contains__) == []
    here.remove("ann")
    assert absences.over(AWAY_S + 2, raised, here.__contains__) == []
    assert absences.over(2 * AWAY_S + 2, raised, here.__contains__) == ["ann"]


def test_whoever_put_their_hand_down_is_not_waited_for() -> None:
    absences = Absences()
    absences.over(0.0, ["ann"], lambda person: False)
    absences.over(AWAY_S - 1, [], lambda person: False)
    assert absences.over(AWAY_S, ["ann"], lambda person: False) == []
