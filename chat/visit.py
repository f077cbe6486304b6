"""One socket that has said hello, as those who answer its messages see it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from chat import figures, wire
from chat.entry import Draft, Entry
from chat.gathering import Refusal
from chat.limits import TokenBucket
from chat.live_room import LiveRoom
from chat.socket import Outlet
from chat.store import StoreDown
from chat.ticket import Ticket

_READS: Final = (2.0, 6.0)  # of history and people, a second, at once


@dataclass(slots=True, eq=False)
class Visit:
    room: LiveRoom
    ticket: Ticket
    outlet: Outlet
    readers: asyncio.Semaphore  # of the log: those who only read leave connections for those who send
    reads: TokenBucket

    @classmethod
    def of(cls, room: LiveRoom, ticket: Ticket, outlet: Outlet, readers: asyncio.Semaphore) -> Visit:
        return cls(room, ticket, outlet, readers, TokenBucket(*_READS, asyncio.get_running_loop().time()))

    def draft(self, type_: str, cid: str, **content: Any) -> Draft:
        """An event by this person."""
        return Draft(type_, cid, self.ticket.person, {"name": self.ticket.name, "role": self.ticket.role, **content})

    async def submit(self, of: str, draft: Draft) -> Entry | None:
        """Stores the draft and answers with `ack` or `nak` (of that type of message); None when it was refused."""
        try:
            entry = await self.room.submit(draft)
        except Refusal as refusal:
            self.nak(of, draft.cid, refusal.code, refusal.retry_after)
            return None
        self._ack(draft.cid, entry)
        return entry

    async def refuse(
        self, of: str, cid: str, code: str, retry_after: float | None = None, *, person: str | None = None
    ) -> None:
        """`nak`, unless it was stored before: what the room takes now does not change what was promised then. `person`
        is who it is stored by, if not by this one.
        """
        wait = self.reads.take(asyncio.get_running_loop().time())
        if wait:
            # Each costs a look into the log; whoever repeats is told then.
            self.nak(of, cid, "rate", wait)
        elif not await self.repeated(of, cid, person=person):
            self.nak(of, cid, code, retry_after)

    async def repeated(self, of: str, cid: str, *, person: str | None = None) -> bool:
        """Whether this was stored before under that `cid`, and so is answered already; also when nobody can tell now,
        which is a `nak` after which it is repeated.
        """
        try:
            async with asyncio.timeout(5), self.readers:
                entry = await self.room.recall.said(person or self.ticket.person, cid)
        except (StoreDown, TimeoutError):
            self.nak(of, cid, "unavailable", 2.0)
            return True
        if entry is not None:
            self._ack(cid, entry)
        return entry is not None

    def _ack(self, cid: str, entry: Entry) -> None:
        """Of a repeat `held` is as it is now: perhaps it was approved meanwhile."""
        self.write(wire.ack(cid, entry.seq, held=self.room.state.messages.hidden(entry)))

    def write(self, payload: bytes) -> None:
        self.outlet.write(wire.Frame.of(payload))

    def nak(self, of: str, cid: str | None, code: str, retry_after: float | None = None) -> None:
        figures.NAKED.labels(code).inc()
        self.write(wire.nak(of, cid, code, retry_after))
