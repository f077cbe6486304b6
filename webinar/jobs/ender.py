"""Ends events that nobody ended: else they would be recorded for good, and their data never destroyed."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
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

# An event must have been due for so long by a clock that does not jump: a wrong date on the machine, set right
# meanwhile, cuts nobody off.
PATIENCE_S: Final = 600.0


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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`quiet` and `latest` as `model.ends_itself_at` takes them."""
        self._events = events
        self._course = course
        self._heartbeats = heartbeats
        self._limits = quiet, latest
        self._clock = clock
        self._steady = steady
        self._since: dict[uuid.UUID, float] = {}

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
        due = [event for event in late if self._due(event, now, event.id in sending)]
        self._since = {event.id: self._since.get(event.id, steady) for event in due}
        return sum([await self._end(event) for event in due if steady - self._since[event.id] >= PATIENCE_S])

    def _sends(self, event: Event) -> bool:
        status = self._heartbeats.fresh(str(event.id))
        return status is not None and status.publisher.connected

    def _due(self, event: Event, now: datetime, sending: bool) -> bool:
        quiet, latest = self._limits
        at = ends_itself_at(event, latest if sending else quiet, latest)
        return at is not None and at <= now

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
