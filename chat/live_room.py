"""A room at work: commits what is sent, gives every member what is new, follows what other processes commit.

The rules are `chat.room`; here are the loop, the bus and the store. Wake-ups of the bus may be lost: the hub asks the
log itself every few seconds (`heard_of`).
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from typing import Final

from nats.aio.subscription import Subscription

from chat import figures, wire
from chat.committer import Committer
from chat.limits import Window
from chat.outs import Outs
from chat.room import Batch, Event, Member, Room
from chat.socket import Outlet
from chat.store import Draft, Opened, Store, StoreDown
from webinar.base import log
from webinar.base.bus import Bus

FLUSH_S: Final = 0.04  # a busy room is written to at most this often; a quiet one at once
COUNT_S: Final = 3.0
_OTHERS_S: Final = 10.0  # a process that has not said how many it has for so long has none
_YIELD_EVERY: Final = 200  # sockets
RATE: Final = (3, 2.0)  # messages, in so many seconds, a person

_log = log.get(__name__)


class LiveRoom:
    """One event's room in one process. Used once: after `run` has ended a new one is made."""

    def __init__(self, event_id: uuid.UUID, opened: Opened, store: Store, bus: Bus, process: str) -> None:
        loop = asyncio.get_running_loop()
        self.event_id = event_id
        self.room: Room[Outlet] = Room(opened.epoch, opened.last, opened.events)
        self.committer = Committer(event_id, store, self._committed)
        self.rate = Window(*RATE)
        self.outs = Outs()
        self.ended: asyncio.Future[str] = loop.create_future()  # the code its members are sent away with
        self.last_used = loop.time()
        self._store, self._bus, self._process = store, bus, process
        self._news = asyncio.Event()
        self._gap = asyncio.Event()
        self._flushed_at = float("-inf")
        self._others: dict[str, tuple[int, float]] = {}  # process → (online, when it said so)
        self._told = -1  # the count members know

    async def run(self) -> None:
        """Until cancelled, or until it fails; what fails is logged by the hub, and members come back to a new room."""
        subscriptions: list[Subscription] = []
        try:
            subscriptions.append(await self._bus.subscribe(self._subject("log"), self._on_wake))
            subscriptions.append(await self._bus.subscribe(self._subject("here"), self._on_here))
            subscriptions.append(await self._bus.subscribe(f"event.{self.event_id}.out", self._on_out))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.committer.run(), name=f"chat commit {self.event_id}")
                tasks.create_task(self._flush_news(), name=f"chat flush {self.event_id}")
                tasks.create_task(self._fill_gaps(), name=f"chat follow {self.event_id}")
                tasks.create_task(self._tell_count(), name=f"chat count {self.event_id}")
        finally:
            self.end("restart")
            for subscription in subscriptions:
                await self._bus.unsubscribe(subscription)

    def end(self, code: str) -> None:
        """Sends its members away; the first code stands."""
        if not self.ended.done():
            self.ended.set_result(code)

    def _subject(self, kind: str) -> str:
        return f"chat.{self.event_id}.{kind}"

    # Members

    def join(
        self, person: str, outlet: Outlet, since: int | None, epoch: str | None
    ) -> tuple[Member[Outlet], wire.Frame | None]:
        """A member that still has to `catch_up`, and the `reset` to write first, if it needs one."""
        member, recovery = self.room.join(person, outlet, since, epoch)
        figures.SOCKETS.inc()
        self.last_used = asyncio.get_running_loop().time()
        return member, wire.Frame.of(wire.encode("reset")) if recovery == "reset" else None

    def leave(self, member: Member[Outlet]) -> None:
        self.room.leave(member)
        if self.room.tabs(member.person) == 0:
            self.outs.left(member.person)
        figures.SOCKETS.dec()
        self.last_used = asyncio.get_running_loop().time()

    async def catch_up(self, member: Member[Outlet]) -> None:
        """Writes page after page, as fast as the client reads, until the member is live."""
        while True:
            if self.room.lost(member):
                self.room.restart(member)
                member.outlet.write(wire.Frame.of(wire.encode("reset")))
            page = self.room.page(member)
            if page is None:
                return
            if not member.outlet.write(wire.Frame.of(page)):
                return
            await member.outlet.drain()

    @property
    def online(self) -> int:
        """People in the room, over all processes; one in two processes counts twice."""
        now = asyncio.get_running_loop().time()
        return self.room.online + sum(count for count, at in self._others.values() if now - at < _OTHERS_S)

    # Messages

    async def send(self, draft: Draft) -> int:
        """The seq of a stored message. Raises `committer.Refusal`."""
        seq = await self.committer.submit(draft)
        figures.ACKED.inc()
        return seq

    async def settle(self) -> None:
        """Returns when what was sent is stored and shown."""
        await self.committer.settle()
        await asyncio.sleep(2 * FLUSH_S)

    async def history(self, before: int, limit: int) -> Sequence[Event]:
        """Events below `before`, out of memory when they are there. Raises `StoreDown`."""
        if before > self.room.last + 1:
            before = self.room.last + 1
        if before - limit >= self.room.oldest or self.room.oldest == 1:
            return list(self.room.slice(max(0, before - limit - 1), before - 1))
        return await self._store.before(self.event_id, before, limit)

    async def _committed(self, events: Sequence[Event], last: int) -> None:
        self._take(events, last)
        if events:
            await self._bus.publish_json(self._subject("log"), {"last": last})

    def _take(self, events: Sequence[Event], last: int) -> None:
        if self.room.offer(events):
            self._news.set()
        self.heard_of(last)

    def heard_of(self, last: int) -> None:
        """The log reaches `last`; what is missing here is read."""
        if self.room.heard_of(last):
            self._gap.set()

    async def _on_wake(self, payload: bytes) -> None:
        self.heard_of(int(json.loads(payload)["last"]))

    async def _on_out(self, payload: bytes) -> None:
        said = json.loads(payload)
        self.outs.send_out(str(said["person"]), float(said["at"]))

    async def _on_here(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said["process"] != self._process:
            self._others[str(said["process"])] = (int(said["online"]), asyncio.get_running_loop().time())

    # What runs

    async def _flush_news(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._news.wait()
            await asyncio.sleep(max(0.0, self._flushed_at + FLUSH_S - loop.time()))
            self._news.clear()
            self._flushed_at = loop.time()
            batch = self.room.batch()
            if batch is None:
                continue
            await self._fan_out(batch)
            if self.room.unflushed:
                # Page by page at the same pace: a long backlog at once would look like a client that does not read.
                self._news.set()

    async def _fan_out(self, batch: Batch) -> None:
        frame = wire.Frame.of(batch.payload)
        members = self.room.members
        for number, member in enumerate(members, start=1):
            payload = self.room.deliver(member, batch)
            if payload is not None:
                member.outlet.write(frame if payload is batch.payload else wire.Frame.of(payload))
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        figures.FRAMES.inc(len(members))

    async def _fill_gaps(self) -> None:
        while True:
            await self._gap.wait()
            self._gap.clear()
            while self.room.behind:
                try:
                    events = await self._store.since(self.event_id, self.room.last)
                except StoreDown as error:
                    _log.warning("the log cannot be read", event_id=str(self.event_id), error=str(error))
                    await asyncio.sleep(1)
                    continue
                if not events:
                    # Told of a number that is not there: of a log that was restored, which the hub finds out.
                    self.room.known_last = self.room.last
                    break
                self._take(events, events[-1].seq)

    async def _tell_count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_S)
            self.rate.forget_idle(asyncio.get_running_loop().time())
            here = json.dumps({"process": self._process, "online": self.room.online}).encode()
            await self._bus.publish(self._subject("here"), here)
            online = self.online
            if online == self._told:
                continue
            self._told = online
            frame = wire.Frame.of(wire.encode("count", online=online))
            for number, member in enumerate(self.room.members, start=1):
                if member.live:
                    member.outlet.write(frame)
                if number % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
