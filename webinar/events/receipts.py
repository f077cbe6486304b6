"""What remains of an event that was destroyed: that it was, when, and how much of what. It names nobody. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# The host is told so long before.
WARNING: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`counts` by name: people, messages, questions, polls, log entries, pictures, files, recordings and their bytes.

    `log_head` is the hash of the last entry of the attendance log: a bundle that somebody kept can be told by it.
    """

    event_id: uuid.UUID
    title: str
    timezone: str  # of the event, as the IANA database names it
    ended_at: datetime | None
    destroyed_at: datetime
    why: str  # date, host
    counts: Mapping[str, int]
    log_head: str | None
