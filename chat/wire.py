"""The wire format `webinar.chat.v1`: JSON text frames, each an object with `type`. docs/chat-protocol.md describes it.

Everything a client sends is checked here, once. What comes out of `decode` is safe to store and to show:
text without control characters, numbers in range, ids in their canonical form.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeGuard

SUBPROTOCOL: Final = "webinar.chat.v1"
MAX_FRAME: Final = 8 * 1024  # bytes of one client message, over all its fragments
MAX_BODY: Final = 1000  # characters (code points) of a message's text
MAX_DEPTH: Final = 8  # objects and arrays inside each other
MAX_HISTORY: Final = 100  # events one `history` may ask for
MAX_SEQ: Final = 2**53 - 1  # what a JavaScript number holds exactly

# Of the same protocol, but not in this version of the service: answered with a nak, never an error.
_LATER: Final = frozenset({"ask", "vote", "answer_poll", "react", "hand", "mod"})

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# C0 and C1 controls but newline and tab: invisible, and NUL cannot be stored in jsonb.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Malformed(Exception):
    """Not a message of this protocol; the socket is closed. The text says what was wrong."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. `since` and `epoch` are what the client last saw, both None on its first visit."""

    ticket: str
    since: int | None
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Send:
    cid: str
    body: str
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class History:
    """Up to `limit` events with a seq below `before`."""

    before: int
    limit: int


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """Understood well enough to be answered with a nak; the conversation goes on."""

    of: str
    cid: str | None
    code: str


ClientMessage = Hello | Send | History | Ping | Refused


def decode(text: str) -> ClientMessage:
    """One client message. Raises `Malformed` for what is not an object of this protocol."""
    message = _parse(text)
    kind = message.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= 32 or _SURROGATE.search(kind):
        raise Malformed("a message needs a type")
    if kind == "hello":
        return _hello(message)
    if kind == "send":
        return _send(message)
    if kind == "history":
        return _history(message)
    if kind == "ping":
        return Ping()
    return Refused(kind, _cid(message), "not_available" if kind in _LATER else "unknown_type")


def _parse(text: str) -> dict[str, Any]:
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
    return message


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


def _hello(message: Mapping[str, Any]) -> Hello:
    ticket, since, epoch = message.get("ticket"), message.get("since"), message.get("epoch")
    if not isinstance(ticket, str) or not ticket.isascii():
        raise Malformed("hello needs a ticket")
    if since is not None and not _is_seq(since, least=0):
        raise Malformed("since is not a sequence number")
    if epoch is not None and not isinstance(epoch, str):
        raise Malformed("epoch is not a string")
    return Hello(ticket, since, epoch)


def _send(message: Mapping[str, Any]) -> Send | Refused:
    cid, reply_to = _cid(message), message.get("reply_to")
    if cid is None or (reply_to is not None and not _is_seq(reply_to, least=1)):
        return Refused("send", cid, "bad_message")
    body = message.get("body")
    if not isinstance(body, str) or _SURROGATE.search(body):
        return Refused("send", cid, "bad_body")
    body = clean(body)
    if not body:
        return Refused("send", cid, "empty")
    if len(body) > MAX_BODY:
        return Refused("send", cid, "too_long")
    return Send(cid, body, reply_to)


def _history(message: Mapping[str, Any]) -> History | Refused:
    before, limit = message.get("before"), message.get("limit", MAX_HISTORY)
    if not _is_seq(before, least=1) or not _is_seq(limit, least=1):
        return Refused("history", None, "bad_message")
    return History(before, min(limit, MAX_HISTORY))


def _is_seq(value: object, *, least: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_SEQ


def _cid(message: Mapping[str, Any]) -> str | None:
    cid = message.get("cid")
    return str(uuid.UUID(cid)) if isinstance(cid, str) and _UUID.fullmatch(cid) else None


def clean(text: str) -> str:
    """The text with one kind of newline, without control characters, without space around it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


# What the service sends. Each function gives the UTF-8 payload of one text frame.


def encode(type_: str, **fields: object) -> bytes:
    return json.dumps({"type": type_, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def encode_event(
    seq: int, type_: str, at: dt.datetime, cid: str | None, person: str, content: Mapping[str, Any]
) -> bytes:
    """One event of the log as every client gets it; encoded once, then only copied.

    `content` is the row's jsonb: `{name, role, …}`, where the rest belongs to the type (`body`, `reply_to`).
    """
    rest = {key: value for key, value in content.items() if key not in ("name", "role")}
    event = {
        "seq": seq,
        "type": type_,
        "at": at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "cid": cid,
        "from": {"id": person, "name": content["name"], "role": content["role"]},
        **rest,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def events(encoded: Iterable[bytes]) -> bytes:
    """`events` out of encoded events, in order."""
    return b'{"type":"events","events":[' + b",".join(encoded) + b"]}"


def history(before: int, encoded: Iterable[bytes]) -> bytes:
    """The answer to `history`: `events` that carries `before`, so that it is not taken for news."""
    return b'{"type":"events","before":%d,"events":[' % before + b",".join(encoded) + b"]}"


def ack(cid: str, seq: int) -> bytes:
    return encode("ack", cid=cid, seq=seq)


def nak(of: str, cid: str | None, code: str, retry_after: float | None = None) -> bytes:
    """`retry_after` in seconds: the same message may be taken then."""
    if retry_after is None:
        return encode("nak", of=of, cid=cid, code=code)
    return encode("nak", of=of, cid=cid, code=code, retry_after=round(retry_after, 2))


def bye(code: str, *, reconnect: bool, after_ms: int = 0) -> bytes:
    return encode("bye", code=code, reconnect=reconnect, after_ms=after_ms)


@dataclass(frozen=True, slots=True)
class Frame:
    """One unfragmented, unmasked text frame (RFC 6455, section 5.2): the bytes are the same for every receiver."""

    payload: bytes
    wire: bytes

    @classmethod
    def of(cls, payload: bytes) -> Frame:
        size = len(payload)
        if size < 126:
            head = bytes((0x81, size))
        elif size < 65536:
            head = b"\x81\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x81\x7f" + size.to_bytes(8, "big")
        return cls(payload, head + payload)
