"""What happened on air, noted as it happened: slides, breaks, and moments that a host marked. Pure."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MOST: Final = 5_000  # of an event that are read


class MarkKind(enum.StrEnum):
    SLIDE = "slide"  # body: {"title"?, "number"?}
    CHAPTER = "chapter"  # body: {"title"}
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Mark:
    id: uuid.UUID
    at: datetime
    kind: MarkKind
    body: Mapping[str, Any]

    @property
    def title(self) -> str:
        return str(self.body.get("title") or "")


def pauses(marks: Iterable[Mark], ended_at: datetime | None) -> list[tuple[datetime, datetime]]:
    """Breaks of the programme. One that never ended lasts until the programme did; while that goes on, none."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for mark in marks:
        if mark.kind is MarkKind.PAUSE and since is None:
            since = mark.at
        elif mark.kind is MarkKind.RESUME and since is not None:
            found.append((since, mark.at))
            since = None
    if since is not None and ended_at is not None and since < ended_at:
        found.append((since, ended_at))
    return found
