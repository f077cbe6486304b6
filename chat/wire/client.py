"""What a client may say. What comes out of `decode` is safe to store and to show.

The messages of questions, polls, hands and reactions are in `client_asking`, those of moderation in `client_mod`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat.wire.client_asking import answer_poll, ask, hand, react, vote
from chat.wire.client_mod import mod
from chat.wire.parse import ClientMessage, Malformed, Refused, cid_of, is_int, is_person, is_seq, parse, text_of

MAX_HISTORY: Final = 100  # events one `history` may ask for
MAX_PEOPLE: Final = 100  # people one `people` may ask for
MAX_MENTIONS: Final = 5
_MAX_QUERY: Final = 100  # characters


@dataclass(frozen=True, slots=True)
class Hello(ClientMessage):
    """The first message. `since` and `epoch` are what the client last saw, both None on its first visit."""

    ticket: str
    since: int | None
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Send(ClientMessage):
    cid: str
    body: str
    reply_to: int | None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History(ClientMessage):
    """Up to `limit` events: the last ones with a seq below `before`, the first ones after `after`, or the last ones
    until that moment. One of the three is set.
    """

    limit: int
    before: int | None = None
    after: int | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class People(ClientMessage):
    """Who is here, by name: those whose name contains `query` and those of `ids`, after the place `after` (of the page
    before).
    """

    query: str
    after: str | None
    limit: int
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ping(ClientMessage):
    pass


def decode(text: str) -> ClientMessage:
    """One client message. Raises `Malformed` for what is not an object of this protocol."""
    kind, message = parse(text)
    reader = _READERS.get(kind)
    if reader is None:
        return Refused(kind, cid_of(message), "unknown_type")
    return reader(message)


def _hello(message: Mapping[str, Any]) -> Hello:
    ticket, since, epoch = message.get("ticket"), message.get("since"), message.get("epoch")
    if not isinstance(ticket, str) or not ticket.isascii():
        raise Malformed("hello needs a ticket")
    if since is not None and not is_seq(since, least=0):
        raise Malformed("since is not a sequence number")
    if epoch is not None and not isinstance(epoch, str):
        raise Malformed("epoch is not a string")
    return Hello(ticket, since, epoch)


def _send(message: Mapping[str, Any]) -> Send | Refused:
    cid, reply_to, mentions = cid_of(message), message.get("reply_to"), message.get("mentions", [])
    if cid is None or (reply_to is not None and not is_seq(reply_to)):
        return Refused("send", cid, "bad_message")
    if not isinstance(mentions, list) or len(mentions) > MAX_MENTIONS or not all(map(is_person, mentions)):
        return Refused("send", cid, "bad_message")
    body, code = text_of(message.get("body"))
    if code is not None:
        return Refused("send", cid, code)
    return Send(cid, body, reply_to, tuple(dict.fromkeys(mentions)))


def _history(message: Mapping[str, Any]) -> History | Refused:
    limit = message.get("limit", MAX_HISTORY)
    before, after, until = message.get("before"), message.get("after"), message.get("until")
    if is_seq(limit) and [before, after, until].count(None) == 2:
        limit = min(limit, MAX_HISTORY)
        if is_seq(before):
            return History(limit, before=before)
        if is_seq(after, least=0):
            return History(limit, after=after)
        moment = _moment(until)
        if moment is not None:
            return History(limit, until=moment)
    return Refused("history", None, "bad_message")


def _moment(value: object) -> dt.datetime | None:
    """RFC 3339 with its offset, as a time in UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.astimezone(dt.UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _people(message: Mapping[str, Any]) -> People | Refused:
    query, after, limit = message.get("query", ""), message.get("after"), message.get("limit", MAX_PEOPLE)
    text, code = text_of(query, _MAX_QUERY)
    if code not in (None, "empty") or not is_int(limit, 1, 10**6):
        return Refused("people", None, "bad_message")
    if after is not None and not (isinstance(after, str) and len(after) <= 1000 and is_person(after[:200] or None)):
        return Refused("people", None, "bad_message")
    ids = message.get("ids", [])
    if not isinstance(ids, list) or len(ids) > MAX_PEOPLE or not all(is_person(one) for one in ids):
        return Refused("people", None, "bad_message")
    return People(text, after, min(limit, MAX_PEOPLE), frozenset(ids))


def _ping(message: Mapping[str, Any]) -> Ping:
    return Ping()


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], ClientMessage]]] = {
    "hello": _hello,
    "send": _send,
    "history": _history,
    "people": _people,
    "ping": _ping,
    "ask": ask,
    "vote": vote,
    "answer_poll": answer_poll,
    "react": react,
    "hand": hand,
    "mod": mod,
}
