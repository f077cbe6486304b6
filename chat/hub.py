"""The rooms of this process: opened by the first who comes, closed when nobody has been there for a while."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from typing import Final

from chat import figures
from chat.applause import Applause
from chat.ballot_box import BallotBox
from chat.ballots import Ballots
from chat.floor import Floor
from chat.limits import TokenBucket
from chat.live_room import LiveRoom
from chat.store import NoRoom, Store, StoreDown, Unstorable
from webinar.base import log
from webinar.base.bus import Bus

POLL_S: Final = 2.0  # how long a lost wake-up can stay unnoticed
LINGER_S: Final = 60.0
_MAX_ROOMS: Final = 500
_MAX_SOCKETS: Final = 20_000
_HANDSHAKES: Final = (400.0, 400.0)  # a second, at once: about what one core opens without holding up the rooms
_MOST_CLOSED: Final = 5  # events at a look whose polls are closed: their rooms stay a while
_DRAIN_S: Final = 3.0
_GOODBYE_S: Final = 1.5

_log = log.get(__name__)


class Full(Exception):
    """This process holds as many rooms as it may."""


class Hub:
    """`run` keeps the rooms; `close` ends them in order."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store, self._ballots, self._bus = store, Ballots(store), bus
        self._process = uuid.uuid4().hex
        self._rooms: dict[uuid.UUID, LiveRoom] = {}
        self._runs: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._openings: dict[uuid.UUID, asyncio.Task[LiveRoom]] = {}
        self.handshakes = TokenBucket(*_HANDSHAKES, asyncio.get_running_loop().time())
        self.sockets = 0
        self._left = asyncio.Event()  # nobody is here
        self._left.set()
        self.readers = asyncio.Semaphore(4)  # of the pool's connections, so that sends always get one
        self.draining = False

    def admit(self) -> float:
        """0.0 when one more handshake may pass, else the seconds to come back after."""
        if self.draining or self.sockets >= _MAX_SOCKETS:
            return 2.0
        return self.handshakes.take(asyncio.get_running_loop().time())

    def enter(self) -> None:
        """A socket more."""
        self.sockets += 1
        self._left.clear()

    def leave(self) -> None:
        """A socket less, its goodbye said."""
        self.sockets -= 1
        if self.sockets == 0:
            self._left.set()

    async def room(self, event_id: uuid.UUID) -> LiveRoom:
        """The room of an event; all who ask at once wait for one opening. Raises `NoRoom`, `StoreDown`, `Full`."""
        room = self._rooms.get(event_id)
        if room is not None and not room.ended.done():
            return room
        opening = self._openings.get(event_id)
        if opening is None:
            opening = asyncio.create_task(self._open(event_id), name=f"chat open {event_id}")
            self._openings[event_id] = opening
            opening.add_done_callback(lambda task: self._opened(event_id, task))
        # One who leaves meanwhile must not take the opening from the others.
        await asyncio.wait({opening})
        if opening.cancelled():
            raise Full  # this process ends: nobody who waits was cancelled by that
        return opening.result()

    def _opened(self, event_id: uuid.UUID, task: asyncio.Task[LiveRoom]) -> None:
        del self._openings[event_id]
        if not task.cancelled():
            task.exception()  # seen by whoever waits; by nobody when all of them have left

    async def _open(self, event_id: uuid.UUID) -> LiveRoom:
        if self.draining or len(self._rooms) >= _MAX_ROOMS:
            raise Full
        await self._forget(event_id)
        room = LiveRoom(event_id, await self._store.open(event_id), self._store, self._bus, self._process)
        room.features = (
            Floor(room, self._bus),
            BallotBox(room, self._ballots, self._bus, await self._ballots.since(event_id, 0)),
            Applause(room, self._ballots, self._bus, self._process),
        )
        self._rooms[event_id] = room
        self._runs[event_id] = asyncio.create_task(self._run_room(room), name=f"chat room {event_id}")
        figures.ROOMS.set(len(self._rooms))
        return room

    async def _run_room(self, room: LiveRoom) -> None:
        try:
            await room.run()
        except Exception:  # noqa: BLE001 - one room's fault: its members come back to a new one, the others go on
            _log.exception("a room failed", event_id=str(room.event_id))

    async def _forget(self, event_id: uuid.UUID) -> None:
        self._rooms.pop(event_id, None)
        run = self._runs.pop(event_id, None)
        figures.ROOMS.set(len(self._rooms))
        if run is not None:
            run.cancel()
            await asyncio.wait({run})

    async def run(self) -> None:
        """Looks after the rooms until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await self.close_idle(asyncio.get_running_loop().time())
            await self.look_at_logs()
            await self.close_polls()

    async def close_idle(self, now: float) -> None:
        """Forgets rooms that have ended, and those nobody has been in for a while (`now`: seconds of the loop)."""
        for event_id, room in list(self._rooms.items()):
            empty = not room.room.members and room.committer.idle
            if room.ended.done() or (empty and now - room.last_used > LINGER_S):
                await self._forget(event_id)

    async def look_at_logs(self) -> None:
        """Reads where every log stands, in one query: what a lost wake-up would have told."""
        # Those where nobody is, too: what a room does not know yet may be why nobody can come in.
        rooms = dict(self._rooms)
        if not rooms:
            return
        # Of before the question: while it is answered more may be committed here.
        known = {event_id: (room.room.last, room.feature(BallotBox).version) for event_id, room in rooms.items()}
        try:
            heads = await self._store.heads(rooms)
            versions = await self._ballots.versions(rooms)
        except StoreDown as error:
            _log.warning("the logs cannot be looked at", error=str(error))
            return
        for event_id, room in rooms.items():
            if event_id not in heads:
                room.end("gone")
                continue
            head, version = heads[event_id], versions.get(event_id, 0)
            last, voted = known[event_id]
            if head.epoch != room.room.epoch or head.last < last or version < voted:
                # The database was restored to an earlier state: everyone starts over.
                room.end("restart")
            elif head.names_shown != room.names_shown:
                room.end("restart")  # everybody comes back under the name that is shown from now on
            else:
                room.heard_of(head.last)
                room.feature(BallotBox).heard_of(version)
                await room.set_ended(head.ended)

    async def close_polls(self) -> None:
        """Polls that stand open when their event is over are closed, of rooms where nobody is, too."""
        states = {event_id: room.state for event_id, room in self._rooms.items()}
        stand = [event_id for event_id, state in states.items() if state.settings.ended and state.polls.open]
        try:
            left = await self._ballots.left_open(_MOST_CLOSED)
        except StoreDown as error:
            _log.warning("polls that were left open cannot be looked for", error=str(error))
            return
        for event_id in {*stand, *left}:
            try:
                closed = await (await self.room(event_id)).feature(BallotBox).close_left()
            except (StoreDown, Unstorable, NoRoom, Full) as error:  # the next look finds it again
                reason = str(error) or type(error).__name__
                _log.warning("polls stay open after the end", event_id=str(event_id), error=reason)
                continue
            if closed:
                _log.info("polls closed with their event", event_id=str(event_id), polls=closed)

    async def close(self) -> None:
        """Planned end: takes nobody in, lets what was sent be stored and shown, sends everyone away."""
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await asyncio.gather(*(room.settle() for room in self._rooms.values()))
        for room in self._rooms.values():
            room.end("restart")
        for event_id in list(self._rooms):
            await self._forget(event_id)
        for opening in list(self._openings.values()):
            opening.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._left.wait()

    def spread_ms(self) -> int:
        """When a client that is sent away shall come back: all of them over a time that grows with their number."""
        return 300 + int(random.random() * max(1000, 3 * self.sockets))  # noqa: S311 - spreads load, guards nothing
