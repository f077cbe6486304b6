"""What an event was, in figures: who came and when, what happened meanwhile, how people registered."""

from __future__ import annotations

import asyncio
import statistics
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from webinar.attendance.model import Attended, Outcome
from webinar.attendance.service import LATEST
from webinar.events.model import Event
from webinar.programme import Happening
from webinar.registration.model import Attendee, Status

if TYPE_CHECKING:
    from webinar.platform import Platform


# So many steps are enough for a drawing; a step is a whole number of these.
_STEPS: Final = 240
_STEP_S: Final = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def open_until(event: Event, now: datetime) -> datetime | None:
    """Until when browsers may tell what they had kept, which changes results; None once that is over, or before."""
    if event.ended_at is None or now >= event.ended_at + LATEST:
        return None
    return event.ended_at + LATEST


@dataclass(frozen=True, slots=True)
class Person:
    """One row: somebody who holds a seat or was there."""

    attendee: Attendee
    attended: Attended

    @property
    def came(self) -> bool:
        return self.attended.came


@dataclass(frozen=True, slots=True)
class Report:
    """Times in s. `audience` is drawn; `days` are of registrations, in the event's zone."""

    registered: int
    attended: int
    peak: int
    peak_at: datetime | None
    median_s: float
    replayed: int
    messages: int
    questions: int
    answered: int
    polls: int
    passed: int | None  # None: there are no rules
    step_s: int
    audience: Sequence[tuple[datetime, int]]
    happenings: Sequence[Happening]
    days: Sequence[tuple[date, int]]
    people: Sequence[Person]

    @property
    def absent(self) -> int:
        return self.registered - self.attended


async def make(platform: Platform, event: Event, now: datetime) -> Report:
    """As it stands; while the event is live, so far."""
    step_s = _step(event, now)
    attended, audience, everyone, talk, happenings = await asyncio.gather(
        platform.attendance.people(event.id),
        platform.attendance.audience(event.id, step_s),
        platform.registration.everyone(event.id),
        platform.conversation.of(event.id),
        platform.programme.happenings(event),
    )
    known = {attendee.id: attendee for attendee in everyone}
    people = [Person(known[one.attendee_id], one) for one in attended if one.attendee_id in known]
    seated = [person for person in people if person.attendee.status is Status.APPROVED]
    came = [person for person in people if person.came]
    outcomes = [person.attended.outcome for person in people if person.attended.outcome is not None]
    asked = [q for q in talk.questions if q.state not in ("deleted", "rejected")]
    top = max(audience, key=lambda step: step[1], default=None)
    return Report(
        registered=len(seated) + sum(person.attendee.status is not Status.APPROVED for person in came),
        attended=len(came),
        peak=top[1] if top else 0,
        peak_at=top[0] if top and top[1] else None,
        median_s=statistics.median(person.attended.live_s for person in came) if came else 0.0,
        replayed=sum(person.attended.replay_s > 0 for person in people),
        messages=sum(one.state == "shown" for one in talk.messages),
        questions=len(asked),
        answered=sum(one.state == "answered" for one in asked),
        polls=sum(one.state in ("open", "closed", "shared") for one in talk.polls),
        passed=sum(outcome is Outcome.PASSED for outcome in outcomes) if outcomes else None,
        step_s=step_s,
        audience=audience,
        happenings=on_air(happenings, event, now),
        days=per_day(everyone, event.timezone),
        people=people,
    )


def _step(event: Event, now: datetime) -> int:
    """The finest that is drawn in a few hundred steps."""
    length_s = 0.0 if event.started_at is None else ((event.ended_at or now) - event.started_at).total_seconds()
    return next((step for step in _STEP_S if length_s / step <= _STEPS), _STEP_S[-1])


def on_air(happenings: Sequence[Happening], event: Event, now: datetime) -> list[Happening]:
    """What fell, at least in part, between the start and the end."""
    start, end = event.started_at, event.ended_at or now
    if start is None:
        return []
    return [one for one in happenings if one.at < end and (one.until or one.at) >= start]


def per_day(people: Sequence[Attendee], zone: str) -> list[tuple[date, int]]:
    """Registrations a day from the first one's to the last one's, days without any too (of at most a year)."""
    counts = Counter(person.registered_at.astimezone(ZoneInfo(zone)).date() for person in people)
    if not counts:
        return []
    last = max(counts)
    day = max(min(counts), last - timedelta(days=365))
    days = []
    while day <= last:
        days.append((day, counts[day]))
        day += timedelta(days=1)
    return days


ORDERS: Final = ("name", "minutes", "first", "result")


def ordered(people: Sequence[Person], order: str, *, down: bool) -> list[Person]:
    """As one of `ORDERS` says; who was not there comes last."""
    places: Mapping[Outcome | None, int] = {Outcome.PASSED: 0, Outcome.OPEN: 1, Outcome.FAILED: 2, None: 3}
    if order == "minutes":
        return sorted(people, key=lambda p: p.attended.live_s, reverse=down)
    if order == "first":
        there = [p for p in people if p.attended.first_at is not None]
        there.sort(key=lambda p: (p.attended.first_at, p.attendee.name), reverse=down)
        return [*there, *(p for p in people if p.attended.first_at is None)]
    if order == "result":
        return sorted(people, key=lambda p: places[p.attended.outcome], reverse=down)
    return sorted(people, key=lambda p: p.attendee.name.casefold(), reverse=down)


def found(people: Sequence[Person], text: str) -> list[Person]:
    """Those whose name or address holds the text."""
    wanted = text.casefold().strip()
    return [p for p in people if wanted in p.attendee.name.casefold() or wanted in p.attendee.email.casefold()]


def person(people: Sequence[Person], attendee_id: uuid.UUID) -> Person | None:
    return next((one for one in people if one.attendee.id == attendee_id), None)
