"""chat/forgetting.py: a person who had their data deleted is nobody, everywhere in the log, and the order stays."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chat.entry import Entry
from chat.forgetting import forgotten
from chat.state import RoomState
from chat.transcript import Row, read
from tests.unit.chat.entries import Log

PERSON, NAME, ALIAS = "5f0c1f04-6a43-4c1e-9d9e-0a64a3c2b7aa", "김하나", "gone:1"


def forget(entries: list[Entry]) -> list[Entry]:
    made = []
    for entry in entries:
        person, content = forgotten(entry.person, entry.content, PERSON, ALIAS)
        made.append(replace(entry, person=person, content=content))
    return made


def said() -> Log:
    """Everything the log can say of a person."""
    log = Log()
    hers = {"name": NAME, "role": "attendee"}
    message = log.add("message", PERSON, **{**hers, "body": "secret one"})
    question = log.add("question", PERSON, **{**hers, "body": "secret two", "anonymous": False})
    held = log.add("message", PERSON, **{**hers, "body": "secret three", "held": True, "why": "review"})
    log.add("hand", PERSON, **{**hers, "up": True})
    log.order("pin", message)
    log.order("approve", held)
    log.order("delete", message)
    log.order("restore", message)
    log.order("mute", person=PERSON, person_name=NAME, until="2026-05-01T10:00:00+00:00")
    log.order("ban", person=PERSON, person_name=NAME)
    log.order("delete_person", person=PERSON, person_name=NAME)
    log.order("question_state", question=question.seq, state="answered", answer="Yes")
    log.say("hello", "bob", reply_to=message.seq)
    return log


def test_nothing_of_the_person_is_left_and_every_number_is() -> None:
    before = said().entries
    after = forget(before)
    text = json.dumps([(e.person, e.content) for e in after], ensure_ascii=False)
    for word in (PERSON, NAME, "secret"):
        assert word not in text
    assert [(e.seq, e.type, e.at, e.cid) for e in after] == [(e.seq, e.type, e.at, e.cid) for e in before]


def test_the_room_shows_what_was_there_as_deleted_to_everybody() -> None:
    log = said()
    state = RoomState(forget(log.entries))
    for entry in forget(log.entries)[:2]:
        assert state.event(entry, False)["deleted"] is True
        assert "body" not in state.event(entry, False)
        assert state.event(entry, True)["deleted"] is True
    assert state.event(log.entries[-1], False)["body"] == "hello"
    for staff in (False, True):
        assert "secret" not in json.dumps(state.snapshot(staff))
        assert state.snapshot(staff)["pinned"] == []


def test_exports_say_neither_who_nor_what() -> None:
    made = read(Row(e.seq, e.type, e.at, e.person, e.content) for e in forget(said().entries))
    assert [(m.name, m.body, m.state) for m in made.messages if m.person == ALIAS] == [("", "", "deleted")] * 2
    assert [(q.name, q.body, q.state) for q in made.questions] == [("", "", "deleted")]


def test_a_forgotten_message_cannot_be_restored() -> None:
    log = Log()
    message = log.add("message", PERSON, name=NAME, body="secret")
    entries = forget(log.entries)
    log.entries = list(entries)
    log.order("restore", entries[0])
    state = RoomState(log.entries)
    assert state.event(entries[0], True) | {"at": ""} == {
        "seq": message.seq,
        "type": "message",
        "at": "",
        "cid": message.cid,
        "from": {"id": ALIAS, "name": "", "role": "attendee"},
        "body": "",
        "deleted": True,
    }


@given(st.text(), st.dictionaries(st.text(), st.text() | st.integers()))
def test_rows_of_others_stay_as_they_are(writer: str, content: dict[str, str | int]) -> None:
    if writer != PERSON and content.get("person") != PERSON:
        assert forgotten(writer, content, PERSON, ALIAS) == (writer, content)
