"""What remains of an event that was destroyed: that it was, when, and how much of what. It names nobody. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webinar.base.errors import Gone

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

    @property
    def by_host(self) -> bool:
        """Whether its host deleted it; else its date had come."""
        return self.why == "host"


class EventDeleted(Gone):
    """What a link or a page led to went with its event; `receipt` says when."""

    code = "event_deleted"

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("This event and its data were deleted.")
        self.receipt = receipt
