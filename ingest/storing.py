"""The segments of a live session on their way into the store, and their index.

The queue is bounded: a store that is too slow or away costs segments of the replay, which the index then names as
holes; the live picture waits for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
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
_AT_ONCE: Final = 3  # puts on their way: a store that answers late keeps up nevertheless
_INDEX_EVERY_S: Final = 2.0  # at the latest, however much waits: what the index does not name cannot be played

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
        self._giving_up = False

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

    def give_up(self) -> None:
        """What waits is not stored any more; the index, which names it as holes, still is."""
        self._giving_up = True

    async def join(self) -> None:
        """Until everything has been stored or given up."""
        await self._queue.join()

    @property
    def waiting(self) -> int:
        """Segments that are not stored yet."""
        return self._queue.qsize()

    async def run(self) -> None:
        """Stores for ever; what the store does not take is counted."""
        index_s = time.monotonic() + _INDEX_EVERY_S
        while True:
            idle = self._queue.empty()
            items = [await self._queue.get()]
            if idle:
                index_s = time.monotonic() + _INDEX_EVERY_S
            while len(items) < _AT_ONCE and not self._queue.empty():
                items.append(self._queue.get_nowait())
            try:
                await self._store([segment for segment in items if segment is not None])
                # Once for the segments of all renditions, which come together; but a slow store's queue is never empty.
                if self._queue.empty() or time.monotonic() >= index_s:
                    await self._write_index()
                    index_s = time.monotonic() + _INDEX_EVERY_S
            finally:
                for _ in items:
                    self._queue.task_done()

    async def _store(self, segments: Sequence[_Segment]) -> None:
        async with asyncio.TaskGroup() as group:
            puts = [group.create_task(self._put_segment(segment)) for segment in segments]
        for segment, put in zip(segments, puts, strict=True):  # only now, and in their order
            UNSTORED.inc(not put.result())
            self._index.add(segment.rendition, segment.duration, len(segment.data) if put.result() else 0)

    async def _put_segment(self, segment: _Segment) -> bool:
        return bool(segment.data) and not self._giving_up and await self._put(segment.key, segment.data)

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
