"""Attendance as it is written down for others. Pure."""

from __future__ import annotations

import enum
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Language = Literal["ko", "en"]
Translate = Callable[[str], str]


class Result(enum.StrEnum):
    """What a rule says of a person."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"  # the event is not over


@dataclass(frozen=True, slots=True)
class Presence:
    """One interval in which a person watched, on whatever device."""

    kind: Literal["live", "replay"]
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a rule asks for: of the event, or of the item of the agenda that is named `part`."""

    id: uuid.UUID
    part: str | None = None
    share: int | None = None  # % of the time
    minutes: int | None = None
    enter: bool = False
    leave: bool = False
    confirmed: int | None = None  # % of the prompts

    def words(self, t: Translate) -> str:
        """`Whole event: 80% watched, Check-in`."""
        asked = [
            t("%(count)s%% watched") % {"count": self.share} if self.share else "",
            t("%(count)s min watched") % {"count": self.minutes} if self.minutes else "",
            t("Check-in") if self.enter else "",
            t("Check-out") if self.leave else "",
            t("%(count)s%% of the prompts answered") % {"count": self.confirmed} if self.confirmed else "",
        ]
        return f"{self.part or t('Whole event')}: {', '.join(text for text in asked if text)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "share": self.share,
            "minutes": self.minutes,
            "enter": self.enter,
            "leave": self.leave,
            "confirmed": self.confirmed,
        }


def need_of(said: Mapping[str, Any]) -> Need:
    """What a rule of a statement asked for."""
    return Need(id=uuid.UUID(int=0), **said)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How a person stands by one rule; `share` of 1 of the time that it is about."""

    need: Need
    result: Result
    seconds: float
    share: float
    corrected: bool = False  # decided by the host


@dataclass(frozen=True, slots=True)
class Correction:
    """What a host changed of what was recorded, and why.

    `salt`: with it `by` and `reason` are what the log's digest of them was made of; all gone with the person's data.
    """

    id: uuid.UUID
    at: datetime
    by: str
    kind: Literal["add", "remove", "pass", "fail"]
    started_at: datetime | None  # of what was added or removed
    ended_at: datetime | None
    reason: str
    salt: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One row: who registered, and what is known of their attendance."""

    attendee_id: uuid.UUID
    name: str
    email: str
    status: str
    answers: Mapping[str, str]
    language: Language
    registered_at: datetime
    first_at: datetime | None = None
    last_at: datetime | None = None
    entered_at: datetime | None = None  # Enter and Leave, pressed while they could be
    left_at: datetime | None = None
    live_s: float = 0.0
    replay_s: float = 0.0
    spans: tuple[Presence, ...] = ()
    asked: int = 0  # confirm prompts
    confirmed: int = 0
    results: tuple[RuleResult, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def attended(self) -> bool:
        return self.live_s + self.replay_s > 0

    @property
    def passed(self) -> bool:
        """Every rule; where there is none, whoever was there for a minute."""
        if not self.results:
            return self.live_s >= 60
        return all(result.result is Result.PASSED for result in self.results)


def minutes(seconds: float) -> int:
    """Whole minutes that are full."""
    return math.floor(seconds / 60 + 1e-9)


def percent(share: float) -> int:
    """Whole percents that are full: 79.9 % is 79."""
    return math.floor(share * 100 + 1e-9)


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
