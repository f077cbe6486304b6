"""A room at work: commits what is sent, gives every member what is new, follows what other processes commit.

The rules are `chat.room`; here are the loop, the bus and the store. Wake-ups of the bus may be lost: the hub asks the
log itself every few seconds (`heard_of`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Sequence
from typing import Final, TypeVar

from nats.aio.subscription import Subscription

from chat import figures, wire
from chat.committer import Committer
from chat.entry import Draft, Entry
from chat.feature import Feature
from chat.greeting import Greeting
from chat.limits import Pause, Window
from chat.outs import Outs
from chat.presence import Person, Presence
from chat.recall import Recall
from chat.room import Batch, Member, Room
from chat.socket import Outlet
from chat.store import Opened, Store, StoreDown
from chat.ticket import Ticket
from webinar.base import log
from webinar.base.bus import Bus

FLUSH_S: Final = 0.04  # a busy room is written to this often; a quiet one at once
_FLUSH_SHARE: Final = 1.0  # and a busy room whose members are few, sooner: after so many times what writing took
_FORGET_S: Final = 3.0
_READABLE_S: Final = 1.0
_YIELD_EVERY: Final = 200  # sockets
RATE: Final = (3, 2.0)  # messages, in so many seconds, a person

_log = log.get(__name__)


F = TypeVar("F")


class LiveRoom:
    """One event's room in one process. Used once: after `run` has ended a new one is made."""

    def __init__(self, event_id: uuid.UUID, opened: Opened, store: Store, bus: Bus, process: str) -> None:
        loop = asyncio.get_running_loop()
        self.event_id = event_id
        self.state = opened.state
        self.names_shown = opened.names_shown
        self.room: Room[Outlet] = Room(opened.epoch, opened.last, opened.entries, self.state)
        self.committer = Committer(event_id, store, self.committed)
        self.rate = Window(*RATE)
        self.outs = Outs()
        self.ended: asyncio.Future[str] = loop.create_future()  # the code its members are sent away with
        self.last_used = loop.time()
        self.slow = Pause()
        self.presence = Presence(event_id, bus, process, self.tell)
        self.greeting = Greeting(self.state, self.presence, lambda: self.features)
        self.recall = Recall(event_id, self.room, store)
        self._store, self._bus = store, bus
        self._news = asyncio.Event()
        self._gap = asyncio.Event()
        self._taken = asyncio.Event()  # the next entry became readable
        self.features: tuple[Feature, ...] = ()

    async def run(self) -> None:
        """Until cancelled, or until it fails; what fails is logged by the hub, and members come back to a new room."""
        subscriptions: list[Subscription] = []
        try:
            subscriptions.append(await self._bus.subscribe(self._subject("log"), self._on_wake))
            subscriptions.append(await self._bus.subscribe(f"event.{self.event_id}.out", self._on_out))
            async with self.presence.listening(), asyncio.TaskGroup() as tasks:
                tasks.create_task(self.committer.run(), name=f"chat commit {self.event_id}")
                tasks.create_task(self._flush_news(), name=f"chat flush {self.event_id}")
                tasks.create_task(self._fill_gaps(), name=f"chat follow {self.event_id}")
                tasks.create_task(self.presence.run(), name=f"chat presence {self.event_id}")
                tasks.create_task(self._forget_idle(), name=f"chat limits {self.event_id}")
                for feature in self.features:
                    tasks.create_task(feature.run(), name=f"chat {type(feature).__name__} {self.event_id}")
        finally:
            self.end("restart")
            for subscription in subscriptions:
                await self._bus.unsubscribe(subscription)

    def feature(self, kind: type[F]) -> F:
        """The one of that class."""
        return next(feature for feature in self.features if isinstance(feature, kind))

    def end(self, code: str) -> None:
        """Sends its members away; the first code stands."""
        if not self.ended.done():
            self.ended.set_result(code)

    def _subject(self, kind: str) -> str:
        return f"chat.{self.event_id}.{kind}"

    # Members

    def join(self, ticket: Ticket, outlet: Outlet, since: int | None, epoch: str | None) -> tuple[Member[Outlet], bool]:
        """A member that still has to `catch_up`, and whether it has to be told `reset`."""
        member, recovery = self.room.join(ticket.person, outlet, since, epoch, staff=ticket.staff)
        self.presence.roster.enter(Person(ticket.person, ticket.name, ticket.role))
        figures.SOCKETS.inc()
        self.last_used = asyncio.get_running_loop().time()
        return member, recovery == "reset"

    async def leave(self, member: Member[Outlet]) -> None:
        self.room.leave(member)
        figures.SOCKETS.dec()
        self.last_used = asyncio.get_running_loop().time()
        if self.room.tabs(member.person) == 0:
            self.outs.left(member.person)
            self.presence.roster.leave(member.person)
            await self.presence.release(member.person)

    async def catch_up(self, member: Member[Outlet], *, reset: bool = False) -> None:
        """Writes the state and then page after page, as fast as the client reads, until the member is live."""
        told = await self.greeting.write(member, reset=reset)
        while True:
            if self.room.lost(member):
                self.room.restart(member)
                told = await self.greeting.write(member, reset=True)
            page = self.room.page(member)
            if page is None:
                self.greeting.write_news(member, told)
                return
            if not member.outlet.write(page):
                return
            await member.outlet.drain()

    def tell_you(self, person: str) -> None:
        """`you` again, to every socket of this person here."""
        frame = None
        for member in self.room.members:
            if member.person == person and member.live:
                frame = frame or self.greeting.you_frame(person)
                member.outlet.write(frame)

    async def tell(self, frame: wire.Frame, *, staff: bool | None = None) -> None:
        """A frame that is no event, to everyone who is live here, or to one audience. Lets the loop breathe."""
        for number, member in enumerate(self.room.members, start=1):
            if member.live and staff in (None, member.staff):
                member.outlet.write(frame)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    @property
    def online(self) -> int:
        """People in the room, over all processes."""
        return self.presence.online

    def is_staff(self, person: str) -> bool:
        """A moderator, host or presenter who is here, or has been heard of in this room."""
        return self.state.messages.is_staff(person) or person in self.presence.roster.staff

    async def name_of(self, person: str) -> str:
        """Their name if they are here, else the last one they wrote under, else nothing. Raises `StoreDown`."""
        here = self.presence.roster.find(person)
        return here.name if here is not None else await self._store.name_of(self.event_id, person)

    # Messages

    async def submit(self, draft: Draft) -> Entry:
        """The draft as it was stored (first). Raises `gathering.Refusal`."""
        entry = await self.committer.submit(draft)
        await self._until_readable(entry.seq)
        figures.ACKED.inc()
        return entry

    async def _until_readable(self, seq: int) -> None:
        """Numbers below it may be of another process and still on their way: what a person has done is part of the
        state when they hear of it, so that they can go on from there.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READABLE_S):
                while self.room.last < seq:
                    await self._taken.wait()

    async def follow(self, seq: int) -> None:
        """Waits a moment for what another process committed up to `seq`, if it is there. Raises `StoreDown`."""
        if seq > self.room.last:
            head = (await self._store.heads([self.event_id])).get(self.event_id)
            if head is not None and seq <= head.last:
                self.heard_of(head.last)
                await self._until_readable(seq)

    async def settle(self) -> None:
        """Returns when what was sent is stored and shown."""
        for feature in self.features:
            await feature.settle()
        await self.committer.settle()
        await asyncio.sleep(2 * FLUSH_S)

    async def committed(self, entries: Sequence[Entry], last: int) -> None:
        """New entries that this process has written; the log reaches `last`."""
        self._take(entries, last)
        if entries:
            await self._bus.publish_json(self._subject("log"), {"last": last})

    def _take(self, entries: Sequence[Entry], last: int) -> None:
        taken = self.room.offer(entries)
        if taken:
            self._news.set()
            self._taken.set()
            self._taken = asyncio.Event()
        for entry in taken:
            self._took(entry)
        self.heard_of(last)

    def _took(self, entry: Entry) -> None:
        """What else an entry does to those who are here."""
        match entry.type:
            case "message":
                self.slow.note(entry.person, asyncio.get_running_loop().time())  # perhaps in another process
            case "mute" | "unmute":
                self.tell_you(str(entry.content["person"]))
            case "ban":
                self.outs.close(str(entry.content["person"]), "banned")
        for feature in self.features:
            feature.took(entry)

    def heard_of(self, last: int) -> None:
        """The log reaches `last`; what is missing here is read."""
        if self.room.heard_of(last):
            self._gap.set()

    async def set_ended(self, ended: bool) -> None:
        """Whether the event is over; everyone is told when that changes."""
        if self.state.set_ended(ended):
            for staff in (False, True):
                await self.tell(self.greeting.state(staff), staff=staff)

    async def _on_wake(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said.get("epoch", self.room.epoch) != self.room.epoch:
            self.end("restart")  # what stood in the log was rewritten: everyone starts over
        self.heard_of(int(said["last"]))

    async def _on_out(self, payload: bytes) -> None:
        said = json.loads(payload)
        self.outs.send_out(str(said["person"]), float(said["at"]))

    # What runs

    async def _flush_news(self) -> None:
        loop = asyncio.get_running_loop()
        next_at = float("-inf")
        while True:
            await self._news.wait()
            await asyncio.sleep(max(0.0, next_at - loop.time()))
            self._news.clear()
            started = loop.time()
            batch = self.room.batch()
            if batch is None:
                continue
            await self._fan_out(batch)
            next_at = min(started + FLUSH_S, loop.time() + _FLUSH_SHARE * (loop.time() - started))
            if self.room.unflushed:
                # Page by page at the same pace: a long backlog at once would look like a client that does not read.
                self._news.set()

    async def _fan_out(self, batch: Batch) -> None:
        members = self.room.members
        for number, member in enumerate(members, start=1):
            frame = self.room.deliver(member, batch)
            if frame is not None:
                member.outlet.write(frame)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        figures.FRAMES.inc(len(members))

    async def _fill_gaps(self) -> None:
        while True:
            await self._gap.wait()
            self._gap.clear()
            while self.room.behind:
                try:
                    entries = await self._store.since(self.event_id, self.room.last)
                except StoreDown as error:
                    _log.warning("the log cannot be read", event_id=str(self.event_id), error=str(error))
                    await asyncio.sleep(1)
                    continue
                if not entries:
                    # Told of a number that is not there: of a log that was restored, which the hub finds out.
                    self.room.known_last = self.room.last
                    break
                self._take(entries, entries[-1].seq)

    async def _forget_idle(self) -> None:
        while True:
            await asyncio.sleep(_FORGET_S)
            now = asyncio.get_running_loop().time()
            self.rate.forget_idle(now)
            self.slow.forget_idle(now)
