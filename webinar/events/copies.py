"""Events made of other events: a duplicate, and a series that comes again every week, fortnight or month."""

from __future__ import annotations

import calendar
import enum
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from webinar.base import log
from webinar.base.db import AWAY, Connection, Pool
from webinar.base.errors import Conflict, FieldProblem, Invalid, NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.events.copied_files import CopiedFiles
from webinar.events.fields import EventChange
from webinar.events.handouts import Handouts
from webinar.events.images import Images
from webinar.events.model import Event, EventState, check_times, new_slug
from webinar.events.plan.store import PlanStore
from webinar.events.program import found
from webinar.events.service import Beside, EventService
from webinar.events.store import EventStore

_log = log.get(__name__)
MOST_IN_SERIES: Final = 52


class Rhythm(enum.StrEnum):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"  # the same day of the month, or its last


# What the other subjects hand on from an event to new ones, in the transaction that makes these.
HandOn = Callable[[Connection, uuid.UUID, Sequence[uuid.UUID]], Awaitable[None]]


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

    def __init__(self, pool: Pool, events: EventService, pictures: Images, files: Handouts, storage: Storage) -> None:
        self._store = EventStore(pool)
        self._plan = PlanStore(pool)
        self._events = events
        self._images = pictures
        self._handouts = files
        self._copied = CopiedFiles(storage, self._store.many)

    async def duplicate(self, event_id: uuid.UUID, title: str, starts_at: datetime, hand_on: HandOn) -> Event:
        """A draft with all that the host wrote, chose and uploaded, and nobody in it.

        Raises `Invalid`, `Unavailable`.
        """
        source = await self._events.get(event_id)
        (event,) = await self._copy(source, title, [starts_at], hand_on)
        _log.info("event duplicated", event_id=str(event.id), source=str(event_id))
        return event

    async def repeat(self, event_id: uuid.UUID, rhythm: Rhythm, count: int, hand_on: HandOn) -> Copied:
        """`count` events in all, this one the first of them.

        Raises `Invalid`, `Conflict` (over, or in a series), `Unavailable`: then there is no series.
        """
        if not 2 <= count <= MOST_IN_SERIES:
            raise Invalid("Choose 2 to 52 dates.", fields=[FieldProblem("count", "Choose 2 to 52 dates.")])
        source = await self._events.get(event_id)
        if source.state is EventState.ENDED:
            raise Conflict("The event is over. Duplicate it and make a series of the copy.", code="event_ended")
        if source.series_id is not None:
            raise Conflict("The event belongs to a series already.", code="in_series")
        starts = [later(source.starts_at, source.timezone, rhythm, n) for n in range(1, count)]
        series = uuid.uuid4()
        events = await self._copy(source, source.title, starts, hand_on, series)
        first = await self._events.get(event_id)
        await self._events.announce(event_id, first)
        _log.info("series made", series=str(series), events=count)
        return Copied(first, tuple(events))

    async def extend(self, event_id: uuid.UUID, rhythm: Rhythm, count: int, hand_on: HandOn) -> Copied:
        """`count` more dates behind the last of its series, made of it.

        Raises `Invalid`, `Conflict` (in none, or others were added meanwhile), `Unavailable`: then there are none more.
        """
        source = await self._events.get(event_id)
        series = await self.series(source)
        if source.series_id is None or not series:
            raise Conflict("The event is in no series yet. Make one of it first.", code="no_series")
        if not 1 <= count <= MOST_IN_SERIES - len(series):
            words = "A series has 52 dates at most."
            raise Invalid(words, fields=[FieldProblem("count", words)])
        before = [one.starts_at for one in series]
        starts = further(before, source.timezone, rhythm, count, datetime.now(UTC))
        events = await self._copy(source, source.title, starts, hand_on, source.series_id, series)
        await self._events.announce(event_id, source)
        _log.info("series extended", series=str(source.series_id), events=count)
        return Copied(source, tuple(events))

    async def series(self, event: Event) -> list[Event]:
        """All events of its series by date; none for an event of its own."""
        return [] if event.series_id is None else await self._store.series(event.series_id)

    async def change_following(
        self, event_id: uuid.UUID, change: EventChange, beside: Beside | None = None
    ) -> list[Event]:
        """Changes this event and those of its series after it that have not begun: all of them or none.

        A new start moves each by as many days, and to the same time of day; the end follows its start. Raises as
        `EventService.change`.
        """
        series = (await self._events.get(event_id)).series_id
        async with self._store.pool.acquire() as connection, connection.transaction():
            if series is not None:
                await self._store.lock_series(connection, series)
            before = found(await self._store.get(event_id, connection, lock=True))
            first = await self._events.change_in(connection, event_id, change, beside)
            done = [first]
            for one in [] if series is None else await self._store.series(series, connection):
                behind = one.id != event_id and one.starts_at > before.starts_at
                mine = _also(one, before, first, change)
                if behind and mine and one.state not in (EventState.LIVE, EventState.ENDED):
                    also = EventChange.model_validate(mine)
                    done.append(await self._events.change_in(connection, one.id, also, beside))
        for event in done:
            await self._events.announce(event.id, event)
        return done

    async def _copy(
        self,
        source: Event,
        title: str,
        starts: Sequence[datetime],
        hand_on: HandOn,
        series: uuid.UUID | None = None,
        known: Sequence[Event] = (),
    ) -> list[Event]:
        """All of them with all that is handed on, or none: what lets people in must not come before who may come in.

        `known`: the series before. Files come first, outside of the transaction: a store may take its time.
        """
        length = source.ends_at - source.starts_at
        for start in starts:
            check_times(start, start + length)
        state = EventState.DRAFT if series is None else _planned(source)
        ids = [uuid.uuid4() for _ in starts]
        made: list[Event] = []
        with_files = bool(await self._images.all(source.id) or await self._handouts.all(source.id))
        if with_files:
            await self._copied.begin(ids)
        try:
            pictures = await self._images.copies(source.id, ids)
            files = await self._handouts.copies(source.id, ids)
            async with self._store.pool.acquire() as connection, connection.transaction():
                await self._lock(connection, source, series, known)
                for id_, start in zip(ids, starts, strict=True):
                    event = await self._store.copy(
                        connection, source.id, id_, new_slug(title), title.strip(), start, start + length, state, series
                    )
                    await self._plan.copy(connection, source.id, id_, start - source.starts_at)
                    made.append(event)
                await self._images.keep(connection, pictures)
                await self._handouts.keep(connection, files)
                await hand_on(connection, source.id, ids)
        finally:
            if with_files:
                await self._settle(ids)
        return made

    async def _lock(
        self, connection: Connection, source: Event, series: uuid.UUID | None, known: Sequence[Event]
    ) -> None:
        """The source stays as it is, and in the series it is in, or joins `series`. Raises `NotFound`, `Conflict`."""
        if source.series_id is not None and series is not None:
            await self._store.lock_series(connection, series)
            now = await self._store.series(series, connection)
            if [one.id for one in now] != [one.id for one in known]:
                words = "Dates were added to this series just now, or removed. Look at them first."
                raise Conflict(words, code="series_changed")
        elif await self._store.get(source.id, connection, lock=True) is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        elif series is not None and not await self._store.join_series(connection, source.id, series):
            raise Conflict("The event belongs to a series already.", code="in_series")

    async def _settle(self, ids: Sequence[uuid.UUID]) -> None:
        """Whether they were made is asked, also where only the word of it was lost; else the worker does it later."""
        try:
            await self._copied.settle(ids)
        except (Unavailable, *AWAY) as error:
            _log.warning("what was copied is looked through later", events=len(ids), error=str(error))


def _also(event: Event, before: Event, first: Event, change: EventChange) -> dict[str, Any]:
    """What `change` is for an event behind the first that it was made of, which was as `before`."""
    given = {name: getattr(change, name) for name in change.model_fields_set if getattr(change, name) is not None}
    mine = {name: value for name, value in given.items() if name not in ("starts_at", "ends_at", "state")}
    if change.model_fields_set & {"starts_at", "ends_at", "timezone"}:
        at = moved(event, before.starts_at, first.starts_at, first.timezone)
        mine |= {"starts_at": at, "ends_at": at + (first.ends_at - first.starts_at)}
    return mine


def _planned(source: Event) -> EventState:
    return EventState.DRAFT if source.state is EventState.DRAFT else EventState.SCHEDULED
