"""What a live session sends: media and status to the bus in order, finished segments to the store, snapshots.

Both queues are bounded. A bus that is too slow costs the newest messages (viewers ask for a snapshot when they see
the gap), a store that is too slow costs segments of the replay; the live picture waits for neither.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Counter

from ingest.contract import InitSegment, Message, Part, Subject, Unit
from webinar.base import log
from webinar.base.errors import WebinarError

_log = log.get(__name__)

UNSENT: Final = Counter("webinar_ingest_unsent_total", "Messages dropped because the bus was too slow")
UNSTORED: Final = Counter("webinar_ingest_unstored_total", "Segments that did not reach the store")

_OUTBOX: Final = 4096  # messages: about 20 s
_TO_STORE: Final = 64  # segments: half a minute of four renditions
_WINDOW: Final = 8  # segments that a snapshot holds
_DRAIN_S: Final = 5.0

Publish = Callable[[str, bytes], Awaitable[None]]  # subject, payload
PutObject = Callable[[str, bytes], Awaitable[None]]  # key, bytes; raises WebinarError


@dataclass(slots=True)
class _Shelf:
    """One rendition's window, for snapshots and the store."""

    init: bytes
    parts: deque[tuple[int, bytes]] = field(default_factory=deque)  # msn, message
    segment: list[bytes] = field(default_factory=list)  # payloads of the open segment


class Outgoing:
    """All methods belong to the event loop; `send` and `store` are run as tasks."""

    def __init__(self, event_id: str, hls_prefix: str, publish: Publish, put_object: PutObject) -> None:
        self._media = Subject.media(event_id)
        self._status = Subject.status(event_id)
        self._folder = f"live/{hls_prefix}"
        self._publish = publish
        self._put_object = put_object
        self._outbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_OUTBOX)
        self._to_store: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_TO_STORE)
        self._shelves: dict[str, _Shelf] = {}

    def media(self, message: Message, data: bytes) -> None:
        """A message and its bytes, in program order."""
        if not isinstance(message, Unit):
            self._shelve(message)
            self._keep(message, data)
        self._put(self._media, data)

    def status(self, data: bytes) -> None:
        """A `LiveStatus` as JSON."""
        self._put(self._status, data)

    def snapshot(self) -> list[bytes]:
        """Init segments and the parts of the window, as messages."""
        shelves = self._shelves.values()
        return [shelf.init for shelf in shelves] + [data for shelf in shelves for _, data in shelf.parts]

    async def send(self) -> None:
        """Publishes in order, for ever."""
        while True:
            subject, data = await self._outbox.get()
            try:
                await self._publish(subject, data)
            finally:
                self._outbox.task_done()

    async def store(self) -> None:
        """Stores finished segments, for ever; what the store does not take is counted."""
        while True:
            key, data = await self._to_store.get()
            try:
                await self._put_object(key, data)
            except WebinarError as error:
                UNSTORED.inc()
                _log.warning("segment not stored", key=key, error=error.message)
            finally:
                self._to_store.task_done()

    async def drain(self) -> None:
        """Waits until everything is out, as far as a few seconds allow."""
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._outbox.join()
                await self._to_store.join()
        except TimeoutError:
            UNSENT.inc(self._outbox.qsize())
            UNSTORED.inc(self._to_store.qsize())

    def _put(self, subject: str, data: bytes) -> None:
        try:
            self._outbox.put_nowait((subject, data))
        except asyncio.QueueFull:
            UNSENT.inc()

    def _keep(self, message: Message, data: bytes) -> None:
        """For snapshots."""
        if isinstance(message, InitSegment):
            self._shelves[message.rendition.name].init = data
        elif isinstance(message, Part):
            parts = self._shelves[message.rendition].parts
            parts.append((message.msn, data))
            while parts[0][0] <= message.msn - _WINDOW:
                parts.popleft()

    def _shelve(self, message: Message) -> None:
        """For the store."""
        if isinstance(message, InitSegment):
            self._shelves[message.rendition.name] = _Shelf(b"")
            self._queue(f"{message.rendition.name}/init.mp4", message.payload)
        elif isinstance(message, Part):
            shelf = self._shelves[message.rendition]
            shelf.segment.append(message.payload)
            if message.last:
                self._queue(f"{message.rendition}/{message.msn}.m4s", b"".join(shelf.segment))
                shelf.segment = []

    def _queue(self, name: str, data: bytes) -> None:
        try:
            self._to_store.put_nowait((f"{self._folder}/{name}", data))
        except asyncio.QueueFull:
            UNSTORED.inc()
