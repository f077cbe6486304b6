"""One socket's conversation: hello, then messages, until somebody ends it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from chat import figures, wire
from chat.handlers import answer
from chat.hub import Full, Hub
from chat.limits import TokenBucket
from chat.live_room import RATE, LiveRoom
from chat.room import MAX_TABS, Member
from chat.socket import Outlet
from chat.store import NoRoom, StoreDown
from chat.ticket import Expired, Invalid, Ticket
from chat.visit import Visit
from webinar.base.tokens import Tokens

HELLO_S: Final = 5.0
_CATCH_UP_S: Final = 30.0
_FRAMES: Final = (20.0, 120.0)  # a second, at once: a page that comes back sends its whole outbox again
_NEW_TICKET_MS: Final = 1000  # not at once: with clocks apart every ticket is expired, for ever

# Close codes (RFC 6455, section 7.4.1, and the IANA registry).
_UNSUPPORTED, _INVALID, _POLICY, _RESTART, _LATER = 1003, 1007, 1008, 1012, 1013


class Bye(Exception):
    """The conversation ends: `code` and when to come back (`after_ms`; None: not at all) go to the client."""

    def __init__(self, code: str, close: int, after_ms: int | None = None) -> None:
        super().__init__(code)
        self.code, self.close, self.after_ms = code, close, after_ms


class Connection:
    """From the accepted handshake to the close."""

    def __init__(self, websocket: WebSocket, outlet: Outlet, hub: Hub, tokens: Tokens) -> None:
        self._websocket, self._outlet, self._hub, self._tokens = websocket, outlet, hub, tokens
        now = asyncio.get_running_loop().time()
        self._frames = TokenBucket(*_FRAMES, now)

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
        ticket = self._read(hello.ticket)
        room = await self._room(ticket.event_id)
        _check(room, ticket)
        member, reset = room.join(ticket, self._outlet, hello.since, hello.epoch)
        talk = asyncio.create_task(self._talk(room, ticket, member, reset), name="chat conversation")
        try:
            out = room.outs.door(ticket.person)
            either: set[asyncio.Future[Any]] = {talk, room.ended, out}
            if self._outlet.broken is not None:
                either.add(self._outlet.broken)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if out.done():
                raise Bye(out.result(), _POLICY)
            if not talk.done() and room.ended.done():
                code = room.ended.result()
                raise Bye(code, _RESTART, None if code == "gone" else self._hub.spread_ms())
            if talk.done():
                await talk
        finally:
            await room.leave(member)
            if not talk.done():
                talk.cancel()
                await asyncio.wait({talk})

    def _read(self, ticket: str) -> Ticket:
        try:
            return Ticket.read(self._tokens, ticket)
        except Expired as error:
            raise Bye("ticket_expired", _POLICY, after_ms=_NEW_TICKET_MS) from error
        except Invalid as error:
            raise Bye("ticket_invalid", _POLICY) from error

    async def _room(self, event_id: uuid.UUID) -> LiveRoom:
        try:
            return await self._hub.room(event_id)
        except NoRoom as error:
            raise Bye("gone", _POLICY) from error
        except (StoreDown, Full) as error:
            raise Bye("unavailable", _LATER, after_ms=1000 + self._hub.spread_ms()) from error

    async def _talk(self, room: LiveRoom, ticket: Ticket, member: Member[Outlet], reset: bool) -> None:
        self._write(_welcome(room, ticket))
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                await room.catch_up(member, reset=reset)
        except TimeoutError:
            figures.SLOW.inc()
            self._outlet.cut()
            return
        visit = Visit.of(room, ticket, self._outlet, self._hub.readers)
        while True:
            message = await self._receive()
            wait = self._frames.take(asyncio.get_running_loop().time())
            if wait:
                raise Bye("flood", _POLICY, after_ms=5000 + self._hub.spread_ms())
            if isinstance(message, wire.Hello):
                raise Bye("bad_message", _POLICY)
            await answer(visit, message)

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

    async def _say_bye(self, bye: Bye) -> None:
        figures.BYES.labels(bye.code).inc()
        self._write(wire.bye(bye.code, reconnect=bye.after_ms is not None, after_ms=bye.after_ms or 0))
        await self._outlet.aclose()
        try:
            async with asyncio.timeout(2):
                await self._websocket.close(bye.close)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            self._outlet.cut()  # it does not read, or is gone


def _check(room: LiveRoom, ticket: Ticket) -> None:
    """Raises `Bye` for one who may not come in. Nothing is awaited between this and `join`."""
    if room.outs.refuses(ticket.person, ticket.issued_at):
        raise Bye("revoked", _POLICY)
    if ticket.names_shown not in (None, room.names_shown):
        # From before the setting was changed, or sooner here than the room: either way the next one will do.
        raise Bye("ticket_expired", _POLICY, after_ms=_NEW_TICKET_MS)
    if not ticket.staff and ticket.person in room.state.sanctions.banned:
        raise Bye("banned", _POLICY)
    if room.room.tabs(ticket.person) >= MAX_TABS:
        raise Bye("too_many_tabs", _POLICY)


def _welcome(room: LiveRoom, ticket: Ticket) -> bytes:
    return wire.encode(
        "welcome",
        epoch=room.room.epoch,
        last=room.room.last,
        you={"id": ticket.person, "name": ticket.name, "role": ticket.role},
        settings={
            **room.state.settings.public(),
            "body_max": wire.MAX_BODY,
            "rate": {"messages": RATE[0], "seconds": RATE[1]},
        },
        count=room.online,
        pinned=room.state.messages.pinned(ticket.staff),
    )
