"""One timeline of an event: agenda, slides, questions answered, polls, breaks; of it come a recording's chapters."""

from __future__ import annotations

import asyncio
import enum
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from webinar.base import i18n
from webinar.conversation.service import ConversationService
from webinar.events.model import Event
from webinar.events.service import EventService
from webinar.recordings.cuts import MOST_CHAPTERS, Chapter, RecordingClock, tidy_title
from webinar.recordings.editing import Editing
from webinar.recordings.marks import Mark, MarkKind, pauses
from webinar.recordings.model import Recording

# Nearer than this, what tells more stays.
_APART_S: Final = 12.0
# What begins this soon after the beginning is the beginning.
_FIRST_S: Final = 5.0


class Kind(enum.StrEnum):
    """In the order of what tells most."""

    CHAPTER = "chapter"
    AGENDA = "agenda"
    QUESTION = "question"
    POLL = "poll"
    SLIDE = "slide"
    PAUSE = "pause"


_WORTH: Final = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something on the timeline; `until` of what lasts."""

    at: datetime
    kind: Kind
    title: str
    until: datetime | None = None
    number: int | None = None  # of a slide


@dataclass(frozen=True, slots=True)
class Chapters:
    """Of a recording, on its clock. `saved`: by a host, else suggested by the programme."""

    items: list[Chapter]
    saved: bool


class Programme:
    """One a process."""

    def __init__(self, events: EventService, editing: Editing, conversation: ConversationService) -> None:
        self._events = events
        self._editing = editing
        self._conversation = conversation
        self._catalogues: dict[i18n.Language, i18n.Catalogue] = {}

    async def happenings(self, event: Event) -> list[Happening]:
        """What happened on air, in order; of the agenda, what was planned."""
        found = noted(await self._editing.marks(event.id), event.ended_at)
        for item in await self._events.agenda(event.id):
            found.append(Happening(item.starts_at, Kind.AGENDA, item.title, item.ends_at))
        talk = await self._conversation.of(event.id)
        for asked in talk.questions:
            if asked.state == "answered" and asked.into is None:
                at = datetime.fromisoformat(asked.answered_at).astimezone(UTC) if asked.answered_at else asked.at
                found.append(Happening(at, Kind.QUESTION, asked.body))
        found += [Happening(p.at, Kind.POLL, p.question) for p in talk.polls if p.state in ("open", "closed", "shared")]
        return sorted(found, key=lambda one: (one.at, _WORTH[one.kind]))

    async def clock(self, event_id: uuid.UUID, recording: Recording | None = None) -> RecordingClock:
        """Of the event's recording. A session that has not told its length lasts as long as the recording does."""
        left = recording.duration_s if recording is not None else None
        sessions = await self._events.sessions(event_id)
        return RecordingClock(
            [(s.started_at, s.duration_s if s.duration_s is not None else left or 0.0) for s in sessions]
        )

    async def chapters(self, event: Event, recording: Recording) -> Chapters:
        """Those that a host saved, else those of the programme, in the event's language."""
        saved = await self._editing.chapters(recording)
        if saved is not None:
            return Chapters(saved, True)
        clock = await self.clock(event.id, recording)
        happened = await self.happenings(event)
        say = (await self._words(i18n.known(event.language) or i18n.SOURCE)).gettext
        return Chapters(suggested(happened, event, clock, recording.duration_s or 0.0, say), False)

    async def _words(self, language: i18n.Language) -> i18n.Catalogue:
        """Read when first needed: most processes never are asked for chapters."""
        if language not in self._catalogues:
            self._catalogues[language] = await asyncio.to_thread(i18n.load, language)
        return self._catalogues[language]

    async def keep_chapters(self, event: Event, recording: Recording) -> None:
        """What is suggested is saved: the file that is about to be made has it. Raises `Conflict`."""
        found = await self.chapters(event, recording)
        if not found.saved and found.items:
            await self._editing.save_chapters(recording, found.items)


def noted(marks: Sequence[Mark], ended_at: datetime | None) -> list[Happening]:
    """Slides, chapters and breaks as they were noted."""
    found = [Happening(start, Kind.PAUSE, "", end) for start, end in pauses(marks, ended_at)]
    for mark in marks:
        if mark.kind is MarkKind.CHAPTER:
            found.append(Happening(mark.at, Kind.CHAPTER, mark.title))
        elif mark.kind is MarkKind.SLIDE:
            number = mark.body.get("number")
            found.append(Happening(mark.at, Kind.SLIDE, mark.title, number=number if isinstance(number, int) else None))
    return found


def _(message: str) -> str:
    return message


BEGINNING: Final = _("Beginning")
SLIDE: Final = _("Slide %(n)s")
SLIDES: Final = _("Slides")
QUESTION: Final = _("Q: %(text)s")
POLL: Final = _("Poll: %(text)s")


def suggested(
    happened: Iterable[Happening], event: Event, clock: RecordingClock, duration_s: float, say: Callable[[str], str]
) -> list[Chapter]:
    """Chapters of what happened: none nearer than 12 s to another, and the first at the beginning."""
    if event.started_at is None or duration_s <= 0:
        return []
    until = event.ended_at or datetime.max.replace(tzinfo=UTC)
    taken: list[tuple[float, str]] = []
    for one in sorted(happened, key=lambda one: _WORTH[one.kind]):
        title = _title(one, say)
        begun = one.until is not None and one.at < event.started_at < one.until  # planned earlier than it began
        if one.kind is Kind.PAUSE or not title or not (begun or event.started_at <= one.at < until):
            continue
        at_s = clock.at(max(one.at, event.started_at))
        at_s = 0.0 if at_s < _FIRST_S else round(at_s, 1)
        if at_s < duration_s - 1 and all(abs(at_s - other) >= _APART_S for other, _title_ in taken):
            taken.append((at_s, title))
    if not taken:
        return []
    if all(at_s > 0 for at_s, _title_ in taken):
        taken.append((0.0, say(BEGINNING)))
    return [Chapter(at_s, title) for at_s, title in sorted(taken)[:MOST_CHAPTERS]]


def _title(one: Happening, say: Callable[[str], str]) -> str:
    text = tidy_title(one.title)
    if one.kind is Kind.QUESTION:
        return tidy_title(say(QUESTION) % {"text": text})
    if one.kind is Kind.POLL:
        return tidy_title(say(POLL) % {"text": text})
    if one.kind is Kind.SLIDE and not text:
        return say(SLIDE) % {"n": one.number} if one.number is not None else say(SLIDES)
    return text
