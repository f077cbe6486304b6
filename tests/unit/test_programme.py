"""The timeline of an event, and the chapters that it suggests."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from webinar.events.model import Event, EventState, Registration
from webinar.programme import Happening, Kind, noted, suggested
from webinar.recordings.cuts import Chapter, RecordingClock
from webinar.recordings.marks import Mark, MarkKind, pauses

START = dt.datetime(2026, 12, 1, 5, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


SCHEDULED = Event(
    uuid.UUID(int=1), "slug", "Title", "", "en", START, START + dt.timedelta(hours=1), "Asia/Seoul", 300,
    Registration.OPEN, EventState.SCHEDULED, 1, 1, START, START, None, None,
)  # fmt: skip


def over(length_s: float = 3600) -> Event:
    return replace(SCHEDULED, state=EventState.ENDED, started_at=START, ended_at=at(length_s))


def mark(seconds: float, kind: MarkKind, **body: object) -> Mark:
    return Mark(uuid.uuid4(), at(seconds), kind, body)


def chapters(*happened: Happening, length_s: float = 3600) -> list[Chapter]:
    return suggested(happened, over(length_s), RecordingClock([(START, length_s)]), length_s, lambda text: text)


def test_what_is_near_to_something_that_tells_more_is_no_chapter() -> None:
    made = chapters(
        Happening(at(100), Kind.SLIDE, "Slide of the talk"),
        Happening(at(105), Kind.AGENDA, "Second talk", at(900)),
        Happening(at(500), Kind.QUESTION, "Why?"),
        Happening(at(508), Kind.POLL, "Which?"),
        Happening(at(600), Kind.SLIDE, "", number=7),
        Happening(at(700), Kind.PAUSE, "", at(800)),
    )
    assert made == [
        Chapter(0.0, "Beginning"),
        Chapter(105.0, "Second talk"),
        Chapter(500.0, "Q: Why?"),
        Chapter(600.0, "Slide 7"),
    ]


def test_an_item_that_was_planned_earlier_than_it_began_begins_with_the_recording() -> None:
    made = chapters(
        Happening(at(-300), Kind.AGENDA, "First talk", at(900)),
        Happening(at(-900), Kind.AGENDA, "Doors", at(-300)),
        Happening(at(3700), Kind.AGENDA, "Reception", at(5000)),
        Happening(at(-50), Kind.POLL, "A draft"),
    )
    assert made == [Chapter(0.0, "First talk")]


def test_nothing_that_happened_makes_no_chapters() -> None:
    assert chapters() == []
    assert chapters(Happening(at(-1), Kind.SLIDE, "x")) == []
    assert suggested([], SCHEDULED, RecordingClock([]), 10.0, str) == []


def test_breaks_are_between_pause_and_resume_and_the_last_ends_with_the_programme() -> None:
    marks = [
        mark(10, MarkKind.PAUSE),
        mark(12, MarkKind.PAUSE),
        mark(20, MarkKind.RESUME),
        mark(25, MarkKind.RESUME),
        mark(90, MarkKind.PAUSE),
    ]
    assert pauses(marks, None) == [(at(10), at(20))]
    assert pauses(marks, at(100)) == [(at(10), at(20)), (at(90), at(100))]
    assert pauses(marks, at(80)) == [(at(10), at(20))]


def test_marks_become_happenings_with_their_numbers_and_titles() -> None:
    made = noted([mark(1, MarkKind.SLIDE, title="A", number=3), mark(2, MarkKind.CHAPTER, title="B")], None)
    assert [(one.kind, one.title, one.number) for one in made] == [(Kind.SLIDE, "A", 3), (Kind.CHAPTER, "B", None)]
    odd = noted([mark(1, MarkKind.SLIDE, number="x")], None)
    assert [(one.title, one.number) for one in odd] == [("", None)]
