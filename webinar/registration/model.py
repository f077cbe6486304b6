"""A person who wants to come, and what a seat is. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webinar.base.errors import Conflict, FieldProblem, Forbidden, Gone, Invalid
from webinar.base.patterns import EMAIL, LINES, ONE_LINE

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
    """One row. `link_version` counts up when the personal link is renewed."""

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


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration gave. `created` is False for a known address: show such a caller no personal link,
    since anybody may type anybody's address.
    """

    attendee: Attendee
    created: bool


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


@dataclass(frozen=True, slots=True)
class Door:
    """What registration must know of the event."""

    event_id: uuid.UUID
    state: str  # of the event
    registration: str  # open, approval, closed
    capacity: int
    language: Language


@dataclass(frozen=True, slots=True)
class AttendeePage:
    """A page of a list; `next` continues it, None at its end."""

    items: tuple[Attendee, ...]
    next: str | None


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=EMAIL)]
Question = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
Answer = Annotated[str, Field(max_length=2000, pattern=LINES)]


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
    answers: Annotated[dict[Question, Answer], Field(max_length=10, json_schema_extra=_by_question)] = {}
    language: Language | None = Field(default=None, description="Of mails and pages; the event's by default.")


def decide(door: Door, approved: int, *, by_host: bool) -> Status:
    """Where a new person of an event with `approved` seats taken stands. Raises `Conflict` behind a closed door."""
    if door.state == "ended":
        raise Conflict("The event is over: nobody can register any more.", code="event_ended")
    if not by_host and (door.registration == "closed" or door.state == "draft"):
        raise Conflict("Registration is closed. Ask the host for an invitation.", code="registration_closed")
    if not by_host and door.registration == "approval":
        return Status.PENDING
    return Status.APPROVED if approved < door.capacity else Status.WAITLISTED


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
            problems.setdefault(name, FieldProblem(name, WORDS.get(name, found["msg"])))
        raise Invalid("Some fields need another look.", fields=list(problems.values())) from error


WORDS: Final = {
    "name": "Write a name of at most 100 characters.",
    "email": "Write an e-mail address like name@example.org.",
    "answers": "Write at most 2,000 characters an answer.",
    "language": "Choose ko or en.",
}
