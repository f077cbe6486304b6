"""What a live session sends: media and status to the bus in order, segments to the store, snapshots.

The queue is bounded: a bus that is too slow costs the newest messages (viewers ask for a snapshot when they see the
gap). What is done for the store is in `ingest.storing`. The live picture waits for neither.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Counter

from ingest.contract import InitSegment, Message, Part, Subject
from ingest.storing import UNSTORED, PutObject, Storing

UNSENT: Final = Counter("webinar_ingest_unsent_total", "Messages dropped because the bus was too slow")

_OUTBOX: Final = 4096  # messages: about 20 s
_WINDOW: Final = 8  # segments that a snapshot holds
_DRAIN_S: Final = 5.0
_GIVE_UP_S: Final = 5.0  # for the puts on their way and the last state of the index

Publish = Callable[[str, bytes], Awaitable[None]]  # subject, payload


@dataclass(slots=True)
class _Shelf:
    """One rendition's window, for snapshots."""

    init: bytes
    parts: deque[tuple[int, bytes]] = field(default_factory=deque)  # msn, message


class Outgoing:
    """All methods belong to the event loop; `send` and `store` are run as tasks."""

    def __init__(self, event_id: str, hls_prefix: str, publish: Publish, put_object: PutObject) -> None:
        self._media = Subject.media(event_id)
        self._status = Subject.status(event_id)
        self._publish = publish
        self._outbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_OUTBOX)
        self._storing = Storing(hls_prefix, put_object)
        self._shelves: dict[str, _Shelf] = {}

    def media(self, message: Message, data: bytes) -> None:
        """A message and its bytes, in program order."""
        if isinstance(message, InitSegment | Part):
            self._storing.take(message)
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
        """Stores segments and their index, for ever."""
        await self._storing.run()

    async def drain(self) -> None:
        """Waits until everything is out, as far as a few seconds allow; of what is not, the index tells."""
        self._storing.close()
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._outbox.join()
                await self._storing.join()
        except TimeoutError:
            UNSENT.inc(self._outbox.qsize())
            await self._give_up()

    async def _give_up(self) -> None:
        self._storing.give_up()
        try:
            async with asyncio.timeout(_GIVE_UP_S):
                await self._storing.join()
        except TimeoutError:
            UNSTORED.inc(self._storing.waiting)

    def _put(self, subject: str, data: bytes) -> None:
        try:
            self._outbox.put_nowait((subject, data))
        except asyncio.QueueFull:
            UNSENT.inc()

    def _keep(self, message: InitSegment | Part, data: bytes) -> None:
        if isinstance(message, InitSegment):
            self._shelves[message.rendition.name] = _Shelf(data)
            return
        parts = self._shelves[message.rendition].parts
        parts.append((message.msn, data))
        while parts[0][0] <= message.msn - _WINDOW:
            parts.popleft()
