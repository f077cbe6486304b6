"""Removes what nobody needs any more: files that were joined into another, segments of events long over.

Everything is done in rounds of bounded work, may be repeated, and may be cut off at any point: the next round finds
what is left. A recording is never removed here but as a part of a longer one that is in the store, or with its event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from prometheus_client import Counter, Gauge

from ingest.contract import Key
from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.disk import Disk
from webinar.base.errors import WebinarError
from webinar.base.storage import Storage
from webinar.deleted import DeletedEvents
from webinar.events.copied_files import CopiedFiles
from webinar.events.model import LiveSession
from webinar.events.service import EventService
from webinar.recordings.service import RecordingService

_log = log.get(__name__)

USED: Final = Gauge("webinar_store_bytes", "In the store, as counted once an hour", ["what"])
REMOVED: Final = Counter("webinar_store_removed_total", "Objects removed by the worker", ["why"])

_A_ROUND: Final = 20  # live sessions whose segments are removed at once
_LOOKED_AT: Final = 200  # of those with a recording; some may have another half of it still apart
_COUNT_EVERY_S: Final = 3600.0


class Housekeeper:
    """One a worker; of several, each finds less to do."""

    def __init__(
        self,
        storage: Storage,
        events: EventService,
        recordings: RecordingService,
        disk: Disk,
        replay_days: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._events = events
        self._recordings = recordings
        self._deleted = DeletedEvents(storage, events)
        self._copied = CopiedFiles(storage, events.many)
        self._begun: set[str] = set()  # marks of what was being copied at the last count
        self._disk = disk
        self._replay_days = replay_days
        self._clock = clock
        self._counted_at: float | None = None

    async def keep(self, every_s: float = 30.0) -> None:
        """Runs for the life of the worker."""
        while True:
            await self.tidy()
            await asyncio.sleep(every_s)

    async def tidy(self) -> None:
        """One round. What cannot be done now is left to the next one."""
        for step in (self._make_room, self._expire, self._count):
            try:
                await step()
            except (WebinarError, OSError, *AWAY) as error:
                why = str(error) or type(error).__name__
                _log.warning("tidying up waits", step=step.__name__.strip("_"), error=why)

    async def joined(self, event_id: str) -> None:
        """The event's recording may hold the files of earlier sessions: then these go at once."""
        try:
            REMOVED.labels("joined").inc(await self._recordings.settle(event_id))
        except (WebinarError, *AWAY) as error:
            _log.warning("joined halves are removed later", event_id=event_id, error=str(error) or type(error).__name__)

    async def deleted(self, event_id: str) -> None:
        """Something came for an event that is perhaps deleted: then it goes at once."""
        try:
            REMOVED.labels("deleted").inc(await self._deleted.clear(event_id))
        except (WebinarError, *AWAY) as error:
            why = str(error) or type(error).__name__
            _log.warning("files of a deleted event are removed later", event_id=event_id, error=why)

    async def _make_room(self) -> None:
        """Where the disk is low, replays go for recordings: oldest first, of events whose recording is safe."""
        if not self._storage.here:
            return
        await self._disk.look()
        if not self._disk.low:
            return
        looked_at = await self._events.with_segments(older_than=timedelta(0), most=_LOOKED_AT, recorded=True)
        for session in looked_at:
            if await self._recordings.safe(session.event_id):
                await self._remove(session, "disk_low")
                if await self._disk.look() >= 2 * self._disk.reserve:
                    return

    async def _expire(self) -> None:
        if self._replay_days is not None:
            age = timedelta(days=self._replay_days)
            for session in await self._events.with_segments(older_than=age, most=_A_ROUND):
                await self._remove(session, "expired")

    async def _remove(self, session: LiveSession, why: str) -> None:
        """Segments and index of a live session of an event that is over. What leads to them goes first."""
        await self._storage.delete(Key.pointer(str(session.event_id), session.id))
        removed = await self._storage.remove_all(f"live/{session.hls_prefix}")
        await self._events.segments_removed(session.id)
        REMOVED.labels(why).inc(removed)
        _log.info("segments removed", event_id=str(session.event_id), session=session.id, objects=removed, why=why)

    async def _count(self) -> None:
        """What is used; halves, files of deleted events and of such that were never made, whose removal was missed."""
        now = self._clock()
        if self._counted_at is not None and now - self._counted_at < _COUNT_EVERY_S:
            return
        sizes = await self._storage.sizes("recordings")
        USED.labels("recordings").set(sum(sizes.values()))
        USED.labels("segments").set(await self._storage.total("live"))
        for event_id in _with_several(list(sizes)):
            await self.joined(event_id)
        for event_id in await self._deleted.left(sizes):
            await self.deleted(event_id)
        await self._not_made()
        self._counted_at = now

    async def _not_made(self) -> None:
        """Files that were copied for events which were never made: nobody copies for an hour."""
        begun = await self._copied.begun()
        for mark in [mark for mark in begun if mark in self._begun][:_A_ROUND]:
            REMOVED.labels("not_made").inc(await self._copied.clear(mark))
        self._begun = set(begun)


def _with_several(keys: list[str]) -> list[str]:
    """Events that have recordings of more than one session, by the keys of all recordings."""
    sessions: dict[str, set[str]] = {}
    for key in keys:
        parts = key.split("/")
        if len(parts) == 3:  # what somebody else put there is left alone
            sessions.setdefault(parts[1], set()).add(parts[2].partition(".")[0])
    return sorted(event_id for event_id, names in sessions.items() if len(names) > 1)
