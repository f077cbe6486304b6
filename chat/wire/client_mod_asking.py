"""The `mod` messages about questions, polls and hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat.wire.client_asking import MAX_OPTIONS
from chat.wire.order import Mod
from chat.wire.parse import ClientMessage, Refused, is_int, is_seq, text_of

MIN_OPTIONS: Final = 2
MAX_OPTION: Final = 200  # characters
MAX_POLL: Final = 300  # characters of a poll's question
_STATES_OF_QUESTION: Final = frozenset({"new", "queue", "screen", "answered", "dismissed"})
_STATES_OF_POLL: Final = frozenset({"open", "closed", "shared", "removed"})
_KINDS: Final = frozenset({"single", "multiple", "rating"})


@dataclass(frozen=True, slots=True)
class ModQuestion(Mod):
    """`answer`: in writing, of one that becomes answered. `into`: the one it is merged into; it becomes dismissed."""

    target: int
    state: str
    answer: str | None
    into: int | None


@dataclass(frozen=True, slots=True)
class ModPollSave(Mod):
    """A draft, new or (`poll`) saved again. `correct` are indexes into `options`."""

    poll: int | None
    question: str
    kind: str
    options: tuple[str, ...]
    correct: tuple[int, ...]
    anonymous: bool
    live: bool


@dataclass(frozen=True, slots=True)
class ModPoll(Mod):
    poll: int
    state: str


@dataclass(frozen=True, slots=True)
class ModHand(Mod):
    """called or down."""

    target: int
    state: str


def question(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    target, state, into = message.get("target"), message.get("state"), message.get("into")
    if not is_seq(target) or (into is not None and (not is_seq(into) or into == target)):
        return Refused("mod", cid, "bad_target")
    if into is not None:
        state = "dismissed"
    if not isinstance(state, str) or state not in _STATES_OF_QUESTION:
        return Refused("mod", cid, "bad_message")
    answer: str | None = None
    if message.get("answer") is not None:
        if state != "answered":
            return Refused("mod", cid, "bad_message")
        answer, code = text_of(message["answer"])
        if code is not None:
            return Refused("mod", cid, code)
    return ModQuestion(op, cid, target, state, answer, into)


def poll_save(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    poll, kind = message.get("poll"), message.get("kind")
    anonymous, live = message.get("anonymous", False), message.get("live", False)
    if poll is not None and not is_seq(poll):
        return Refused("mod", cid, "bad_target")
    if not isinstance(kind, str) or kind not in _KINDS or not (isinstance(anonymous, bool) and isinstance(live, bool)):
        return Refused("mod", cid, "bad_message")
    text, code = text_of(message.get("question"), MAX_POLL)
    if code is not None:
        return Refused("mod", cid, code)
    options, code = _options(kind, message.get("options", []))
    if code is not None:
        return Refused("mod", cid, code)
    correct = message.get("correct") or []
    if not isinstance(correct, list) or not all(is_int(index, 0, len(options) - 1) for index in correct):
        return Refused("mod", cid, "bad_choice")
    chosen = tuple(sorted(set(correct)))
    if kind == "single" and len(chosen) > 1:
        return Refused("mod", cid, "bad_choice")
    return ModPollSave(op, cid, poll, text, kind, options, chosen, anonymous, live)


def _options(kind: str, value: object) -> tuple[tuple[str, ...], str | None]:
    """(the texts, None), or what is wrong with them."""
    if not isinstance(value, list):
        return (), "bad_message"
    if kind == "rating":
        return (), None if not value else "bad_message"
    if not MIN_OPTIONS <= len(value) <= MAX_OPTIONS:
        return (), "bad_message"
    options: list[str] = []
    for option in value:
        text, code = text_of(option, MAX_OPTION)
        if code is not None:
            return (), code
        options.append(text)
    return tuple(options), None


def poll(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    target, state = message.get("poll"), message.get("state")
    if not is_seq(target):
        return Refused("mod", cid, "bad_target")
    if not isinstance(state, str) or state not in _STATES_OF_POLL:
        return Refused("mod", cid, "bad_message")
    return ModPoll(op, cid, target, state)


def hand(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    target, state = message.get("target"), message.get("state")
    if not is_seq(target):
        return Refused("mod", cid, "bad_target")
    if state not in ("called", "down"):
        return Refused("mod", cid, "bad_message")
    return ModHand(op, cid, target, state)
