"""chat/askers.py: who asked what, in memory alone."""

from __future__ import annotations

import datetime as dt

from chat.askers import Askers
from chat.state import RoomState
from tests.unit.chat.entries import START, Log

LATER = START + dt.timedelta(minutes=5)


def test_a_muted_asker_asks_again_when_the_time_is_over() -> None:
    askers = Askers()
    askers.mute("ann", LATER)
    assert askers.muted_until("ann", START) == LATER
    assert askers.muted_until("bob", START) is None
    assert list(askers.muted(START)) == [("ann", LATER)]
    assert askers.muted_until("ann", LATER) is None
    assert list(askers.muted(LATER)) == []


def test_whoever_repeats_the_cid_of_another_is_not_taken_for_the_asker() -> None:
    askers = Askers()
    askers.asked(7, "ann")
    askers.asked(7, "bob")
    assert askers.of(7) == "ann"


def test_only_as_many_are_remembered_as_a_room_keeps_questions() -> None:
    askers = Askers()
    for seq in range(1, 1500):
        askers.asked(seq, "ann")
        askers.mute(f"p{seq}", LATER)
    assert askers.of(1) is None
    assert askers.of(1499) == "ann"
    assert len(list(askers.muted(START))) == 1000


def test_the_order_names_the_question_to_staff_and_nothing_to_the_public() -> None:
    log = Log()
    asked = log.add("question", "anon:1", body="Who?", anonymous=True)
    order = log.order("mute_asker", asked, until=LATER.isoformat())
    state = RoomState(log.entries)
    shown = state.event(order, True)
    assert (shown["target"], shown["until"]) == (asked.seq, "2026-05-01T09:05:00.000Z")
    assert shown["from"] == {"id": "mod", "name": "Mod", "role": "moderator"}
    assert "person" not in shown
    assert state.event(order, False)["type"] == "mod"
    assert state.snapshot(True)["staff"]["muted"] == []  # type: ignore[index]
