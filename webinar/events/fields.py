"""What a host fills in of an event, and what is said of what cannot be taken. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from webinar.base.errors import FieldProblem, Invalid
from webinar.base.patterns import LINES, ONE_LINE
from webinar.events.model import Language, Registration

MAX_CAPACITY: Final = 100_000


Title = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE, description="One line.")]


Description = Annotated[str, Field(max_length=10_000, pattern=LINES, description="Plain text.")]


# The form of the names of the IANA database; which of them exist is checked by `check_zone`.
_ZONE: Final = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"


Zone = Annotated[
    str,
    Field(
        max_length=64,
        pattern=_ZONE,
        description="IANA time zone.",
        json_schema_extra={"examples": ["Asia/Seoul", "Europe/Berlin", "UTC"]},
    ),
]


Capacity = Annotated[int, Field(ge=1, le=MAX_CAPACITY, description="Seats.")]


Organizer = Annotated[str, Field(max_length=120, pattern=f"^$|{ONE_LINE}", description="Who invites; may be empty.")]


Accent = Annotated[
    str,
    Field(
        pattern=r"^(#[0-9a-f]{6})?$",
        description="The event's colour; empty: the platform's own.",
        json_schema_extra={"examples": ["#0f766e"]},
    ),
]


NamesShown = Annotated[
    bool,
    Field(
        description="Guests see one another's names in the chat; otherwise a short form that tells them apart. "
        "Holds for what is written from then on. Staff see names always."
    ),
]


class NewEvent(BaseModel):
    """What a host fills in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title
    starts_at: AwareDatetime = Field(description="RFC 3339, with an offset.")
    ends_at: AwareDatetime | None = Field(
        default=None, description="Later than `starts_at`; one hour later by default."
    )
    timezone: Zone = "Asia/Seoul"
    description: Description = ""
    language: Language = "ko"
    capacity: Capacity = 300
    registration: Registration = Registration.OPEN
    state: Literal["draft", "scheduled"] = "scheduled"
    organizer: Organizer = ""
    accent: Accent = ""
    names_shown: NamesShown = False


class EventChange(BaseModel):
    """What of an event may be changed; what is absent stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    timezone: Zone | None = None
    description: Description | None = None
    language: Language | None = None
    capacity: Capacity | None = None
    registration: Registration | None = None
    state: Literal["draft", "scheduled"] | None = None
    organizer: Organizer | None = None
    accent: Accent | None = None
    names_shown: NamesShown | None = None


def parse_new(fields: dict[str, Any]) -> NewEvent:
    """A `NewEvent` of form fields (strings); raises `Invalid` naming every field that cannot be taken."""
    try:
        return NewEvent.model_validate(fields, strict=False)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False)) from error


def parse_change(fields: dict[str, Any]) -> EventChange:
    """An `EventChange` of form fields (strings); raises `Invalid`."""
    try:
        return EventChange.model_validate(fields, strict=False)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False)) from error


_WORDS: Final = {
    "title": "Write a title of at most 200 characters, in one line.",
    "starts_at": "Choose a date and time with its time zone.",
    "ends_at": "Choose a date and time with its time zone.",
    "timezone": "Choose a time zone of the IANA list, like Asia/Seoul.",
    "description": "Write plain text of at most 10,000 characters.",
    "language": "Choose ko or en.",
    "capacity": "Choose a number of seats between 1 and 100,000.",
    "registration": "Choose open, approval or closed.",
    "state": "Choose draft or scheduled.",
    "organizer": "Write who invites in one line of at most 120 characters.",
    "accent": "Write the colour as # and six digits, like #0f766e.",
    "names_shown": "Choose true or false.",
}


def invalid(errors: list[ErrorDetails]) -> Invalid:
    """The error of a body, one message a field, in words for people."""
    problems: dict[str, FieldProblem] = {}
    for error in errors:
        name = ".".join(str(part) for part in error["loc"]) or "body"
        if error["type"] == "extra_forbidden":
            text = "There is no such field."
        elif error["type"] == "missing":
            text = "This field is needed."
        else:
            text = _WORDS.get(name.split(".")[0], error["msg"])
        problems.setdefault(name, FieldProblem(name, text))
    return Invalid("Some fields need another look.", fields=list(problems.values()))
