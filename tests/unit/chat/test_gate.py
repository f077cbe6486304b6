"""chat/gate.py: who may write when."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from chat.entry import ROLES
from chat.gate import closed, closed_to_message, closed_to_question, why_held
from chat.state import RoomState
from chat.ticket import Ticket
from tests.unit.chat.entries import START, Log


def person(role: str = "attendee", id_: str = "guest") -> Ticket:
    return Ticket(uuid.UUID(int=1), id_, role, "Name", 0)


def room(**settings: Any) -> RoomState:
    log = Log()
    log.order("settings", settings=settings)
    return RoomState(log.entries)


@pytest.mark.parametrize(
    ("settings", "body", "code"),
    [
        ({}, "hello", None),
        ({"frozen": True}, "hello", "frozen"),
        ({"mode": "hosts"}, "hello", "hosts_only"),
        ({"mode": "questions"}, "hello", "questions_only"),
        ({"mode": "review"}, "hello", None),
        ({"links": False}, "https://example.org", "links"),
        ({"links": False}, "hello", None),
    ],
)
def test_a_setting_closes_the_room_to_attendees_and_not_to_staff(
    settings: dict[str, Any], body: str, code: str | None
) -> None:
    state = room(**settings)
    refused = closed_to_message(state, person(), body, START, 0.0)
    assert (refused.code if refused is not None else None) == code
    for role in ROLES - {"attendee"}:
        assert closed_to_message(state, person(role), body, START, 30.0) is None


def test_the_end_of_the_event_closes_it_to_everyone() -> None:
    state = room()
    state.set_ended(True)
    for role in ROLES:
        refused = closed(state, person(role), START)
        assert refused is not None
        assert (refused.code, refused.retry_after) == ("ended", None)


def test_one_who_is_muted_learns_how_long() -> None:
    log = Log()
    until = START + dt.timedelta(minutes=1)
    log.order("mute", person="guest", person_name="", until=until.isoformat())
    state = RoomState(log.entries)
    refused = closed(state, person(), START)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("muted", 60.0)
    assert closed(state, person(id_="kim"), START) is None
    assert closed(state, person(), until) is None


def test_slow_mode_tells_what_is_left() -> None:
    refused = closed_to_message(room(slow_s=30), person(), "x", START, 12.5)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("slow", 12.5)


def test_review_and_blocked_words_hold_what_attendees_say() -> None:
    assert why_held(room(mode="review"), person(), "x") == "review"
    assert why_held(room(mode="review"), person("host"), "x") is None
    assert why_held(room(words=["spam"]), person(), "Spam!") == "word"
    assert why_held(room(words=["spam"]), person(), "ham") is None


@pytest.mark.parametrize("role", sorted(ROLES))
def test_where_there_are_no_questions_nobody_asks_and_messages_go_on(role: str) -> None:
    state = room(questions=False)
    refused = closed_to_question(state, person(role), "Why?", START)
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("off", None)
    assert closed_to_message(state, person(role), "Hello", START, 0.0) is None
