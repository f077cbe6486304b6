"""What kinds of letters there are, what a host may change of each, and what a letter is. Pure."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webinar.base.errors import FieldProblem, Invalid
from webinar.base.patterns import LINES, ONE_LINE

Language = Literal["ko", "en"]
# Names that a text may hold in braces; what stands for them is put in when the letter is sent.
PLACES: Final = ("name", "title", "when", "link")
_PLACE: Final = re.compile(r"\{([^{}\n]{0,60})\}")
MAX_SUBJECT: Final = 200
MAX_TEXT: Final = 5000


class Kind(enum.StrEnum):
    """Why a letter is written."""

    CONFIRMED = "confirmed"  # registered, with a seat
    PENDING = "pending"  # registered, the host decides
    WAITING = "waiting"  # registered, on the waiting list
    APPROVED = "approved"  # by the host, or moved up
    DECLINED = "declined"
    CANCELLED = "cancelled"  # a registration
    INVITED = "invited"
    LINK = "link"  # the personal link once more
    CHANGED = "changed"  # another time or title
    CALLED_OFF = "called_off"  # the event does not take place
    DAY = "reminder_day"
    HOUR = "reminder_hour"
    SOON = "reminder_soon"
    THANKS = "thanks"  # to those who came
    MISSED = "missed"  # to those who did not
    CERTIFICATE = "certificate"


class Calendar(enum.Enum):
    """What a letter does to the calendar of who gets it (RFC 5546)."""

    NOTHING = ""
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class Group(enum.StrEnum):
    """Kinds as a host thinks of them, in this order."""

    REGISTRATION = "registration"
    CHANGES = "changes"
    REMINDERS = "reminders"
    AFTERWARDS = "afterwards"


class Shown(enum.Enum):
    """Whether those a follow-up goes to can watch the recording."""

    NOT = enum.auto()  # the host does not show it to them, or there is none
    SOON = enum.auto()  # once it is ready
    NOW = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """What is the same for all letters of a kind."""

    group: Group
    calendar: Calendar = Calendar.NOTHING  # as far as the person has a seat, or has lost one: `entry_for`
    on: bool = True  # unless the host says otherwise
    # Of reminders before the start, of follow-ups after the end.
    minutes: int | None = None
    choosable: bool = True  # whether the host may switch it off
    places: tuple[str, ...] = PLACES
    own_link: bool = True  # {link} is the personal link; else the event's page, or a certificate
    refusable: bool = False  # people may ask for no more of these

    @property
    def reminder(self) -> bool:
        return self.group is Group.REMINDERS

    @property
    def needs_link(self) -> bool:
        """Whether people cannot come without it: it is added where the host's words lack it."""
        return self.own_link and (self.calendar is Calendar.REQUEST or self.reminder)

    @property
    def followup(self) -> bool:
        return self.group is Group.AFTERWARDS and self.minutes is not None


_R, _C, _M, _A = Group.REGISTRATION, Group.CHANGES, Group.REMINDERS, Group.AFTERWARDS
SORTS: Final[Mapping[Kind, Sort]] = {
    Kind.CONFIRMED: Sort(group=_R, calendar=Calendar.REQUEST),
    Kind.PENDING: Sort(group=_R, calendar=Calendar.CANCEL),
    Kind.WAITING: Sort(group=_R, places=(*PLACES, "place")),
    Kind.APPROVED: Sort(group=_R, calendar=Calendar.REQUEST),
    Kind.DECLINED: Sort(group=_R, calendar=Calendar.CANCEL, own_link=False),
    Kind.INVITED: Sort(group=_R, calendar=Calendar.REQUEST),
    Kind.CANCELLED: Sort(group=_R, calendar=Calendar.CANCEL, own_link=False),
    Kind.LINK: Sort(group=_R, calendar=Calendar.REQUEST, choosable=False),
    Kind.CHANGED: Sort(group=_C, calendar=Calendar.REQUEST),
    Kind.CALLED_OFF: Sort(group=_C, calendar=Calendar.CANCEL, own_link=False, places=PLACES[:3]),
    Kind.DAY: Sort(group=_M, minutes=24 * 60, refusable=True),
    Kind.HOUR: Sort(group=_M, minutes=60, refusable=True),
    Kind.SOON: Sort(group=_M, minutes=5, refusable=True),
    Kind.THANKS: Sort(group=_A, on=False, minutes=60, refusable=True, places=(*PLACES, "recording")),
    Kind.MISSED: Sort(group=_A, on=False, minutes=60, refusable=True, places=(*PLACES, "recording")),
    Kind.CERTIFICATE: Sort(group=_A, own_link=False),
}
REMINDERS: Final = tuple(kind for kind, sort in SORTS.items() if sort.reminder)
FOLLOWUPS: Final = tuple(kind for kind, sort in SORTS.items() if sort.followup)
# A week before the start, a month after the end.
LONGEST: Final[Mapping[Group, int]] = {Group.REMINDERS: 7 * 24 * 60, Group.AFTERWARDS: 30 * 24 * 60}


class LetterState(enum.StrEnum):
    WAITING = "waiting"
    SENT = "sent"  # taken by the mail server
    FAILED = "failed"  # refused, or tried until the end
    DROPPED = "dropped"  # not wanted any more when its turn came


@dataclass(frozen=True, slots=True)
class Letter:
    """One row: a letter to one person. `to_email` is set where it goes to somebody else, as a test does."""

    id: uuid.UUID
    event_id: uuid.UUID
    attendee_id: uuid.UUID | None
    to_email: str | None
    kind: Kind
    language: Language
    occasion: str | None  # once a person, kind and occasion
    facts: dict[str, Any]
    state: LetterState
    subject: str  # as sent; empty before
    answer: str  # of the mail server, or why not, in words
    tries: int
    created_at: datetime
    done_at: datetime | None

    @property
    def test(self) -> bool:
        return self.attendee_id is None


@dataclass(frozen=True, slots=True)
class Logged:
    """A letter as the host's log shows it."""

    letter: Letter
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A page of the log, newest first; `next` continues it, None at its end."""

    items: tuple[Logged, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What people were last told of an event, and how often that changed (RFC 5545, 3.8.7.4)."""

    sequence: int
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str


Subject = Annotated[str, Field(max_length=MAX_SUBJECT, pattern=f"^$|{ONE_LINE}")]
Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=LINES)]


class Words(BaseModel):
    """Subject and text of one language; an empty one is ours."""

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: Subject = ""
    text: Text = ""


class Choice(BaseModel):
    """What a host chose of a kind; what is absent stays as it is, None is as we have it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool | None = None
    minutes: Annotated[int, Field(ge=1, le=LONGEST[Group.AFTERWARDS])] | None = Field(
        default=None, description="Of reminders before the start, of follow-ups after the end."
    )
    ko: Words | None = None
    en: Words | None = None

    def words(self, language: Language) -> Words:
        return (self.ko if language == "ko" else self.en) or Words()


@dataclass(frozen=True, slots=True)
class Plan:
    """A kind as it is for one event: ours, with what the host changed. `shown` is of follow-ups (`webinar.showing`)."""

    kind: Kind
    choice: Choice
    shown: Shown = Shown.NOT

    @property
    def sort(self) -> Sort:
        return SORTS[self.kind]

    @property
    def enabled(self) -> bool:
        if not self.sort.choosable or self.choice.enabled is None:
            return self.sort.on
        return self.choice.enabled

    @property
    def minutes(self) -> int | None:
        return self.sort.minutes if self.choice.minutes is None else self.choice.minutes

    @property
    def own(self) -> bool:
        """Whether the host has put words in the place of ours."""
        return any(words.subject or words.text for words in (self.choice.words("ko"), self.choice.words("en")))


def entry_for(kind: Kind, *, seated: bool, lost: bool) -> Calendar:
    """What a letter of this kind does to the calendar of who has a seat, or who `lost` one by what it is about.

    Nobody without a seat gets an entry, and nobody is told to remove one they never had.
    """
    what = SORTS[kind].calendar
    wanted = seated if what is Calendar.REQUEST else lost
    return what if wanted else Calendar.NOTHING


def unknown_places(text: str, kind: Kind) -> list[str]:
    """Names in braces that nothing stands for in letters of this kind, each once."""
    return [name for name in dict.fromkeys(_PLACE.findall(text)) if name not in SORTS[kind].places]


def fill(text: str, facts: Mapping[str, str]) -> str:
    """`text` with what its places stand for; braces of anything else stay as they are."""
    return _PLACE.sub(lambda match: facts.get(match[1], match[0]), text)


def check(kind: Kind, choice: Choice) -> None:
    """Raises `Invalid`, naming each field (`ko.subject`, `minutes`, …) that this kind cannot take."""
    sort = SORTS[kind]
    problems: list[FieldProblem] = []
    if choice.enabled is False and not sort.choosable:
        problems.append(FieldProblem("enabled", "People ask for this letter themselves: it cannot be switched off."))
    if choice.minutes is not None:
        if sort.minutes is None:
            problems.append(FieldProblem("minutes", "This letter has no time: it goes out when its reason comes up."))
        elif choice.minutes > LONGEST[sort.group]:
            problems.append(FieldProblem("minutes", "Choose at most 7 days before the start, or 30 after the end."))
    for language in ("ko", "en"):
        words: Words | None = getattr(choice, language)
        for field in ("subject", "text") if words is not None else ():
            unknown = unknown_places(getattr(words, field), kind)
            if unknown:
                names = ", ".join("{" + name + "}" for name in unknown)
                known = ", ".join("{" + name + "}" for name in sort.places)
                problems.append(FieldProblem(f"{language}.{field}", f"Nothing stands for {names}. There are {known}."))
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)


_WORDS: Final = {
    "subject": "Write one line of at most 200 characters.",
    "text": "Write plain text of at most 5,000 characters.",
    "minutes": "Choose a whole number of minutes.",
}


def parse(fields: Mapping[str, Any]) -> Choice:
    """A `Choice` of a form or a JSON body; raises `Invalid` naming the fields."""
    try:
        return Choice.model_validate(dict(fields))
    except ValidationError as error:
        problems: dict[str, FieldProblem] = {}
        for found in error.errors(include_url=False, include_context=False):
            name = ".".join(str(part) for part in found["loc"]) or "body"
            problems.setdefault(name, FieldProblem(name, _WORDS.get(name.split(".")[-1], found["msg"])))
        raise Invalid("Some fields need another look.", fields=list(problems.values())) from error
