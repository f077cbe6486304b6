"""Turns at the seats of an event: one at a time in this process; so many wait, and for so long, until they are refused.

A queue in the database instead would hold a connection each, of the few that all pages share.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Final
from weakref import WeakValueDictionary

from prometheus_client import Counter

from webinar.base.errors import Unavailable

REFUSED: Final = Counter(
    "webinar_registration_refused_total", "Requests about seats that were refused before their turn", ["why"]
)

# In a process: all that a full house sends at once, and no more than memory bears while PostgreSQL hangs.
_MOST_WAITING: Final = 1_000
# As long as a query may take: who waits longer has given up.
_LONGEST_S: Final = 15.0
_AGAIN_S: Final = 5


class Turns:
    """One a process."""

    def __init__(self, most_waiting: int = _MOST_WAITING, longest_s: float = _LONGEST_S) -> None:
        self.waiting = 0
        self._most_waiting = most_waiting
        self._longest_s = longest_s
        self._locks: WeakValueDictionary[uuid.UUID, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def of(self, event_id: uuid.UUID) -> AsyncIterator[None]:
        """In the order in which they came. Raises `Unavailable` for who comes when too many wait, or waits too long."""
        if self.waiting >= self._most_waiting:
            raise _refused("crowd")
        lock = self._locks.setdefault(event_id, asyncio.Lock())
        self.waiting += 1
        try:
            async with asyncio.timeout(self._longest_s):
                await lock.acquire()
        except TimeoutError as error:
            raise _refused("time") from error
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            lock.release()


def _refused(why: str) -> Unavailable:
    REFUSED.labels(why).inc()
    return Unavailable(
        "Very many people are registering right now. Try again in a moment.", code="crowded", retry_after_s=_AGAIN_S
    )
