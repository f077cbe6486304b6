"""The `mod` messages: what moderators, hosts and presenters order. Who may do which is `chat.authority`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat.wire.client_mod_asking import hand, poll, poll_save, question
from chat.wire.order import Lock, Mod
from chat.wire.parse import ClientMessage, Refused, cid_of, clean, is_int, is_person, is_seq, text_of

MAX_WORDS: Final = 200
MAX_WORD: Final = 50  # characters
MAX_SLOW_S: Final = 120
MAX_MUTE_MIN: Final = 24 * 60
MODES: Final = ("open", "hosts", "questions", "review")
_SWITCHES: Final = ("links", "frozen", "questions", "anonymous_questions", "review_questions", "reactions", "hands")


@dataclass(frozen=True, slots=True)
class ModTarget(Mod):
    """approve, reject, delete, restore, pin: of the event with this seq."""

    target: int


@dataclass(frozen=True, slots=True)
class ModPerson(Mod):
    """delete_person, mute (for `minutes`), unmute, ban, unban."""

    person: str
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class ModMuteAsker(Mod):
    """Whoever asked this question, perhaps anonymously, asks none for `minutes`."""

    target: int
    minutes: int


@dataclass(frozen=True, slots=True)
class ModUnpin(Mod):
    pass


@dataclass(frozen=True, slots=True)
class ModAnnounce(Mod):
    body: str


@dataclass(frozen=True, slots=True)
class ModNote(Mod):
    """A word behind the scenes."""

    body: str


@dataclass(frozen=True, slots=True)
class ModSettings(Mod):
    """Only what changes."""

    changes: Mapping[str, Any]


Reader = Callable[[str, str, Mapping[str, Any]], ClientMessage]


def mod(message: Mapping[str, Any]) -> ClientMessage:
    """One order, checked."""
    op, cid = message.get("op"), cid_of(message)
    if op in ("lock", "unlock"):
        target = message.get("target")
        return Lock(op, target) if is_seq(target) else Refused("mod", cid, "bad_message")
    if not isinstance(op, str) or cid is None:
        return Refused("mod", cid, "bad_message")
    reader = _OPS.get(op)
    return reader(op, cid, message) if reader is not None else Refused("mod", cid, "unknown_op")


def _target(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    target = message.get("target")
    return ModTarget(op, cid, target) if is_seq(target) else Refused("mod", cid, "bad_target")


def _person(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    person, minutes = message.get("person"), message.get("minutes", 0)
    if not is_person(person):
        return Refused("mod", cid, "bad_target")
    if not is_int(minutes, 1 if op == "mute" else 0, MAX_MUTE_MIN):
        return Refused("mod", cid, "bad_message")
    return ModPerson(op, cid, person, minutes)


def _mute_asker(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    target, minutes = message.get("target"), message.get("minutes")
    if not is_seq(target):
        return Refused("mod", cid, "bad_target")
    if not is_int(minutes, 1, MAX_MUTE_MIN):
        return Refused("mod", cid, "bad_message")
    return ModMuteAsker(op, cid, target, minutes)


def _unpin(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    return ModUnpin(op, cid)


def _announce(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    body, code = text_of(message.get("body"))
    return ModAnnounce(op, cid, body) if code is None else Refused("mod", cid, code)


def _note(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    body, code = text_of(message.get("body"))
    return ModNote(op, cid, body) if code is None else Refused("mod", cid, code)


def _settings(op: str, cid: str, message: Mapping[str, Any]) -> ClientMessage:
    # What is not named here is left alone: a later version's settings are not refused.
    changes: dict[str, Any] = {}
    if "mode" in message:
        changes["mode"] = message["mode"] if message["mode"] in MODES else None
    if "slow_s" in message:
        changes["slow_s"] = message["slow_s"] if is_int(message["slow_s"], 0, MAX_SLOW_S) else None
    if "words" in message:
        changes["words"] = _words(message["words"])
    for name in _SWITCHES:
        if name in message:
            changes[name] = message[name] if isinstance(message[name], bool) else None
    if not changes or None in changes.values():
        return Refused("mod", cid, "bad_message")
    return ModSettings(op, cid, changes)


def _words(value: object) -> list[str] | None:
    """Without repeats and empty ones; None when they are not what they should be."""
    if not isinstance(value, list) or len(value) > MAX_WORDS:
        return None
    words: dict[str, None] = {}
    for word in value:
        text, code = text_of(word, MAX_WORD)
        if code not in (None, "empty"):
            return None
        if code is None:
            words[clean(text)] = None
    return list(words)


_OPS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(("approve", "reject", "delete", "restore", "pin"), _target),
    **dict.fromkeys(("delete_person", "mute", "unmute", "ban", "unban"), _person),
    "mute_asker": _mute_asker,
    "unpin": _unpin,
    "announce": _announce,
    "note": _note,
    "settings": _settings,
    "question": question,
    "poll_save": poll_save,
    "poll": poll,
    "hand": hand,
}
