"""What an event is, and which state follows which. Pure."""

from __future__ import annotations

import enum
import re
import secrets
import unicodedata
import uuid
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from webinar.base.errors import Conflict, FieldProblem, Invalid
from webinar.base.patterns import ONE_LINE

if TYPE_CHECKING:
    from webinar.events.fields import EventChange

DEFAULT_LENGTH: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=14)
# Random characters of a slug: no vowels, so no words; no look-alikes.
_SLUG_ALPHABET: Final = "bcdfghjkmnpqrstvwxz23456789"
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

Language = Literal["ko", "en"]


class EventState(enum.StrEnum):
    """States of an event, in order. Changed in one place: `webinar.events.service`."""

    DRAFT = "draft"  # seen by hosts only
    SCHEDULED = "scheduled"  # announced
    LIVE = "live"  # on air
    ENDED = "ended"  # over for good


class Registration(enum.StrEnum):
    OPEN = "open"  # everyone gets a seat while there are seats
    APPROVAL = "approval"  # the host decides
    CLOSED = "closed"  # only people whom the host adds


@dataclass(frozen=True, slots=True)
class Event:
    """One row. Times are aware, in UTC."""

    id: uuid.UUID
    slug: str
    title: str
    description: str
    language: Language
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: int
    registration: Registration
    state: EventState
    stream_key_version: int
    presenter_link_version: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    paused: bool = False  # while live: viewers see the holding picture and hear nothing
    moderator_link_version: int = 1
    organizer: str = ""  # who invites, as guests read it
    accent: str | None = None  # `#0f766e`; None: the platform's own colour
    series_id: uuid.UUID | None = None  # of the events that were made together
    sent_at: datetime | None = None  # past the planned end: when somebody last sent
    ended_itself: bool = False  # by the clock, because nobody ended it
    names_shown: bool = False  # guests see one another's names; else short forms that tell them apart


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who came by the moderators' link and said their name; void with the link of `link_version`."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    link_version: int

    @property
    def person(self) -> str:
        """Their id in the chat."""
        return f"moderator:{self.id}"


@dataclass(frozen=True, slots=True)
class LiveSession:
    """One publish of an event: a killed ingest is replaced in a new one."""

    id: str
    event_id: uuid.UUID
    hls_prefix: str
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next` continues it, None at its end."""

    items: tuple[Event, ...]
    next: str | None


def new_slug(title: str) -> str:
    """`annual-meeting-x7k2m`: words of the title in any script, and 5 random characters nobody can guess."""
    words = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", title).lower()).split()
    tail = "".join(secrets.choice(_SLUG_ALPHABET) for _ in range(5))
    return f"{_readable(words) or 'event'}-{tail}"


def _readable(words: list[str]) -> str:
    """As many whole words as fit; of a first one that is too long alone, its beginning."""
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word
        if not _short(longer):
            return kept or next(word[:end] for end in range(len(word) - 1, 0, -1) if _short(word[:end]))
        kept = longer
    return kept


def _short(text: str) -> bool:
    """Also as messengers and mail programs write an address on: 9 characters for a syllable of Hangul."""
    return len(text) <= 40 and len(quote(text)) <= 60


def check_zone(name: str) -> None:
    """Raises `Invalid` unless the IANA database knows the zone."""
    if name not in zoneinfo.available_timezones():
        raise Invalid(
            "Some fields need another look.",
            fields=[FieldProblem("timezone", "Choose a time zone of the IANA list, like Asia/Seoul.")],
        )


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `Invalid` for an event that ends before it starts, lasts too long, or is out of this century."""
    problem: FieldProblem | None = None
    if not _EARLIEST <= starts_at <= _LATEST:
        problem = FieldProblem("starts_at", "Choose a date between 2000 and 2100.")
    elif ends_at <= starts_at:
        problem = FieldProblem("ends_at", "The end must be later than the start.")
    elif ends_at - starts_at > LONGEST:
        problem = FieldProblem("ends_at", "An event lasts 14 days at most.")
    if problem is not None:
        raise Invalid("Some fields need another look.", fields=[problem])


def default_end(starts_at: datetime) -> datetime:
    """One hour later. Raises `Invalid` at the end of the calendar."""
    if starts_at > _LATEST:
        check_times(starts_at, starts_at)
    return starts_at + DEFAULT_LENGTH


# What may still be put right when an event is over.
_ALWAYS: Final = frozenset(("title", "description", "language", "organizer", "accent"))


def may_edit(event: Event, change: EventChange) -> None:
    """Raises `Conflict` for a change that the event's state does not allow."""
    if event.state is EventState.ENDED and change.model_fields_set - _ALWAYS:
        raise Conflict(
            "The event is over: only its title, description, organizer, language and look can change.",
            code="event_ended",
        )
    if event.state is EventState.LIVE and change.model_fields_set & {"starts_at", "state", "language"}:
        raise Conflict("The event is live: end it first, or leave its start as it is.", code="event_live")


def may_delete(event: Event) -> None:
    """Raises `Conflict` while it is live."""
    if event.state is EventState.LIVE:
        raise Conflict("The event is live: end it before deleting it.", code="event_live")


def may_start(state: EventState) -> None:
    """Raises `Conflict` unless an event in this state can go (or is) live."""
    if state is EventState.ENDED:
        raise Conflict("The event is over and cannot be started again. Make a new one.", code="event_ended")
    if state is EventState.DRAFT:
        raise Conflict("The event is a draft: publish it before going live.", code="event_draft")


def may_end(state: EventState) -> None:
    """Raises `Conflict` unless an event in this state can end (or has ended)."""
    if state in (EventState.DRAFT, EventState.SCHEDULED):
        raise Conflict("The event is not live.", code="not_live")


def may_pause(state: EventState) -> None:
    """Raises `Conflict` unless an event in this state can be paused and resumed."""
    if state is not EventState.LIVE:
        raise Conflict("The event is not live.", code="not_live")


def ends_itself_at(event: Event, quiet: timedelta, latest: timedelta) -> datetime | None:
    """When an event that nobody ends is over all the same; None unless it is live.

    `quiet` after its planned end, or after somebody last sent past that; `latest` after its planned end in any case.
    What was started past its planned end has until then, counted from its start.
    """
    if event.state is not EventState.LIVE:
        return None
    planned = max(event.ends_at, event.started_at or event.ends_at)
    return min(max(planned, event.sent_at or planned) + quiet, planned + latest)


def keeps_promise(ends_at: datetime, promised: datetime | None) -> None:
    """Raises `Conflict` for an event whose data would have to be destroyed before it is over.

    `promised`: the earliest date that somebody who registered was told; moving an event does not put it off.
    """
    if promised is not None and ends_at >= promised:
        raise Conflict(
            "Guests were told that their data is deleted before then. Make a new event for the later date.",
            code="retention_promised",
        )


MAX_MODERATOR_NAME: Final = 60
_NAME: Final = re.compile(ONE_LINE)


def moderator_name(typed: str) -> str:
    """The name as it is shown in the chat. Raises `Invalid`."""
    name = typed.strip()
    if not name or len(name) > MAX_MODERATOR_NAME or not _NAME.fullmatch(name):
        problem = FieldProblem("name", "Write your name in one line of at most 60 characters.")
        raise Invalid("Some fields need another look.", fields=[problem])
    return name
