"""Ends events that nobody ended: else they would be recorded for good, and their data never destroyed."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import Counter

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError
from webinar.course import Course
from webinar.events.heartbeats import Heartbeats
from webinar.events.model import Event, ends_itself_at
from webinar.events.service import EventService

_log = log.get(__name__)

ENDED: Final = Counter("webinar_events_ended_itself_total", "Live events that nobody ended, ended by the worker")

# Its host is written to so long before: at the usual limits an hour after the planned end.
WARNING: Final = timedelta(hours=2)
# An event must have been due for so long by a clock that does not jump: a wrong date on the machine, set right
# meanwhile, cuts nobody off, and nobody is written to.
PATIENCE_S: Final = 600.0

# event, when it ends by itself, and whether it does so whoever sends
Warn = Callable[[uuid.UUID, datetime, bool], Awaitable[None]]
# now; those who were not told yet that their event has ended by itself, whichever worker ended it
Tell = Callable[[datetime], Awaitable[int]]


class _Lasting:
    """Which events have been in a state for `PATIENCE_S` without a break."""

    def __init__(self) -> None:
        self._since: dict[uuid.UUID, float] = {}

    def of(self, events: list[Event], steady: float) -> list[Event]:
        self._since = {event.id: self._since.get(event.id, steady) for event in events}
        return [event for event in events if steady - self._since[event.id] >= PATIENCE_S]


class Ender:
    """One a worker; that two of them end the same event changes nothing."""

    def __init__(
        self,
        events: EventService,
        course: Course,
        heartbeats: Heartbeats,
        quiet: timedelta,
        latest: timedelta,
        *,
        warn: Warn | None = None,
        tell: Tell | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`quiet` and `latest` as `model.ends_itself_at` takes them. `warn` is told each round of events that end
        soon, which may become later again, `tell` is asked for a letter to hosts whose event has ended; both None where
        no mail server is set.
        """
        self._warn = warn
        self._tell = tell
        self._events = events
        self._course = course
        self._heartbeats = heartbeats
        self._limits = quiet, latest
        self._clock = clock
        self._steady = steady
        self._soon = _Lasting()
        self._due = _Lasting()

    async def keep(self, every_s: float = 30.0) -> None:
        """Runs for the life of the worker."""
        while True:
            try:
                await self.look()
            except AWAY as error:
                _log.warning("events are ended later", error=str(error) or type(error).__name__)
            await asyncio.sleep(every_s)

    async def look(self) -> int:
        """One round; how many events were ended. Raises what a query raises while PostgreSQL is away."""
        now, steady = self._clock(), self._steady()
        late = [event for event in await self._events.live() if event.ends_at <= now]
        sending = [event.id for event in late if self._sends(event)]
        if sending:
            await self._events.sent(sending, now)
        ends = {event.id: self._ends(event, sending=event.id in sending) for event in late}
        soon = self._soon.of([event for event in late if ends[event.id] - WARNING <= now], steady)
        if self._warn is not None:
            for event in soon:
                at = ends[event.id]
                await self._warn(event.id, at, at >= self._ends(event, sending=True))
        due = self._due.of([event for event in late if ends[event.id] <= now], steady)
        ended = sum([await self._end(event) for event in due])
        if self._tell is not None:
            await self._tell(now)
        return ended

    def _sends(self, event: Event) -> bool:
        status = self._heartbeats.fresh(str(event.id))
        return status is not None and status.publisher.connected

    def _ends(self, event: Event, *, sending: bool) -> datetime:
        quiet, latest = self._limits
        return ends_itself_at(event, latest if sending else quiet, latest) or event.ends_at + latest

    async def _end(self, event: Event) -> bool:
        """False: it could not be done now; the next round looks again."""
        try:
            await self._course.end(event.id, itself=True)
        except WebinarError as error:
            _log.warning("an event is ended later", event_id=str(event.id), error=error.message)
            return False
        ENDED.inc()
        _log.warning("event ended by itself: nobody did", event_id=str(event.id), planned_end=event.ends_at.isoformat())
        return True
