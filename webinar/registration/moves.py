"""Who moved in an event, put down in the transaction that moved them: letters and webhooks are made of it later.

However a process ends: what was rolled back is not told, and what was committed is told once. A move has an id of its
own, by which whoever tells of it knows whether they have done so.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from webinar.base.db import Connection
from webinar.base.queue import Payload, enqueue
from webinar.registration.model import Status, Step

# The job that tells of it.
MOVED: Final = "moved"


@dataclass(frozen=True, slots=True)
class Moved:
    """One person's step: their id, where they stood before (None: nowhere) and stand now."""

    attendee: uuid.UUID
    before: Status | None
    status: Status
    by_host: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Move:
    """The steps of one transaction, in their order."""

    id: uuid.UUID
    event_id: uuid.UUID
    steps: tuple[Moved, ...]

    @classmethod
    def read(cls, payload: Payload) -> Move:
        steps = tuple(
            Moved(
                uuid.UUID(step["attendee"]),
                None if step["before"] is None else Status(step["before"]),
                Status(step["status"]),
                by_host=step["by_host"],
                quiet=step["quiet"],
            )
            for step in payload["steps"]
        )
        return cls(uuid.UUID(payload["move"]), uuid.UUID(payload["event"]), steps)


async def put_down(connection: Connection, event_id: uuid.UUID, steps: Sequence[Step]) -> None:
    """Within the transaction of the steps. Ids only: a job may outlive what was known of a person."""
    listed = [
        {
            "attendee": str(step.attendee.id),
            "before": step.before,
            "status": step.attendee.status,
            "by_host": step.by_host,
            "quiet": step.quiet,
        }
        for step in steps
    ]
    await enqueue(connection, MOVED, {"event": str(event_id), "move": str(uuid.uuid4()), "steps": listed})
