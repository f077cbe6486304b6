"""chat/wire: questions, votes, answers to polls, reactions, hands, and the orders about them, as clients send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat import wire

CID = "0f8fad5b-d9cb-469f-a165-70867728950e"
SAVE: dict[str, Any] = {"op": "poll_save", "question": "Lunch?", "kind": "multiple", "options": ["soup", "rice"]}


def decode(type_: str, **fields: object) -> wire.ClientMessage:
    return wire.decode(json.dumps({"type": type_, "cid": CID, **fields}))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (("ask", {"body": " why?\r\n"}), wire.Ask(CID, "why?", anonymous=False)),
        (("ask", {"body": "who?", "anonymous": True}), wire.Ask(CID, "who?", anonymous=True)),
        (("vote", {"question": 7}), wire.Vote(CID, 7, up=True)),
        (("vote", {"question": 7, "up": False, "cid": None}), wire.Vote(None, 7, up=False)),
        (("answer_poll", {"poll": 7, "choices": [2, 0, 2]}), wire.AnswerPoll(CID, 7, (0, 2))),
        (("react", {"kind": "clap"}), wire.React("clap")),
        (("hand", {"up": True}), wire.Hand(CID, up=True)),
        (
            ("mod", {"op": "question", "target": 7, "state": "answered", "answer": "yes"}),
            wire.ModQuestion("question", CID, 7, "answered", "yes", None),
        ),
        (
            ("mod", {"op": "question", "target": 7, "into": 8}),
            wire.ModQuestion("question", CID, 7, "dismissed", None, 8),
        ),
        (("mod", {"op": "poll", "poll": 7, "state": "open"}), wire.ModPoll("poll", CID, 7, "open")),
        (("mod", {"op": "hand", "target": 7, "state": "down"}), wire.ModHand("hand", CID, 7, "down")),
        (
            ("mod", {**SAVE, "correct": [1, 0, 1], "live": True}),
            wire.ModPollSave(
                "poll_save", CID, None, "Lunch?", "multiple", ("soup", "rice"), (0, 1), anonymous=False, live=True
            ),
        ),
    ],
)
def test_what_is_well_said_is_understood(message: tuple[str, dict[str, Any]], expected: wire.ClientMessage) -> None:
    assert decode(message[0], **message[1]) == expected


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (("ask", {"body": "why?", "cid": "none"}), "bad_message"),
        (("ask", {"body": " "}), "empty"),
        (("ask", {"body": "x" * 1001}), "too_long"),
        (("ask", {"body": 5}), "bad_body"),
        (("ask", {"body": "why?", "anonymous": 1}), "bad_message"),
        (("vote", {"question": 0}), "bad_message"),
        (("vote", {"question": True}), "bad_message"),
        (("answer_poll", {"poll": 7, "choices": []}), "bad_choice"),
        (("answer_poll", {"poll": 7, "choices": [0] * 11}), "bad_choice"),
        (("answer_poll", {"poll": 7, "choices": [-1]}), "bad_choice"),
        (("answer_poll", {"poll": 7, "choices": [True]}), "bad_choice"),
        (("answer_poll", {"choices": [0]}), "bad_message"),
        (("react", {"kind": ["clap"]}), "bad_message"),
        (("hand", {}), "bad_message"),
        (("mod", {"op": "question", "target": 7, "into": 7}), "bad_target"),
        (("mod", {"op": "question", "target": 7, "state": "queue", "answer": "no"}), "bad_message"),
        (("mod", {"op": "question", "target": 7, "state": ["queue"]}), "bad_message"),
        (("mod", {**SAVE, "options": ["soup"]}), "bad_message"),
        (("mod", {**SAVE, "options": ["soup"] * 11}), "bad_message"),
        (("mod", {**SAVE, "options": ["soup", " "]}), "empty"),
        (("mod", {**SAVE, "options": ["soup", "x" * 201]}), "too_long"),
        (("mod", {**SAVE, "kind": {"a": 1}}), "bad_message"),
        (("mod", {**SAVE, "correct": [2]}), "bad_choice"),
        (("mod", {**SAVE, "kind": "single", "correct": [0, 1]}), "bad_choice"),
        (("mod", {**SAVE, "kind": "rating"}), "bad_message"),
        (("mod", {**SAVE, "kind": "rating", "options": [], "correct": [1]}), "bad_choice"),
        (("mod", {"op": "poll", "poll": 7, "state": "draft"}), "bad_message"),
        (("mod", {"op": "hand", "target": 7, "state": {}}), "bad_message"),
    ],
)
def test_what_is_not_is_refused_by_its_name(message: tuple[str, dict[str, Any]], code: str) -> None:
    answer = decode(message[0], **message[1])
    assert isinstance(answer, wire.Refused)
    assert (answer.of, answer.code) == (message[0], code)


def test_an_order_against_an_asker_names_a_question_and_minutes() -> None:
    order = {"op": "mute_asker", "target": 7, "minutes": 5}
    assert decode("mod", **order) == wire.ModMuteAsker("mute_asker", CID, 7, 5)
    for wrong, code in (
        ({"target": "7"}, "bad_target"),
        ({"minutes": 0}, "bad_message"),
        ({"minutes": 9999}, "bad_message"),
    ):
        assert decode("mod", **{**order, **wrong}) == wire.Refused("mod", CID, code)
