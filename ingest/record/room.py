"""How long the disk lasts for recordings, and what gives way to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge

from webinar.base import log
from webinar.base.disk import Disk
from webinar.base.errors import Unavailable
from webinar.base.storage import Storage

_log = log.get(__name__)

SECONDS: Final = Gauge("webinar_recording_room_seconds", "For which the disk has room for what is being recorded")
GIVEN_WAY: Final = Counter("webinar_segments_given_way_total", "Segments not stored because the disk was low")

_SEGMENT: Final = ".m4s"


class Room:
    """One a process. Below the disk's reserve nothing is stored on it for rewinding and replay: the live picture
    needs no disk, and recordings take what is left.

    `recording_rate` and `segment_rate` are of one live session, bytes a second; `live` says how many there are.
    """

    def __init__(
        self, disk: Disk, storage: Storage, recording_rate: float, segment_rate: float, live: Callable[[], int]
    ) -> None:
        self._disk = disk
        self._storage = storage
        self._recording_rate = recording_rate
        self._segment_rate = segment_rate if storage.here else 0.0
        self._live = live
        self._was_low = False

    async def watch(self, every_s: float = 2.0) -> None:
        """Runs for the life of the process."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Once."""
        try:
            await self._disk.look()
        except OSError as error:
            _log.warning("the disk cannot be looked at", error=str(error))
        SECONDS.set(self.seconds())
        if self._disk.low != self._was_low:
            self._was_low = self._disk.low
            say = _log.error if self._was_low else _log.info
            say("disk is low" if self._was_low else "disk is not low any more", free=self._disk.free)

    def seconds(self) -> float:
        """For which there is room, if recording goes on at its full rate, or as if one event were live."""
        sessions = max(1, self._live())
        above = max(0, self._disk.free - self._disk.reserve)
        reserved = min(self._disk.free, self._disk.reserve)
        both = self._recording_rate + self._segment_rate
        return (above / both + reserved / self._recording_rate) / sessions

    async def put_object(self, key: str, data: bytes) -> None:
        """Into the store. Raises `Unavailable`, for a segment also when it would take the recordings' room."""
        if self._disk.low and self._storage.here and key.endswith(_SEGMENT):
            GIVEN_WAY.inc()
            raise Unavailable("The disk is low: what is left is kept for the recording.")
        await self._storage.put_bytes(key, data)
