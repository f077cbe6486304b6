"""A person who wants to come, and what a seat is. Pure."""

from __future__ import annotations

import enum
import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from webinar.base.errors import Conflict, FieldProblem, Forbidden, Gone, Invalid
from webinar.base.patterns import EMAIL, ONE_LINE
from webinar.registration.questions import Answer, QuestionText

Language = Literal["ko", "en"]


class Status(enum.StrEnum):
    """Where a person stands. Only `approved` holds a seat."""

    APPROVED = "approved"
    PENDING = "pending"  # the host decides
    WAITLISTED = "waitlisted"  # no seat left; moves up when one is freed
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One row. `link_version` counts up when the personal link is renewed.

    Of a person whose data was deleted (`forgotten_at`) only the id and the times of the registration are true.
    """

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    email: str  # lower case
    answers: dict[str, str]
    status: Status
    link_version: int
    language: Language
    registered_at: datetime
    decided_at: datetime | None
    first_joined_at: datetime | None
    consent_at: datetime | None = None  # None: somebody else registered them
    consent_version: str | None = None
    marketing_at: datetime | None = None  # agreed to hear of other events
    forgotten_at: datetime | None = None
    number: int = 0  # in the order of registration, for good; nobody else of the event has it


@dataclass(frozen=True, slots=True)
class Knocking:
    """Somebody before the locked door."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, in the words they were shown."""

    text: str
    marketing: bool = False

    @property
    def version(self) -> str:
        """The same for the same words."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Step:
    """A person who stands elsewhere now; `before` is None for a new one. `by_host`: the host decided it.

    `quiet`: the page they have open says it, and no letter.
    """

    attendee: Attendee
    before: Status | None
    by_host: bool = False
    quiet: bool = False


class By(enum.Enum):
    """Who registers somebody, and what becomes of the personal link."""

    CALLER = "caller"  # who may know it: the host, or a program of theirs
    MAIL = "mail"  # a stranger, where the link is sent to the address they typed
    PAGE = "page"  # a stranger, where there is no mail: only the page can show it


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration gave. `created` is False for a known address.

    Anybody may type anybody's address: unless it is `shown`, show whoever typed it nothing of this person. Their link
    is on its way to the address then, if they were not on the list before.
    """

    attendee: Attendee
    created: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class Seats:
    """Counts of one event."""

    capacity: int
    approved: int
    pending: int
    waitlisted: int

    @property
    def left(self) -> int:
        return max(0, self.capacity - self.approved)

    @property
    def any(self) -> bool:
        """Whether somebody has a seat, or waits for one."""
        return self.approved + self.pending + self.waitlisted > 0


@dataclass(frozen=True, slots=True)
class Door:
    """What registration must know of the event and its rules."""

    event_id: uuid.UUID
    state: str  # of the event
    registration: str  # open, approval, closed
    capacity: int
    language: Language
    domains: tuple[str, ...] = ()  # of e-mail addresses that are let in at once; of none: everybody alike
    others: Literal["pending", "refused"] = "pending"  # what becomes of other addresses then
    closes_at: datetime | None = None
    ends_at: datetime | None = None  # as planned


@dataclass(frozen=True, slots=True)
class Taken:
    """How many people hold a seat, and how many wait for one."""

    approved: int
    waitlisted: int

    def with_one(self, status: Status) -> Taken:
        """And one more person who stands there."""
        return Taken(self.approved + int(status is Status.APPROVED), self.waitlisted + int(status is Status.WAITLISTED))


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom the host added, with a seat or on the waiting list; `known` were on the list before."""

    added: tuple[Attendee, ...]
    known: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """Who changed; `left` did not, without a seat or cancelled. `waiting` of them are new on the waiting list."""

    changed: tuple[Attendee, ...]
    left: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class AttendeePage:
    """A page of a list; `next` continues it, None at its end."""

    items: tuple[Attendee, ...]
    next: str | None


def _no_link(name: str) -> str:
    """What people call themselves stands in letters from the host's address, to whatever address they type."""
    if re.search(r"://|www\.", name, re.IGNORECASE):
        raise ValueError("a name holds no web address")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE), AfterValidator(_no_link)]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=EMAIL)]


def _by_question(schema: dict[str, Any]) -> None:
    """What pydantic checks, in words of JSON Schema that forbid other keys too."""
    (answer,) = schema.pop("patternProperties").values()
    question = {"minLength": 1, "maxLength": 200, "pattern": ONE_LINE}
    schema.update(additionalProperties=answer, propertyNames=question, description="By question.")


class NewAttendee(BaseModel):
    """What a person fills in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    email: Email
    answers: Annotated[dict[QuestionText, Answer], Field(max_length=10, json_schema_extra=_by_question)] = {}
    language: Language | None = Field(default=None, description="Of mails and pages; the event's by default.")


def decide(door: Door, taken: Taken, email: str, now: datetime, *, by_host: bool, proven: bool = True) -> Status:
    """Where a new person of an event with so many seats taken stands. Raises `Conflict` behind a closed door.

    An address that is not `proven` to be the person's own gives no seat by its domain: the host decides.
    """
    if door.state == "ended":
        raise Conflict("The event is over: nobody can register any more.", code="event_ended")
    if not by_host:
        if door.registration == "closed" or door.state == "draft":
            raise Conflict("Registration is closed. Ask the host for an invitation.", code="registration_closed")
        if door.closes_at is not None and door.closes_at <= now:
            raise Conflict("The time to register is over. Ask the host for an invitation.", code="registration_closed")
        if door.state == "scheduled" and door.ends_at is not None and door.ends_at <= now:
            raise Conflict("The time of this event is over. Ask the host for another date.", code="registration_closed")
        known = of_domains(email, door.domains)
        if door.domains and not known and door.others == "refused":
            raise Conflict("Register with the address of your organisation, or ask the host.", code="domain_refused")
        if not (known and proven) and (door.domains or door.registration == "approval"):
            return Status.PENDING
    # Nobody overtakes those who wait.
    return Status.APPROVED if taken.approved < door.capacity and not taken.waitlisted else Status.WAITLISTED


def of_domains(email: str, domains: tuple[str, ...]) -> bool:
    """Whether an address is of one of the domains, or of a part of one (`kim@cs.example.org` of `example.org`)."""
    own = email.rpartition("@")[2].lower()
    return any(own == domain or own.endswith(f".{domain}") for domain in domains)


def may_join(attendee: Attendee) -> None:
    """Raises `Forbidden` (pending, waitlisted, declined) or `Gone` (cancelled) unless the person holds a seat."""
    if attendee.status is Status.CANCELLED:
        raise Gone("This registration was cancelled. Register again on the event page.", code="cancelled")
    if attendee.status is Status.DECLINED:
        raise Forbidden("The host did not approve this registration.", code="declined")
    if attendee.status is Status.PENDING:
        raise Forbidden("The host has not approved this registration yet.", code="pending")
    if attendee.status is Status.WAITLISTED:
        raise Forbidden("The event is full. You are on the waiting list.", code="waitlisted")


def may_move(before: Status, after: Status) -> None:
    """Raises `Conflict` for a decision that cannot follow the present status."""
    if before is Status.CANCELLED and after is not Status.CANCELLED:
        raise Conflict("This person has cancelled. They can register again.", code="cancelled")


def parse_new(fields: dict[str, Any]) -> NewAttendee:
    """A `NewAttendee` of form fields; spaces around are taken off. Raises `Invalid` naming the fields."""
    cleaned = {
        k: " ".join(v.split()) if k in ("name", "email") and isinstance(v, str) else v for k, v in fields.items()
    }
    try:
        return NewAttendee.model_validate(cleaned, strict=False)
    except ValidationError as error:
        problems: dict[str, FieldProblem] = {}
        for found in error.errors(include_url=False, include_context=False):
            name = str(found["loc"][0]) if found["loc"] else "body"
            words = "Write a name." if name == "name" and not cleaned.get("name") else WORDS.get(name, found["msg"])
            problems.setdefault(name, FieldProblem(name, words))
        raise Invalid("Some fields need another look.", fields=list(problems.values())) from error


WORDS: Final = {
    "name": "Write a name of at most 100 characters, without a web address.",
    "email": "Write an e-mail address like name@example.org.",
    "answers": "Write at most 2,000 characters an answer.",
    "language": "Choose ko or en.",
}
