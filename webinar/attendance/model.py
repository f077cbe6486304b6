"""What is known of who was there, and what an event asks for. Pure.

A *span* is a time during which media played on one device, live or of the past. What the host corrects stands beside
it and never replaces it. A *mark* is a button pressed: enter (입실), leave (퇴실), or the answer to a prompt.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from webinar.attendance.intervals import NEVER, Spans
from webinar.base.errors import FieldProblem, Invalid
from webinar.base.patterns import LINES

Kind = Literal["live", "replay"]
MarkKind = Literal["enter", "leave", "confirm"]
MOST_RULES: Final = 40
# Two prompts are never nearer than half of their mean distance; an answer must be over before the next may come.
_NEAREST: Final = 0.5
RULE_WORDS: Final = "A rule asks for a share, for minutes, for check-in or check-out, or for answered prompts."
ANSWER_WORDS: Final = "Choose fewer minutes: an answer must be over before the next prompt can come."


def _of_this_century(moment: datetime) -> datetime:
    # By its fields: at the edges of the calendar arithmetic with an offset fails.
    if not 2000 <= moment.year < 2100:
        raise PydanticCustomError("moment", "Choose a date between 2000 and 2100.")
    return moment.astimezone(UTC)


# As PostgreSQL takes it, too: an offset of 16 hours is none there.
Moment = Annotated[AwareDatetime, AfterValidator(_of_this_century)]


class Outcome(enum.StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"  # it can still become either


class Rule(BaseModel):
    """What somebody must have done for the event, or one item of its agenda, to count. All that is given is needed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: uuid.UUID | None = Field(default=None, description="Null for a new one.", strict=False)
    agenda_item_id: uuid.UUID | None = Field(default=None, description="Null: the whole event.", strict=False)
    share: Annotated[int | None, Field(ge=1, le=100, description="% of the programme, watched live.")] = None
    minutes: Annotated[int | None, Field(ge=1, le=20_160, description="Watched live.")] = None
    enter: bool = Field(default=False, description="Checked in while it could be done.")
    leave: bool = Field(default=False, description="Checked out while it could be done.")
    confirmed: Annotated[
        int | None, Field(ge=1, le=100, description="% of the prompts answered that the person was asked.")
    ] = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Rule:
        if not (self.share or self.minutes or self.enter or self.leave or self.confirmed):
            raise PydanticCustomError("rules", RULE_WORDS)
        return self


Minutes = Annotated[int, Field(ge=0, le=240)]


class Plan(BaseModel):
    """How attendance of one event is taken."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    windows: bool = Field(default=False, description="People check in and check out.")
    enter_before_min: Minutes = Field(default=30, description="Check-in opens so long before the start.")
    enter_after_min: Minutes = Field(default=15, description="It closes so long after it, or when the event ends.")
    leave_before_min: Minutes = Field(
        default=10, description="Check-out opens so long before the planned end; it closes when the event ends."
    )
    prompts_per_hour: Annotated[int, Field(ge=0, le=6, description="How often people are asked, on average.")] = 0
    answer_min: Annotated[int, Field(ge=1, le=15, description="Time to answer.")] = 3
    pauses_count: bool = Field(default=True, description="Breaks of the programme belong to it.")
    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)] = ()

    @model_validator(mode="after")
    def _answers_end_before_the_next_prompt(self) -> Plan:
        if self.prompts_per_hour and self.answer_min > 60 * _NEAREST / self.prompts_per_hour:
            raise PydanticCustomError("answer_min", ANSWER_WORDS)
        return self

    @property
    def prompt_gaps(self) -> tuple[timedelta, timedelta] | None:
        """The least and the greatest time from one prompt to the next; None without prompts."""
        if not self.prompts_per_hour:
            return None
        mean = timedelta(hours=1) / self.prompts_per_hour
        return mean * _NEAREST, mean * (2 - _NEAREST)


@dataclass(frozen=True, slots=True)
class Beat:
    """Media played on one device from `started_at` to `ended_at`, by its own word."""

    kind: Kind
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """`prompt` is the number of the answered one, else 0."""

    kind: MarkKind
    at: datetime
    prompt: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everybody is asked at `at` and may answer until `until`."""

    number: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """An item of the agenda."""

    id: uuid.UUID
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Programme:
    """What attendance must know of an event. `pauses` ended; one that lasts ends now."""

    event_id: uuid.UUID
    state: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    pauses: Spans = NEVER
    parts: tuple[Part, ...] = ()

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    def so_far(self, now: datetime) -> Spans:
        """From the start to the end, or to now."""
        if self.started_at is None:
            return NEVER
        end = self.ended_at or max(now, self.started_at)
        return ((self.started_at, end),) if self.started_at < end else NEVER


@dataclass(frozen=True, slots=True)
class Window:
    """When a button can be pressed."""

    opens_at: datetime
    closes_at: datetime

    def open(self, moment: datetime) -> bool:
        return self.opens_at <= moment <= self.closes_at


CorrectionKind = Literal["add", "remove", "pass", "fail"]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a host changed of one person, and why. `rule_id` None: all rules.

    `reason` and `by` are empty and `salt` None once the person was forgotten.
    """

    id: uuid.UUID
    attendee_id: uuid.UUID
    kind: CorrectionKind
    started_at: datetime | None
    ended_at: datetime | None
    rule_id: uuid.UUID | None
    reason: str
    by: str
    salt: bytes | None
    at: datetime


class NewCorrection(BaseModel):
    """`add` and `remove` change when the person was there live; `pass` and `fail` decide over a rule, or all."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: CorrectionKind
    started_at: Moment | None = Field(default=None, description="Of what is added or removed; RFC 3339.")
    ended_at: Moment | None = None
    rule_id: uuid.UUID | None = Field(default=None, description="Null: all rules.", strict=False)
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=LINES, description="Logged.")]

    @model_validator(mode="after")
    def _has_its_times(self) -> NewCorrection:
        if self.kind in ("pass", "fail"):
            if self.started_at is not None or self.ended_at is not None:
                raise PydanticCustomError("started_at", "A rule is decided without times.")
        elif self.started_at is None or self.ended_at is None or self.rule_id is not None:
            raise PydanticCustomError("started_at", "Say from when to when; no rule.")
        elif self.ended_at <= self.started_at:
            raise PydanticCustomError("ended_at", "The end must be later than the start.")
        if not self.reason.strip():
            raise PydanticCustomError("reason", "Write the reason in at most 500 characters.")
        return self


@dataclass(frozen=True, slots=True)
class Record:
    """All that is stored of one person, as it came. `live` and `replay` by device."""

    attendee_id: uuid.UUID
    live: Mapping[str, Spans] = field(default_factory=dict)
    replay: Mapping[str, Spans] = field(default_factory=dict)
    seen: Spans = NEVER
    marks: tuple[Mark, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """How one person stands by one rule: minutes watched of what it is about, and the share of it."""

    rule_id: uuid.UUID
    agenda_item_id: uuid.UUID | None
    outcome: Outcome
    watched_s: float
    programme_s: float
    corrected: bool = False  # decided by the host

    @property
    def share(self) -> float:
        """0..1, cut to what is whole: nobody passes by rounding."""
        return min(self.watched_s / self.programme_s, 1.0) if self.programme_s > 0 else 0.0

    @property
    def minutes(self) -> int:
        return int(self.watched_s // 60)


@dataclass(frozen=True, slots=True)
class Attended:
    """One person of an event, with what was corrected. `spans` are live, over all devices, each moment once."""

    attendee_id: uuid.UUID
    spans: Spans
    replay: Spans
    live_s: float
    replay_s: float
    first_at: datetime | None
    last_at: datetime | None
    asked: int
    confirmed: int
    entered_at: datetime | None
    left_at: datetime | None
    seen_share: float  # of `live_s` that the servers themselves saw, 0..1
    outcomes: tuple[Judged, ...]
    corrections: tuple[Correction, ...]
    devices: int = 0

    @property
    def came(self) -> bool:
        """There live for any time, or good for a rule all the same."""
        return self.live_s > 0 or any(judged.outcome is Outcome.PASSED for judged in self.outcomes)

    @property
    def outcome(self) -> Outcome | None:
        """Over all rules; None where there are none."""
        found = {judged.outcome for judged in self.outcomes}
        if not found:
            return None
        for outcome in (Outcome.FAILED, Outcome.OPEN):
            if outcome in found:
                return outcome
        return Outcome.PASSED


@dataclass(frozen=True, slots=True)
class LogEntry:
    """As `webinar.base.chain` hashes it."""

    seq: int
    at: str
    type: str
    body: Mapping[str, Any]
    prev: str
    hash: str


_WORDS: Final = {
    "prompts_per_hour": "Choose a number from 0 to 6.",
    "answer_min": "Choose minutes from 1 to 15.",
    "share": "Choose a share from 1 to 100 %.",
    "minutes": "Choose a number of minutes.",
    "confirmed": "Choose a share from 1 to 100 %.",
    "rules": "At most 40 rules.",
    "reason": "Write the reason in at most 500 characters.",
    "started_at": "Choose a date and time.",
    "ended_at": "Choose a date and time.",
    "kind": "Choose what is to be changed.",
}
_MINUTES: Final = "Choose minutes from 0 to 240."


def parse_plan(fields: dict[str, Any]) -> Plan:
    """A `Plan` of form fields; raises `Invalid`."""
    try:
        return Plan.model_validate(fields, strict=False)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)) from error


def parse_correction(fields: dict[str, Any]) -> NewCorrection:
    """A `NewCorrection` of form fields; raises `Invalid`."""
    try:
        return NewCorrection.model_validate(fields, strict=False)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)) from error


_OWN: Final = ("moment", "rules", "answer_min", "started_at", "ended_at", "reason")


def _invalid(errors: list[ErrorDetails]) -> Invalid:
    """One message a field, in words for people. What a whole model refuses has its field's name for a type."""
    problems: dict[str, FieldProblem] = {}
    for error in errors:
        name = ".".join(str(part) for part in error["loc"])
        if error["type"] in _OWN:
            name, text = name or error["type"], error["msg"]
        else:
            last = name.split(".")[-1]
            text = _WORDS.get(last) or (_MINUTES if last.endswith("_min") else error["msg"])
        problems.setdefault(name, FieldProblem(name, text))
    return Invalid("Some fields need another look.", fields=list(problems.values()))
