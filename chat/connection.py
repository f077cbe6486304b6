"""One socket's conversation: hello, then messages, until somebody ends it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from chat import figures, wire
from chat.committer import Refusal
from chat.hub import Full, Hub
from chat.limits import TokenBucket
from chat.live_room import RATE, LiveRoom
from chat.room import MAX_TABS, Member
from chat.socket import Outlet
from chat.store import Draft, NoRoom, StoreDown
from webinar.base.errors import Gone, WebinarError
from webinar.base.tokens import Purpose, Tokens

HELLO_S: Final = 5.0
_CATCH_UP_S: Final = 30.0
_FRAMES: Final = (20.0, 120.0)  # a second, at once: a page that comes back sends its whole outbox again
_HISTORIES: Final = (2.0, 6.0)
_NEW_TICKET_MS: Final = 1000  # not at once: with clocks apart every ticket is expired, for ever
_ROLES: Final = frozenset({"attendee", "moderator", "host", "presenter"})

# Close codes (RFC 6455, section 7.4.1, and the IANA registry).
_UNSUPPORTED, _INVALID, _POLICY, _RESTART, _LATER = 1003, 1007, 1008, 1012, 1013


class Bye(Exception):
    """The conversation ends: `code` and when to come back (`after_ms`; None: not at all) go to the client."""

    def __init__(self, code: str, close: int, after_ms: int | None = None) -> None:
        super().__init__(code)
        self.code, self.close, self.after_ms = code, close, after_ms


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the web service vouches for."""

    event_id: uuid.UUID
    person: str
    role: str
    name: str
    issued_at: int  # Unix time, s

    @classmethod
    def read(cls, tokens: Tokens, text: str) -> Ticket:
        """Raises `Bye`: an expired one with leave to come back with a new one, any other without."""
        try:
            return cls._of(tokens.read(Purpose.CHAT, text))
        except Gone as error:
            raise Bye("ticket_expired", _POLICY, after_ms=_NEW_TICKET_MS) from error
        except (WebinarError, ValueError, KeyError) as error:
            raise Bye("ticket_invalid", _POLICY) from error

    @classmethod
    def _of(cls, claims: Mapping[str, Any]) -> Ticket:
        person, role, name = claims["person"], claims["role"], claims["name"]
        for text, longest in ((person, 200), (name, 200)):
            if not isinstance(text, str) or not 0 < len(text) <= longest:
                raise ValueError("a claim is not a text of sensible length")
        if role not in _ROLES:
            raise ValueError("no such role")
        return cls(uuid.UUID(str(claims["event"])), person, role, wire.clean(name) or "?", int(claims["iat"]))


class Connection:
    """From the accepted handshake to the close."""

    def __init__(self, websocket: WebSocket, outlet: Outlet, hub: Hub, tokens: Tokens) -> None:
        self._websocket, self._outlet, self._hub, self._tokens = websocket, outlet, hub, tokens
        now = asyncio.get_running_loop().time()
        self._frames = TokenBucket(*_FRAMES, now)
        self._histories = TokenBucket(*_HISTORIES, now)

    async def run(self) -> None:
        self._hub.enter()
        try:
            await self._meet()
        except Bye as bye:
            await self._say_bye(bye)
        except WebSocketDisconnect:
            pass  # the client left, which is how most conversations end
        finally:
            self._hub.leave()
            await self._outlet.aclose()

    async def _meet(self) -> None:
        try:
            async with asyncio.timeout(HELLO_S):
                hello = await self._receive()
        except TimeoutError as error:
            raise Bye("hello_timeout", _POLICY, after_ms=self._hub.spread_ms()) from error
        if not isinstance(hello, wire.Hello):
            raise Bye("bad_message", _POLICY)
        ticket = Ticket.read(self._tokens, hello.ticket)
        room = await self._room(ticket.event_id)
        if room.outs.refuses(ticket.person, ticket.issued_at):
            raise Bye("revoked", _POLICY)
        if room.room.tabs(ticket.person) >= MAX_TABS:
            raise Bye("too_many_tabs", _POLICY)
        member, reset = room.join(ticket.person, self._outlet, hello.since, hello.epoch)
        talk = asyncio.create_task(self._talk(room, ticket, member, reset), name="chat conversation")
        try:
            out = room.outs.door(ticket.person)
            either: set[asyncio.Future[Any]] = {talk, room.ended, out}
            if self._outlet.broken is not None:
                either.add(self._outlet.broken)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if out.done():
                raise Bye("revoked", _POLICY)
            if not talk.done() and room.ended.done():
                code = room.ended.result()
                raise Bye(code, _RESTART, None if code == "gone" else self._hub.spread_ms())
            if talk.done():
                await talk
        finally:
            room.leave(member)
            if not talk.done():
                talk.cancel()
                await asyncio.wait({talk})

    async def _room(self, event_id: uuid.UUID) -> LiveRoom:
        try:
            return await self._hub.room(event_id)
        except NoRoom as error:
            raise Bye("gone", _POLICY) from error
        except (StoreDown, Full) as error:
            raise Bye("unavailable", _LATER, after_ms=1000 + self._hub.spread_ms()) from error

    async def _talk(self, room: LiveRoom, ticket: Ticket, member: Member[Outlet], reset: wire.Frame | None) -> None:
        self._write(_welcome(room, ticket))
        if reset is not None:
            self._outlet.write(reset)
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                await room.catch_up(member)
        except TimeoutError:
            figures.SLOW.inc()
            self._outlet.cut()
            return
        while True:
            message = await self._receive()
            wait = self._frames.take(asyncio.get_running_loop().time())
            if wait:
                raise Bye("flood", _POLICY, after_ms=5000 + self._hub.spread_ms())
            await self._answer(room, ticket, message)

    async def _answer(self, room: LiveRoom, ticket: Ticket, message: wire.ClientMessage) -> None:
        match message:
            case wire.Send():
                await self._send(room, ticket, message)
            case wire.History():
                await self._history(room, message)
            case wire.Ping():
                self._write(wire.encode("pong"))
            case wire.Refused():
                self._nak(message.of, message.cid, message.code)
            case wire.Hello():
                raise Bye("bad_message", _POLICY)

    async def _send(self, room: LiveRoom, ticket: Ticket, message: wire.Send) -> None:
        now = asyncio.get_running_loop().time()
        wait = room.rate.wait(ticket.person, now)
        if wait:
            self._nak("send", message.cid, "rate", wait)
            return
        content: dict[str, Any] = {"name": ticket.name, "role": ticket.role, "body": message.body}
        if message.reply_to is not None:
            if message.reply_to > room.room.last:
                self._nak("send", message.cid, "bad_reply")
                return
            content["reply_to"] = message.reply_to
        room.rate.count(ticket.person, now)
        try:
            seq = await room.send(Draft("message", message.cid, ticket.person, content))
        except Refusal as refusal:
            self._nak("send", message.cid, refusal.code, refusal.retry_after)
            return
        self._write(wire.ack(message.cid, seq))

    async def _history(self, room: LiveRoom, message: wire.History) -> None:
        wait = self._histories.take(asyncio.get_running_loop().time())
        if wait:
            self._nak("history", None, "rate", wait)
            return
        try:
            async with asyncio.timeout(5), self._hub.history_readers:
                events = await room.history(message.before, message.limit)
        except (StoreDown, TimeoutError):
            self._nak("history", None, "unavailable", 2.0)
            return
        self._write(wire.history(message.before, [event.data for event in events]))
        await self._outlet.drain()

    async def _receive(self) -> wire.ClientMessage:
        """The next message. Raises `Bye` for what is none, `WebSocketDisconnect` at the end."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
        text = message.get("text")
        if text is None:
            raise Bye("bad_message", _UNSUPPORTED)
        try:
            return wire.decode(text)
        except wire.Malformed as error:
            raise Bye("bad_message", _INVALID) from error

    def _write(self, payload: bytes) -> None:
        self._outlet.write(wire.Frame.of(payload))

    def _nak(self, of: str, cid: str | None, code: str, retry_after: float | None = None) -> None:
        figures.NAKED.labels(code).inc()
        self._write(wire.nak(of, cid, code, retry_after))

    async def _say_bye(self, bye: Bye) -> None:
        figures.BYES.labels(bye.code).inc()
        self._write(wire.bye(bye.code, reconnect=bye.after_ms is not None, after_ms=bye.after_ms or 0))
        await self._outlet.aclose()
        try:
            async with asyncio.timeout(2):
                await self._websocket.close(bye.close)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            self._outlet.cut()  # it does not read, or is gone


def _welcome(room: LiveRoom, ticket: Ticket) -> bytes:
    return wire.encode(
        "welcome",
        epoch=room.room.epoch,
        last=room.room.last,
        you={"id": ticket.person, "name": ticket.name, "role": ticket.role},
        settings={"mode": "open", "body_max": wire.MAX_BODY, "rate": {"messages": RATE[0], "seconds": RATE[1]}},
        count=room.online,
        pinned=[],
    )
