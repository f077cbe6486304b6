"""What viewers must know of an event right now, from memory: state, media addresses, and a version to wait on.

Read from PostgreSQL when an event is first asked for and whenever it changed; kept while PostgreSQL is away, so that
who is in stays in. Both the bus (at once) and a look every two seconds (should the bus lose a message) bring changes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal

from ingest.contract import SessionState
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY
from webinar.base.errors import NotFound
from webinar.events.heartbeats import Heartbeats
from webinar.events.model import Event, EventState
from webinar.events.service import EventService

_log = log.get(__name__)
_MOST_EVENTS: Final = 1_000
_LOOK_EVERY_S: Final = 2.0
# A stream that became playable reaches those who wait for it this late at most.
_MEDIA_EVERY_S: Final = 0.2
# A database that hangs delays viewers no longer than this, and is not asked again for as long.
_PATIENCE_S: Final = 2.0
# Renditions begin and end to rest one after the other, when CPU is short: who waits is told this much later, so that
# they do not all ask again together at each step.
_RESTS_S: Final = (2.0, 6.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """One event as its viewers see it. `hls_prefix` is None while there is nothing to play.

    `resting`: renditions with a few pictures a second for want of CPU.
    """

    event: Event
    state: Literal["scheduled", "live", "ended"]
    hls_prefix: str | None
    resting: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Changes with anything a viewer's page shows; the same in every web process."""
        return f"{self._urgent}.{_digest(self.resting)}"

    def urgent(self, version: str) -> bool:
        """Whether more is new since `version` than what rests."""
        return version.partition(".")[0] != self._urgent

    @property
    def _urgent(self) -> str:
        e = self.event
        shown = (e.paused, e.title, e.starts_at, e.ends_at, e.timezone, e.language)
        return _digest((self.state, self.hls_prefix, *shown))


def _digest(seen: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


@dataclass(slots=True)
class _Row:
    event: Event | None = None  # None: never read, or there is none
    stale: bool = True
    version: int = 0  # counts what was learned of it: an answer to a question asked before counts no more
    ask_again_at: float = 0.0  # monotonic, after PostgreSQL was away
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)  # one query for all who want the same row


class Stage:
    """One a web process."""

    def __init__(
        self,
        events: EventService,
        playable: Callable[[str], str | None] | None = None,
        on_changed: Callable[[uuid.UUID], None] | None = None,
        silent: Callable[[], Collection[uuid.UUID]] = frozenset,
        on_over: Callable[[uuid.UUID], None] | None = None,
    ) -> None:
        """`playable(event_id)` is the HLS prefix this process can play now; without it ingest's word counts.

        `on_over` is called with those of the `silent()` events that are over: nobody else ends their media.
        """
        self._events = events
        self._playable = playable
        self._on_changed = on_changed
        self._silent = silent
        self._on_over = on_over
        self.heartbeats = Heartbeats(self._heard)
        self._rows: OrderedDict[uuid.UUID, _Row] = OrderedDict()
        self._waiting: Counter[uuid.UUID] = Counter()
        self._playing: dict[uuid.UUID, str | None] = {}  # what was playable of waited-for events at the last look
        self._closed = False

    async def listen(self, bus: Bus) -> None:
        await self.heartbeats.listen(bus)
        await bus.subscribe("event.*.changed", self._changed)

    def close(self) -> None:
        """Answers everyone who waits: the process is going down."""
        self._closed = True
        for event_id in list(self._rows):
            self._wake(event_id)

    @property
    def waiting(self) -> int:
        """Long polls that are open now."""
        return self._waiting.total()

    async def scene(self, event_id: uuid.UUID) -> Scene:
        """Raises `NotFound`; and one of `AWAY` when PostgreSQL is away and the event was never read."""
        row = self._row(event_id)
        # A row that was never read is waited for: whoever asks while the first query runs gets its answer too.
        if row.event is None or (row.stale and time.monotonic() >= row.ask_again_at):
            await self._read(event_id, row)
        if row.event is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return self._scene(row.event)

    def _scene(self, event: Event) -> Scene:
        if event.state is not EventState.LIVE:
            return Scene(event, "ended" if event.state is EventState.ENDED else "scheduled", None)
        status = self.heartbeats.latest(str(event.id))
        on_air = status if status is not None and status.state is SessionState.LIVE else None
        if self._playable is not None:
            prefix = self._playable(str(event.id))
        else:
            prefix = on_air.hls_prefix if on_air is not None else None
        # Of the session that is played: what another one says of its renditions is nothing to its viewers.
        resting = on_air.resting if on_air is not None and on_air.hls_prefix == prefix else ()
        return Scene(event, "live", prefix, resting)

    async def wait(self, event_id: uuid.UUID, version: str, timeout_s: float) -> Scene:
        """The scene as soon as its version is another than `version`, at the latest after `timeout_s`.

        When all that is new is what rests, some seconds later, if it is still so then.
        """
        deadline = time.monotonic() + timeout_s
        rests_at: float | None = None
        self._waiting[event_id] += 1
        try:
            while True:
                # Taken before the look, so that a change in between is not missed.
                changed = self._row(event_id).changed
                scene = await self.scene(event_id)
                now = time.monotonic()
                if scene.version == version:
                    rests_at = None
                elif rests_at is None:
                    rests_at = now + random.uniform(*_RESTS_S)  # noqa: S311 - no secret
                left = (deadline if rests_at is None else min(rests_at, deadline)) - now
                if left <= 0 or scene.urgent(version) or self._closed:
                    return scene
                try:
                    async with asyncio.timeout(left):
                        await changed.wait()
                except TimeoutError:
                    return scene
        finally:
            self._waiting[event_id] -= 1
            if self._waiting[event_id] <= 0:
                del self._waiting[event_id]

    async def keep_looking(self) -> None:
        """Runs for the life of the process, over the events somebody waits for, or whose media fell silent."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_at_rows(), name="stage rows")
            tasks.create_task(self._look_at_media(), name="stage media")

    async def _look_at_media(self) -> None:
        """The windows of a stream fill without a word on the bus that this process could wait for."""
        while self._playable is not None:
            await asyncio.sleep(_MEDIA_EVERY_S)
            now = {event_id: self._playable(str(event_id)) for event_id in self._waiting}
            for event_id, prefix in now.items():
                if prefix != self._playing.get(event_id, prefix):
                    self._wake(event_id)
            self._playing = now

    async def _look_at_rows(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            silent = self._silent()
            ids = list({*self._waiting, *silent})
            if not ids:
                continue
            asked = {event_id: row.version for event_id in ids if (row := self._rows.get(event_id)) is not None}
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    found = {event.id: event for event in await self._events.many(ids)}
            except AWAY as error:
                _log.debug("database is away, viewers are served from memory", error=type(error).__name__)
                continue
            for event_id in ids:
                row, event = self._rows.get(event_id), found.get(event_id)
                if row is not None and row.event != event and row.version == asked.get(event_id):
                    row.event, row.stale = event, False
                    self._wake(event_id)
                if event_id in silent and self._on_over is not None and (event is None or _is_over(event)):
                    self._on_over(event_id)

    def _row(self, event_id: uuid.UUID) -> _Row:
        row = self._rows.get(event_id)
        if row is None:
            row = self._rows[event_id] = _Row()
            if len(self._rows) > _MOST_EVENTS:
                idle = next((known for known in self._rows if known not in self._waiting and known != event_id), None)
                if idle is not None:
                    del self._rows[idle]
        return row

    async def _read(self, event_id: uuid.UUID, row: _Row) -> None:
        async with row.reading:
            if not row.stale or (row.event is not None and time.monotonic() < row.ask_again_at):
                return
            before = row.event
            # Before the query: a change that is announced while it runs makes the row stale again.
            row.stale = False
            try:
                async with asyncio.timeout(_PATIENCE_S if before is not None else None):
                    found: Event | None = await self._events.get(event_id)
            except NotFound:
                found = None
            except AWAY as error:
                row.stale, row.ask_again_at = True, time.monotonic() + _PATIENCE_S
                if before is None:
                    raise
                _log.warning("event is served from memory, the database is away", error=type(error).__name__)
                return
            except asyncio.CancelledError:
                row.stale = True
                raise
            if row.event is not before:
                return  # written by this process meanwhile; it is stale, so the next reader asks again
            row.event, row.version = found, row.version + 1
            if found != before:
                self._wake(event_id)

    async def _changed(self, payload: bytes) -> None:
        self.news(str(json.loads(payload).get("event_id", "")), stale=True)

    async def _heard(self, event_id: str, *, stale: bool = False) -> None:
        self.news(event_id, stale=stale)

    def news(self, event_id: str, *, stale: bool = False) -> None:
        """Something about an event changed: its media, or (`stale`) its row."""
        try:
            known = uuid.UUID(event_id)
        except ValueError:
            _log.warning("news of no event", event_id=event_id)
            return
        if stale:
            self.changed(known)
        else:
            self._wake(known)

    def changed(self, event_id: uuid.UUID, event: Event | None = None) -> None:
        """The event's row, or its people, are others now: what is known of them is read again.

        `event` is the row as this process wrote it: whoever made the change must see it in the next answer, also from
        a database that is slow or away. One that was overtaken by a later change, as a slow start is by an end, is not
        shown any more.
        """
        if self._on_changed is not None:
            self._on_changed(event_id)
        row = self._rows.get(event_id)
        if row is not None:
            if event is not None and (row.event is None or event.updated_at >= row.event.updated_at):
                row.event = event
            row.stale, row.ask_again_at, row.version = True, 0.0, row.version + 1
            self._wake(event_id)

    def _wake(self, event_id: uuid.UUID) -> None:
        row = self._rows.get(event_id)
        if row is not None:
            row.changed.set()
            row.changed = asyncio.Event()


def _is_over(event: Event) -> bool:
    return event.state is EventState.ENDED
