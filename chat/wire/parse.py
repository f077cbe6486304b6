"""Reading what a client says: JSON within bounds, and the pieces its messages are made of."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeGuard

MAX_FRAME: Final = 8 * 1024  # bytes of one client message, over all its fragments
MAX_BODY: Final = 1000  # characters (code points) of a message's text
MAX_DEPTH: Final = 8  # objects and arrays inside each other
MAX_SEQ: Final = 2**53 - 1  # what a JavaScript number holds exactly
MAX_PERSON: Final = 200  # characters of a person's id

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# C0 and C1 controls but newline and tab: invisible, and NUL cannot be stored in jsonb.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Malformed(Exception):
    """Not a message of this protocol; the socket is closed. The text says what was wrong."""


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """What `decode` gives: one class a kind of message, each safe to store and to show."""


@dataclass(frozen=True, slots=True)
class Refused(ClientMessage):
    """Understood well enough to be answered with a nak; the conversation goes on."""

    of: str
    cid: str | None
    code: str


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """(type, message). Raises `Malformed` for what is not an object of this protocol."""
    # A character takes at most four bytes, so this bound only backs up the socket's own in bytes.
    if len(text) > MAX_FRAME:
        raise Malformed("the message is too long")
    if _depth(text) > MAX_DEPTH:
        raise Malformed("the message is nested too deeply")
    try:
        message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("the message is not JSON") from error
    if not isinstance(message, dict):
        raise Malformed("the message is not an object")
    kind = message.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= 32 or _SURROGATE.search(kind):
        raise Malformed("a message needs a type")
    return kind, message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")


def _depth(text: str) -> int:
    """The deepest nesting, counted before parsing so that no parser has to recurse for it."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for character in _STRING.sub("", text):
        if character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest


def is_int(value: object, least: int, most: int) -> TypeGuard[int]:
    """A whole number of that range; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_seq(value: object, *, least: int = 1) -> TypeGuard[int]:
    return is_int(value, least, MAX_SEQ)


def is_person(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_PERSON and not _SURROGATE.search(value)


def cid_of(message: Mapping[str, Any]) -> str | None:
    """The client's id for the message in its one form, None when there is none."""
    cid = message.get("cid")
    return str(uuid.UUID(cid)) if isinstance(cid, str) and _UUID.fullmatch(cid) else None


def text_of(value: object, longest: int = MAX_BODY) -> tuple[str, str | None]:
    """(cleaned text, None), or ("", the nak's code): `bad_body`, `empty`, `too_long`."""
    if not isinstance(value, str) or _SURROGATE.search(value):
        return "", "bad_body"
    text = clean(value)
    if not text:
        return "", "empty"
    return (text, None) if len(text) <= longest else ("", "too_long")


def clean(text: str) -> str:
    """The text with one kind of newline, without control characters, without space around it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
