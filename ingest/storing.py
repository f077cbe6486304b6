"""The segments of a live session on their way into the store, and their index.

The queue is bounded: a store that is too slow or away costs segments of the replay, which the index then names as
holes; the live picture waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Counter

from ingest.contract import InitSegment, Key, Part
from ingest.package.index import Index
from webinar.base import log
from webinar.base.errors import WebinarError

_log = log.get(__name__)

UNSTORED: Final = Counter("webinar_ingest_unstored_total", "Segments that did not reach the store")

_WAITING: Final = 64  # segments: half a minute of four renditions

PutObject = Callable[[str, bytes], Awaitable[None]]  # key, bytes; raises WebinarError


@dataclass(frozen=True, slots=True)
class _Segment:
    """A whole segment; without data when too much was waiting already."""

    key: str
    rendition: str
    duration: int
    data: bytes


@dataclass(slots=True)
class _Open:
    """The segment of a rendition that is not whole yet."""

    payloads: list[bytes] = field(default_factory=list)
    duration: int = 0


class Storing:
    """All methods belong to the event loop; `run` is run as a task."""

    def __init__(self, prefix: str, put_object: PutObject) -> None:
        self._prefix = prefix
        self._put_object = put_object
        self._index = Index(prefix)
        # Bounded by `_put`: beyond the limit an item is a few words of the index. None: only write the index.
        self._queue: asyncio.Queue[_Segment | None] = asyncio.Queue()
        self._open: dict[str, _Open] = {}

    def take(self, message: InitSegment | Part) -> None:
        """The messages of a session in order; a segment is queued when its last part is there."""
        if isinstance(message, InitSegment):
            self._open[message.rendition.name] = _Open()
            self._index.begin(message)
            self._queue.put_nowait(None)
            return
        segment = self._open[message.rendition]
        segment.payloads.append(message.payload)
        segment.duration += message.duration
        if message.last:
            self._open[message.rendition] = _Open()
            room = self._queue.qsize() < _WAITING
            data = b"".join(segment.payloads) if room else b""
            key = Key.segment(self._prefix, message.rendition, message.msn)
            self._queue.put_nowait(_Segment(key, message.rendition, segment.duration, data))

    def close(self) -> None:
        """Nothing follows. Repeating it changes nothing."""
        self._index.close()
        self._queue.put_nowait(None)

    async def join(self) -> None:
        """Until everything has been stored or given up."""
        await self._queue.join()

    @property
    def waiting(self) -> int:
        """Segments that are not stored yet."""
        return self._queue.qsize()

    async def run(self) -> None:
        """Stores for ever; what the store does not take is counted."""
        while True:
            segment = await self._queue.get()
            try:
                if segment is not None:
                    taken = bool(segment.data) and await self._put(segment.key, segment.data)
                    UNSTORED.inc(not taken)
                    self._index.add(segment.rendition, segment.duration, len(segment.data) if taken else 0)
                if self._queue.empty():  # once for the segments of all renditions, which come together
                    await self._write_index()
            finally:
                self._queue.task_done()

    async def _write_index(self) -> None:
        for due in self._index.due():
            if not await self._put(due.key, due.data):
                return  # tried again with the next segment
            self._index.written(due)

    async def _put(self, key: str, data: bytes) -> bool:
        try:
            await self._put_object(key, data)
        except WebinarError as error:
            _log.warning("not stored", key=key, error=error.message)
            return False
        return True
