"""Questions, votes, answers to polls, reactions and raised hands, as a client sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat.wire.parse import ClientMessage, Refused, cid_of, is_int, is_seq, text_of

MAX_OPTIONS: Final = 10  # of a poll
KINDS_OF_REACTION: Final = frozenset({"like", "love", "clap", "laugh", "wow", "party"})


@dataclass(frozen=True, slots=True)
class Ask(ClientMessage):
    cid: str
    body: str
    anonymous: bool


@dataclass(frozen=True, slots=True)
class Vote(ClientMessage):
    """For a question, or the vote taken back (`up` is false)."""

    cid: str | None
    question: int
    up: bool


@dataclass(frozen=True, slots=True)
class AnswerPoll(ClientMessage):
    """`choices`: one or more, different, in order: indexes of options, or the mark of a rating."""

    cid: str | None
    poll: int
    choices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class React(ClientMessage):
    kind: str


@dataclass(frozen=True, slots=True)
class Hand(ClientMessage):
    cid: str | None
    up: bool


def ask(message: Mapping[str, Any]) -> Ask | Refused:
    cid, anonymous = cid_of(message), message.get("anonymous", False)
    if cid is None or not isinstance(anonymous, bool):
        return Refused("ask", cid, "bad_message")
    body, code = text_of(message.get("body"))
    return Ask(cid, body, anonymous) if code is None else Refused("ask", cid, code)


def vote(message: Mapping[str, Any]) -> Vote | Refused:
    cid, question, up = cid_of(message), message.get("question"), message.get("up", True)
    if not is_seq(question) or not isinstance(up, bool):
        return Refused("vote", cid, "bad_message")
    return Vote(cid, question, up)


def answer_poll(message: Mapping[str, Any]) -> AnswerPoll | Refused:
    cid, poll, choices = cid_of(message), message.get("poll"), message.get("choices")
    if not is_seq(poll):
        return Refused("answer_poll", cid, "bad_message")
    if not isinstance(choices, list) or not 0 < len(choices) <= MAX_OPTIONS:
        return Refused("answer_poll", cid, "bad_choice")
    if not all(is_int(choice, 0, MAX_OPTIONS) for choice in choices):
        return Refused("answer_poll", cid, "bad_choice")
    return AnswerPoll(cid, poll, tuple(sorted(set(choices))))


def react(message: Mapping[str, Any]) -> React | Refused:
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in KINDS_OF_REACTION:
        return Refused("react", None, "bad_message")
    return React(kind)


def hand(message: Mapping[str, Any]) -> Hand | Refused:
    cid, up = cid_of(message), message.get("up")
    return Hand(cid, up) if isinstance(up, bool) else Refused("hand", cid, "bad_message")
