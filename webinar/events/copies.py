"""Events made of other events: a duplicate, and a series that comes again every week, fortnight or month."""

from __future__ import annotations

import calendar
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from webinar.base import log
from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, FieldProblem, Invalid, NotFound
from webinar.events.handouts import Handouts
from webinar.events.images import Images
from webinar.events.model import (
    Event,
    EventChange,
    EventState,
    check_times,
    check_zone,
    keeps_promise,
    may_edit,
    new_slug,
)
from webinar.events.plan.store import PlanStore
from webinar.events.service import EventService
from webinar.events.store import EventStore

_log = log.get(__name__)
MOST_IN_SERIES: Final = 52


class Rhythm(enum.StrEnum):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"  # the same day of the month, or its last


@dataclass(frozen=True, slots=True)
class Copied:
    """The new events, and the one they were made of."""

    source: Event
    events: tuple[Event, ...]


def later(start: datetime, zone: str, rhythm: Rhythm, times: int, day: int | None = None) -> datetime:
    """The start `times` further, at the same time of day on the event's own clock, summer time or not. UTC.

    By month it is on its `day` (as `start`), or on the month's last.
    """
    local = start.astimezone(ZoneInfo(zone))
    if rhythm is Rhythm.MONTHLY:
        year, month = divmod(local.year * 12 + local.month - 1 + times, 12)
        day = min(day or local.day, calendar.monthrange(year, month + 1)[1])
        return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)
    weeks = times * (2 if rhythm is Rhythm.BIWEEKLY else 1)
    return (local + timedelta(weeks=weeks)).astimezone(UTC)


def further(starts: Sequence[datetime], zone: str, rhythm: Rhythm, count: int, now: datetime) -> list[datetime]:
    """The next `count` starts of a series behind the last of its `starts`; none that is past already. UTC."""
    last, day = starts[-1], _day_of_month(starts, zone)
    first = 1
    while later(last, zone, rhythm, first, day) <= now:
        first += 1
    return [later(last, zone, rhythm, n, day) for n in range(first, first + count)]


def _day_of_month(starts: Sequence[datetime], zone: str) -> int:
    """The one they stand for: 28 February behind 31 January is a 31st that its month has not."""
    day = 0
    for start in reversed(starts):
        local = start.astimezone(ZoneInfo(zone))
        day = max(day, local.day)
        if local.day < calendar.monthrange(local.year, local.month)[1]:
            break
    return day


def moved(event: Event, old: datetime, new: datetime, zone: str) -> datetime:
    """Where an event of a series starts when one before it was moved from `old` to `new`: by as many days, to the same
    time of day. UTC.
    """
    was, now = old.astimezone(ZoneInfo(zone)), new.astimezone(ZoneInfo(zone))
    day = event.starts_at.astimezone(ZoneInfo(zone)).date() + (now.date() - was.date())
    return datetime.combine(day, now.time(), ZoneInfo(zone)).astimezone(UTC)


class Copies:
    """One a process. Every method raises `NotFound` for an unknown event."""

    def __init__(self, pool: Pool, events: EventService, images: Images, handouts: Handouts) -> None:
        self._store = EventStore(pool)
        self._plan = PlanStore(pool)
        self._events = events
        self._images = images
        self._handouts = handouts

    async def duplicate(self, event_id: uuid.UUID, title: str, starts_at: datetime) -> Event:
        """A draft with all that the host wrote, chose and uploaded, and nobody in it.

        Raises `Invalid`, `Unavailable`.
        """
        source = await self._events.get(event_id)
        (event,) = await self._copy(source, title, [starts_at], series=None)
        _log.info("event duplicated", event_id=str(event.id), source=str(event_id))
        return event

    async def repeat(self, event_id: uuid.UUID, rhythm: Rhythm, count: int) -> Copied:
        """`count` events in all, this one the first of them. Raises `Invalid`, `Conflict` (over, or in a series)."""
        if not 2 <= count <= MOST_IN_SERIES:
            raise Invalid("Choose 2 to 52 dates.", fields=[FieldProblem("count", "Choose 2 to 52 dates.")])
        source = await self._events.get(event_id)
        if source.state is EventState.ENDED:
            raise Conflict("The event is over. Duplicate it and make a series of the copy.", code="event_ended")
        if source.series_id is not None:
            raise Conflict("The event belongs to a series already.", code="in_series")
        starts = [later(source.starts_at, source.timezone, rhythm, n) for n in range(1, count)]
        series = uuid.uuid4()
        events = await self._copy(source, source.title, starts, series=series)
        first = await self._events.get(event_id)
        await self._events.announce(event_id, first)
        _log.info("series made", series=str(series), events=count)
        return Copied(first, tuple(events))

    async def extend(self, event_id: uuid.UUID, rhythm: Rhythm, count: int) -> Copied:
        """`count` more dates behind the last of its series, made of it. Raises `Invalid`, and `Conflict` (in none)."""
        source = await self._events.get(event_id)
        series = await self.series(source)
        if source.series_id is None or not series:
            raise Conflict("The event is in no series yet. Make one of it first.", code="no_series")
        if not 1 <= count <= MOST_IN_SERIES - len(series):
            words = "A series has 52 dates at most."
            raise Invalid(words, fields=[FieldProblem("count", words)])
        before = [one.starts_at for one in series]
        starts = further(before, source.timezone, rhythm, count, datetime.now(UTC))
        events = await self._copy(source, source.title, starts, series=source.series_id)
        await self._events.announce(event_id, source)
        _log.info("series extended", series=str(source.series_id), events=count)
        return Copied(source, tuple(events))

    async def series(self, event: Event) -> list[Event]:
        """All events of its series by date; none for an event of its own."""
        return [] if event.series_id is None else await self._store.series(event.series_id)

    async def change_following(self, event_id: uuid.UUID, change: EventChange) -> list[Event]:
        """Changes this event and those of its series after it that have not begun.

        A new start moves each by as many days, and to the same time of day; the end follows its start. Raises as
        `EventService.change`, before anything is changed.
        """
        event = await self._events.get(event_id)
        given = {name: getattr(change, name) for name in change.model_fields_set if getattr(change, name) is not None}
        may_edit(event, change)
        zone = given.get("timezone", event.timezone)
        check_zone(zone)
        starts_at = given.get("starts_at", event.starts_at)
        length = given.get("ends_at", event.ends_at + (starts_at - event.starts_at)) - starts_at
        check_times(starts_at, starts_at + length)
        timed = bool(change.model_fields_set & {"starts_at", "ends_at", "timezone"})
        following = [
            one
            for one in await self.series(event)
            if one.id != event.id and one.starts_at > event.starts_at and one.state is not EventState.ENDED
        ]
        if timed:
            for one in following:
                at = moved(one, event.starts_at, starts_at, zone)
                if one.state is not EventState.LIVE and at + length > one.ends_at:
                    keeps_promise(at + length, await self._events.promised(one.id))
        done = [await self._events.change(event_id, change)]
        for one in following:
            if one.state is EventState.LIVE:
                continue
            mine = {name: value for name, value in given.items() if name not in ("starts_at", "ends_at", "state")}
            if timed:
                at = moved(one, event.starts_at, starts_at, zone)
                mine |= {"starts_at": at, "ends_at": at + length}
            if mine:
                done.append(await self._events.change(one.id, EventChange.model_validate(mine)))
        return done

    async def _copy(
        self, source: Event, title: str, starts: Sequence[datetime], series: uuid.UUID | None
    ) -> list[Event]:
        length = source.ends_at - source.starts_at
        for start in starts:
            check_times(start, start + length)
        state = EventState.DRAFT if series is None else _planned(source)
        made: list[Event] = []
        async with self._store.pool.acquire() as connection, connection.transaction():
            if await self._store.get(source.id, connection, lock=True) is None:
                raise NotFound("There is no such event. Check the address.", code="event_not_found")
            if series is not None:
                await self._join(connection, source, series, starts[0])
            for start in starts:
                event = await self._store.copy(
                    connection, source.id, new_slug(title), title.strip(), start, start + length, state, series
                )
                await self._plan.copy(connection, source.id, event.id, start - source.starts_at)
                made.append(event)
        ids = [event.id for event in made]
        await self._images.copy(source.id, ids)
        await self._handouts.copy(source.id, ids)
        return made

    async def _join(self, connection: Connection, source: Event, series: uuid.UUID, first: datetime) -> None:
        """The locked source is of the series, whose new dates begin with `first`. Raises `Conflict`."""
        if source.series_id is None:
            if not await self._store.join_series(connection, source.id, series):
                raise Conflict("The event belongs to a series already.", code="in_series")
        elif any(one.starts_at >= first for one in await self._store.series(series)):
            raise Conflict("Dates were added to this series just now. Look at them first.", code="series_changed")


def _planned(source: Event) -> EventState:
    return EventState.DRAFT if source.state is EventState.DRAFT else EventState.SCHEDULED
