"""chat/sanctions.py: what staff is shown is bounded, what holds is not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chat.state import RoomState
from tests.unit.chat.entries import START, Log


def staff_lists(state: RoomState) -> tuple[list[str], list[str]]:
    lists: Any = state.snapshot(True)["staff"]
    return [one["id"] for one in lists["muted"]], [one["id"] for one in lists["banned"]]


def test_of_many_the_newest_are_shown_and_all_stay_out() -> None:
    log = Log()
    for number in range(400):
        log.order("ban", person=f"p{number}", person_name="P")
        log.order("mute", person=f"p{number}", until=(START + dt.timedelta(days=1)).isoformat())
    log.order("ban", person="p0", person_name="P")  # again: it is the newest now
    state = RoomState(log.entries)
    muted, banned = staff_lists(state)
    assert muted == [f"p{number}" for number in range(100, 400)]
    assert banned == [*(f"p{number}" for number in range(101, 400)), "p0"]
    assert all(f"p{number}" in state.sanctions.banned for number in range(400))
    assert state.sanctions.muted_until("p1", START) is not None


def test_of_staff_and_of_people_whose_words_were_deleted_the_newest_are_shown() -> None:
    log = Log()
    said = [log.say("x", f"p{number}") for number in range(400)]
    for number in range(400):
        log.add("delete_person", f"m{number}", "moderator", person=f"p{number}")
    state = RoomState(log.entries)
    snapshot: Any = state.snapshot(True)
    newest = range(100, 400)
    assert [host["id"] for host in snapshot["hosts"]] == [f"m{number}" for number in newest]
    assert [one["person"] for one in snapshot["staff"]["removed_people"]] == [f"p{number}" for number in newest]
    assert all(state.messages.removed(entry) for entry in said)
    assert state.messages.is_staff("m0")


def test_mutes_of_the_past_are_dropped() -> None:
    log = Log()
    log.order("mute", person="soon", until=(START + dt.timedelta(seconds=2)).isoformat())
    log.order("mute", person="later", until=(START + dt.timedelta(hours=1)).isoformat())
    log.order("mute", person="kim", until=(START + dt.timedelta(hours=1)).isoformat())
    assert staff_lists(RoomState(log.entries))[0] == ["later", "kim"]
