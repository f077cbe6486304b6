"""What is known of who was there; what an event asks for is in `plan`. Pure.

A *span* is a time during which media played on one device, live or of the past. What the host corrects stands beside
it and never replaces it. A *mark* is a button pressed: enter (입실), leave (퇴실), or the answer to a prompt.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from webinar.attendance.intervals import NEVER, Spans
from webinar.attendance.problems import invalid
from webinar.base.patterns import LINES

Kind = Literal["live", "replay"]
MarkKind = Literal["enter", "leave", "confirm"]


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


def parse_correction(fields: dict[str, Any]) -> NewCorrection:
    """A `NewCorrection` of form fields; raises `Invalid`."""
    try:
        return NewCorrection.model_validate(fields, strict=False)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error
