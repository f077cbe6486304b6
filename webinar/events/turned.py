"""That an event's course took a turn, put down in the transaction of the turn: the worker tells webhooks of it.

However a process ends: what was rolled back is not told, and what was committed is told once.
"""

from __future__ import annotations

import uuid
from typing import Final

from webinar.base.db import Connection
from webinar.base.queue import enqueue

# The job that tells of it.
TURNED: Final = "turned"


async def put_down(connection: Connection, event_id: uuid.UUID) -> None:
    """Whatever state the event is in when the job runs is told then: of several turns one job waits."""
    await enqueue(connection, TURNED, {"event": str(event_id)}, key=str(event_id))
