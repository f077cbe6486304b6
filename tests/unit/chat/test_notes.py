"""chat/notes.py: what those behind the scenes write stays there."""

from __future__ import annotations

import json
import uuid

from chat import wire
from chat.authority import may
from chat.state import RoomState
from chat.transcript import Row, read
from chat.wire import decode
from tests.unit.chat.entries import Log


def test_a_note_is_read_by_staff_and_is_a_stub_for_the_public() -> None:
    log = Log()
    note = log.order("note", body="two more minutes")
    public, staff = RoomState(log.entries).encode(note)
    assert json.loads(public).keys() == {"seq", "type", "at"}
    assert json.loads(public)["type"] == "mod"
    assert json.loads(staff)["body"] == "two more minutes"
    assert json.loads(staff)["from"]["role"] == "moderator"


def test_who_comes_behind_the_scenes_later_gets_the_newest_notes_and_others_none() -> None:
    log = Log()
    for number in range(120):
        log.order("note", body=f"{number}")
    state = RoomState(log.entries)
    staff = state.snapshot(True)["staff"]
    assert isinstance(staff, dict)
    assert [note["body"] for note in staff["notes"]] == [str(number) for number in range(20, 120)]
    assert "notes" not in json.dumps(state.snapshot(False))


def test_long_notes_leave_room_for_the_rest_of_the_state() -> None:
    log = Log()
    for _ in range(100):
        log.order("note", body="가" * 1000)
    staff = RoomState(log.entries).snapshot(True)["staff"]
    assert isinstance(staff, dict)
    assert 0 < len(json.dumps(staff["notes"], ensure_ascii=False).encode()) <= 24 * 1024 + 100


def test_moderators_hosts_and_presenters_write_notes_and_attendees_do_not() -> None:
    assert [may(role, "note") for role in ("moderator", "host", "presenter", "attendee")] == [True, True, True, False]
    cid = str(uuid.uuid4())
    order = {"type": "mod", "op": "note", "cid": cid, "body": " wait \n"}
    assert decode(json.dumps(order)) == wire.ModNote("note", cid, "wait")
    assert decode(json.dumps(order | {"body": ""})) == wire.Refused("mod", cid, "empty")


def test_notes_are_in_no_transcript() -> None:
    log = Log()
    log.say("hello")
    log.order("note", body="psst")
    rows = [Row(e.seq, e.type, e.at, e.person, e.content) for e in log.entries]
    assert "psst" not in repr(read(rows))
