"""chat/state.py: what a log comes to, and what each audience sees of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from chat.entry import Entry
from chat.room_settings import DEFAULTS
from chat.state import RoomState, bears_state, changed_by
from tests.unit.chat.entries import START, Log


def shown(log: Log, entry: Entry, *, staff: bool = False) -> dict[str, Any]:
    state = RoomState(log.entries)
    event: dict[str, Any] = json.loads(state.encode(entry)[staff])
    return event


def test_a_plain_message_is_the_same_bytes_for_both_audiences() -> None:
    log = Log()
    public, staff = RoomState().encode(log.say("hello", mentions=["mod"], reply_to=1))
    assert public is staff
    assert json.loads(public)["mentions"] == ["mod"]


def test_a_deleted_message_keeps_its_writer_and_loses_its_text_but_for_staff() -> None:
    log = Log()
    entry = log.say("secret")
    log.order("delete", entry)
    assert shown(log, entry).keys() == {"seq", "type", "at", "cid", "from", "deleted"}
    assert shown(log, entry, staff=True)["body"] == "secret"
    assert shown(log, entry, staff=True)["deleted"] is True


def test_a_restored_message_is_back_wherever_it_stands() -> None:
    log = Log()
    entry = log.say("secret")
    log.order("delete", entry)
    back = log.order("restore", entry)
    assert shown(log, entry)["body"] == "secret"
    assert shown(log, back)["message"]["body"] == "secret"
    log.order("delete", entry)
    assert "secret" not in json.dumps(shown(log, back))


def test_deleting_all_of_a_person_reaches_back_and_not_forward_and_spares_the_others() -> None:
    log = Log()
    before, other = log.say("one"), log.say("two", "kim")
    log.order("restore", before)
    everything = log.order("delete_person", person="guest")
    after = log.say("three")
    assert shown(log, before)["deleted"] is True
    assert "body" in shown(log, other)
    assert "body" in shown(log, after)
    assert shown(log, everything) == {
        "seq": 4,
        "type": "delete_person",
        "at": "2026-05-01T09:00:04.000Z",
        "person": "guest",
        "upto": 4,
    }
    log.order("restore", before)
    assert "body" in shown(log, before)


def test_a_held_message_is_a_stub_until_its_approval_carries_it() -> None:
    log = Log()
    held = log.say("may I?", held=True, why="word")
    assert shown(log, held).keys() == {"seq", "type", "at"}
    assert shown(log, held)["type"] == "mod"
    assert (shown(log, held, staff=True)["held"], shown(log, held, staff=True)["why"]) == (True, "word")
    approval = log.order("approve", held)
    assert shown(log, held)["type"] == "mod"
    carried = shown(log, approval)["message"]
    assert (carried["seq"], carried["type"], carried["body"], carried["cid"]) == (1, "message", "may I?", held.cid)
    assert "held" not in carried
    assert "from" not in shown(log, approval)
    assert shown(log, approval, staff=True)["from"]["id"] == "mod"
    assert shown(log, held, staff=True)["decided"] == "approved"
    log.order("delete", held)
    assert "may I?" not in json.dumps(shown(log, approval))


def test_a_rejected_message_is_never_seen_and_approving_it_later_has_no_effect() -> None:
    log = Log()
    held = log.say("no", held=True, why="review")
    log.order("reject", held)
    late = log.order("approve", held)
    assert "no" not in json.dumps(shown(log, late)).split('"')
    assert shown(log, late)["message"]["type"] == "mod"
    state = RoomState(log.entries)
    assert state.snapshot(True)["staff"]["held"] == []  # type: ignore[index]


def test_deleting_all_of_a_person_takes_what_waits_of_theirs_with_it() -> None:
    log = Log()
    log.say("spam", held=True, why="review")
    log.say("fine", "kim", held=True, why="review")
    log.order("delete_person", person="guest")
    held = RoomState(log.entries).snapshot(True)["staff"]["held"]  # type: ignore[index]
    assert [message["body"] for message in held] == ["fine"]


def test_the_pinned_message_goes_with_its_deletion_and_its_unpinning() -> None:
    log = Log()
    one, two = log.say("one"), log.say("two")
    log.order("pin", one)
    log.order("pin", two)
    assert [m["body"] for m in RoomState(log.entries).messages.pinned(False)] == ["two"]
    log.order("delete", two)
    assert RoomState(log.entries).messages.pinned(True) == []
    log.order("restore", two)
    assert len(RoomState(log.entries).messages.pinned(False)) == 1
    log.order("unpin")
    assert RoomState(log.entries).messages.pinned(False) == []


@pytest.mark.parametrize("type_", ["mute", "unmute", "ban", "unban"])
def test_a_sanction_is_a_stub_for_the_public_and_says_by_whom_to_staff(type_: str) -> None:
    log = Log()
    until: dict[str, Any] = {"until": START.isoformat()} if type_ == "mute" else {}
    entry = log.order(type_, person="guest", person_name="Guest", **until)
    assert shown(log, entry).keys() == {"seq", "type", "at"}
    seen = shown(log, entry, staff=True)
    assert (seen["type"], seen["person"], seen["name"], seen["from"]["id"]) == (type_, "guest", "Guest", "mod")


def test_a_mute_ends_by_time_or_by_order() -> None:
    log = Log()
    until = START + dt.timedelta(minutes=5)
    log.order("mute", person="guest", person_name="Guest", until=until.isoformat())
    sanctions = RoomState(log.entries).sanctions
    assert sanctions.muted_until("guest", START) == until
    assert sanctions.muted_until("guest", until) is None
    assert sanctions.muted_until("kim", START) is None
    log.order("unmute", person="guest")
    assert RoomState(log.entries).sanctions.muted_until("guest", START) is None


def test_settings_add_up_and_their_words_are_staffs_alone() -> None:
    log = Log()
    first = log.order("settings", settings={"mode": "review", "words": ["casino"]})
    second = log.order("settings", settings={"slow_s": 30})
    words = log.order("settings", settings={"words": ["lottery"]})
    state = RoomState(log.entries)
    assert (state.settings.mode, state.settings.slow_s) == ("review", 30)
    assert "words" not in state.settings.public()
    assert shown(log, first)["settings"] == {"mode": "review"}
    assert shown(log, second)["settings"] == {"slow_s": 30}
    assert shown(log, words)["type"] == "mod"
    assert state.snapshot(True)["staff"]["words"] == ["lottery"]  # type: ignore[index]
    assert "lottery" not in json.dumps(state.snapshot(False))
    assert state.settings.blocked.found_in("a Lottery!")


def test_a_setting_of_a_later_version_is_passed_over() -> None:
    log = Log()
    log.order("settings", settings={"colour": "blue", "mode": "hosts"})
    assert set(RoomState(log.entries).settings.public()) == set(DEFAULTS) - {"words"} | {"ended"}


def test_a_type_of_a_later_version_is_a_stub_for_everyone() -> None:
    log = Log()
    entry = log.add("breakout", secret="x")
    assert shown(log, entry, staff=True)["type"] == shown(log, entry)["type"] == "mod"


def test_the_same_entry_twice_changes_nothing() -> None:
    log = Log()
    held = log.say("x", held=True, why="review")
    log.order("approve", held)
    log.order("delete", held)
    once, twice = RoomState(log.entries), RoomState([e for e in log.entries for _ in range(2)])
    for entry in log.entries:
        twice.apply(entry)
    assert once.snapshot(True) == twice.snapshot(True)
    assert once.version == twice.version


def test_the_state_is_made_of_less_than_the_log() -> None:
    log = Log()
    plain = [log.say(str(n)) for n in range(50)]
    log.order("pin", plain[3])
    log.order("delete", plain[4])
    log.add("message", "host:1", "host", body="welcome")
    few = [entry for entry in log.entries if bears_state(entry)]
    assert len(few) == 3
    assert RoomState(few).snapshot(True) == RoomState(log.entries).snapshot(True)
    assert RoomState(few).snapshot(False)["hosts"] == [
        {"id": "mod", "name": "Mod", "role": "moderator"},
        {"id": "host:1", "name": "Host:1", "role": "host"},
    ]


def test_the_public_snapshot_has_nothing_of_staffs() -> None:
    log = Log()
    log.say("waiting", held=True, why="review")
    log.order("ban", person="troll", person_name="Troll")
    snapshot = RoomState(log.entries).snapshot(False)
    assert "staff" not in snapshot
    assert not {"waiting", "troll", "Troll"} & set(json.dumps(snapshot).split('"'))


def test_the_end_of_the_event_is_news_once() -> None:
    state = RoomState()
    assert state.set_ended(True)
    assert not state.set_ended(True)
    assert state.snapshot(False)["settings"]["ended"] is True  # type: ignore[index]


def test_of_many_long_held_messages_a_state_has_the_oldest_that_fit() -> None:
    log = Log()
    for _ in range(300):
        log.say("말" * 1000, held=True)
    staff: Any = RoomState(log.entries).snapshot(True)["staff"]
    assert [event["seq"] for event in staff["held"]] == list(range(1, len(staff["held"]) + 1))
    assert 5 <= len(staff["held"]) <= 12


def test_a_removed_poll_changes_the_look_of_its_earlier_events_and_of_no_others() -> None:
    log = Log()
    poll = {"question": "?", "kind": "rating", "options": [], "correct": [], "anonymous": True, "live": False}
    for name in (1, 2):
        log.add("poll", "mod", "moderator", state="draft", **poll)
        log.add("poll", "mod", "moderator", state="open", poll=2 * name - 1, **poll)
    changes = changed_by(log.add("poll", "mod", "moderator", state="removed", poll=1, **poll))
    assert changes is not None
    assert [entry.seq for entry in log.entries[:-1] if changes(entry)] == [2]
    assert shown(log, log.entries[1]) == {
        "seq": 2,
        "type": "poll",
        "at": "2026-05-01T09:00:02.000Z",
        "poll": 1,
        "state": "removed",
    }


def test_a_deleted_question_changes_the_look_of_its_written_answer() -> None:
    log = Log()
    question = log.add("question", body="why?", anonymous=False)
    answered = log.add("question_state", "mod", "moderator", question=1, state="answered", answer="because")
    for cause in (log.order("delete", question), log.order("delete_person", person="guest")):
        changes = changed_by(cause)
        assert changes is not None
        assert changes(answered)
        assert "answer" not in shown(log, answered)
