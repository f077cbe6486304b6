"""The door of an event until its end: locked, newcomers wait before it; who is inside stays, and comes back in."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY, Pool
from webinar.base.errors import Conflict, Forbidden, NotFound
from webinar.registration.doorway_store import DoorwayStore
from webinar.registration.model import Knocking

_log = log.get(__name__)
# The page of who waits looks again every 5 s: who has not for so long is gone.
_KNOCKS_FOR: Final = timedelta(seconds=20)
_MOST_SHOWN: Final = 500
# For so long an open door is believed without asking PostgreSQL again, unless the bus says that it changed.
_BELIEVED_S: Final = 5.0
_PATIENCE_S: Final = 2.0
_MOST_EVENTS: Final = 1_000
_NOTE_EVERY_S: Final = 1.0
_MOST_INSIDE: Final = 20_000  # remembered here; what is written already may go first


@dataclass(frozen=True, slots=True)
class State:
    """Whether the door is locked, and who waits before it."""

    locked: bool
    knocking: tuple[Knocking, ...]


class Doorway:
    """One a web process. While PostgreSQL is away the door is open: nobody is kept out by that."""

    def __init__(self, pool: Pool, bus: Bus) -> None:
        self._store = DoorwayStore(pool)
        self._bus = bus
        self._open: OrderedDict[uuid.UUID, float] = OrderedDict()  # until when (monotonic) it is believed open
        self._inside: OrderedDict[uuid.UUID, datetime] = OrderedDict()  # whom this process gave the event, since when
        self._unwritten: dict[uuid.UUID, datetime] = {}

    async def listen(self) -> None:
        await self._bus.subscribe("event.*.changed", self._changed)

    async def _changed(self, payload: bytes) -> None:
        text = str(json.loads(payload).get("event_id", ""))
        for event_id in [known for known in self._open if str(known) == text]:
            del self._open[event_id]

    async def lock(self, event_id: uuid.UUID, locked: bool) -> None:
        """Raises `NotFound`, and `Conflict` once the event is over."""
        if not await self._store.lock(event_id, locked):
            if await self._store.exists(event_id):
                raise Conflict("The event is over: its doors are gone.", code="event_ended")
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        self._open.pop(event_id, None)
        await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})
        _log.info("door locked" if locked else "door opened", event_id=str(event_id))

    async def state(self, event_id: uuid.UUID) -> State:
        locked = await self._store.locked_at(event_id) is not None
        knocking = await self._store.knocking(event_id, _KNOCKS_FOR, _MOST_SHOWN) if locked else []
        return State(locked, tuple(knocking))

    async def enter(self, event_id: uuid.UUID, attendee: uuid.UUID) -> bool:
        """Whether this person may come in now; who may not has knocked."""
        if await self._passes(event_id, attendee):
            return True
        await self._store.knock(attendee)
        return False

    async def check(self, event_id: uuid.UUID, attendee: uuid.UUID) -> None:
        """Raises `Forbidden` code `locked` for a person who is not inside."""
        if not await self._passes(event_id, attendee):
            raise Forbidden("The doors are closed. Wait at your link: the host lets you in.", code="locked")

    def entered(self, attendee: uuid.UUID) -> None:
        """This person was given the live event to play: from now on they are inside. Written a second later."""
        if attendee in self._inside:
            return
        self._inside[attendee] = self._unwritten[attendee] = datetime.now(UTC)
        if len(self._inside) > _MOST_INSIDE:
            gone, _ = self._inside.popitem(last=False)
            self._unwritten.pop(gone, None)

    async def note(self) -> None:
        """Writes who entered, all at once. Raises what a query raises while PostgreSQL is away: then it is kept."""
        if not self._unwritten:
            return
        entered = dict(self._unwritten)
        await self._store.enter(entered)
        for attendee in entered:
            self._unwritten.pop(attendee, None)

    async def keep_noting(self) -> None:
        """Runs for the life of a process that gives events to play."""
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            try:
                await self.note()
            except AWAY as error:
                _log.warning("who entered is written later, the database is away", error=type(error).__name__)

    async def _passes(self, event_id: uuid.UUID, attendee: uuid.UUID) -> bool:
        if self._open.get(event_id, 0.0) > time.monotonic():
            return True
        try:
            async with asyncio.timeout(_PATIENCE_S):
                locked_at = await self._store.locked_at(event_id)
                if locked_at is not None:
                    since = self._inside.get(attendee)
                    return (since is not None and since <= locked_at) or await self._store.passes(attendee)
        except AWAY:
            pass
        self._open[event_id] = time.monotonic() + _BELIEVED_S
        if len(self._open) > _MOST_EVENTS:
            self._open.popitem(last=False)
        return True

    async def let_in(self, event_id: uuid.UUID, attendee: uuid.UUID | None = None) -> int:
        """One person, or all who wait; how many. The door stays locked."""
        return await self._store.let_in(event_id, attendee, _KNOCKS_FOR)
