"""Who may watch a replay, and until when. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webinar.base.errors import FieldProblem, Invalid


class Who(enum.StrEnum):
    REGISTERED = "registered"  # who has a seat
    ATTENDED = "attended"  # who has a seat and was there live
    LINK = "link"  # anybody who knows the event page
    NOBODY = "nobody"


class Refused(enum.StrEnum):
    """Why a replay is not shown to somebody."""

    NOBODY = "nobody"  # the host does not show it
    EXPIRED = "expired"
    NOT_ATTENDED = "not_attended"
    NOT_READY = "not_ready"  # it comes moments after the end, or was not recorded, or its segments were removed
    NOT_PUBLIC = "not_public"  # by personal link only


@dataclass(frozen=True, slots=True)
class Gate:
    """`until` None: as long as the replay is kept. `download`: guests get the file, too."""

    who: Who
    until: datetime | None = None
    download: bool = False


DEFAULT: Final = Gate(Who.REGISTERED)


@dataclass(frozen=True, slots=True)
class SessionGate:
    """What is decided of a live session's media. `part`: [from, to) of the recording, s, that its host left."""

    event_id: uuid.UUID
    over: bool  # the event
    gate: Gate
    part: tuple[float, float] | None = None


def refusal(gate: Gate, now: datetime, *, seated: bool, attended: bool) -> Refused | None:
    """Why somebody may not watch, None when they may. `seated`: they came by a personal link that is good."""
    if gate.who is Who.NOBODY:
        return Refused.NOBODY
    if gate.until is not None and now >= gate.until:
        return Refused.EXPIRED
    if gate.who is Who.LINK:
        return None
    if not seated:
        return Refused.NOT_PUBLIC
    return Refused.NOT_ATTENDED if gate.who is Who.ATTENDED and not attended else None


def check_until(until: datetime | None, now: datetime) -> datetime | None:
    """Raises `Invalid` for a moment that no host can mean."""
    if until is not None and not 2000 <= until.year <= 2100:
        problem = FieldProblem("until", "Choose a date between 2000 and 2100.")
        raise Invalid("Some fields need another look.", fields=[problem])
    return until
