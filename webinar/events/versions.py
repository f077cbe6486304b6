"""Which state a list of an event is in, told to all of its players every twenty seconds, mostly without a query."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from webinar.base import log
from webinar.base.db import AWAY

_log = log.get(__name__)
# Players ask every twenty seconds: what they are told of is known for so long without a query.
_KNOWN_FOR_S: Final = 10.0
_MOST_KNOWN: Final = 1000
UNKNOWN: Final = "unknown"  # whether there is anything: the database is away, and nobody has asked before
_PATIENCE_S: Final = 2.0  # a database that hangs delays one player so long


class Versions:
    """One a process and kind of list. `read(event_id)` gives what the list is made of, one text an entry."""

    def __init__(self, what: str, read: Callable[[uuid.UUID], Awaitable[list[str]]]) -> None:
        self._what = what
        self._read = read
        self._known: OrderedDict[uuid.UUID, tuple[float, str | None]] = OrderedDict()
        self._first = asyncio.Lock()

    def forget(self, event_id: uuid.UUID) -> None:
        """It changed, or may have: whoever asks next has it read."""
        self._known.pop(event_id, None)

    async def of(self, event_id: uuid.UUID) -> str | None:
        """Another one after each change, within ten seconds; None: the list is empty; `UNKNOWN`: ask again.

        From memory while the database is away.
        """
        if event_id not in self._known:
            async with self._first:  # one asks for all who came meanwhile
                if event_id not in self._known:
                    return await self._look(event_id, UNKNOWN)
        at, version = self._known[event_id]
        if time.monotonic() - at < _KNOWN_FOR_S:
            return version
        self._keep(event_id, version)  # who asks meanwhile is told what was known
        return await self._look(event_id, version)

    async def _look(self, event_id: uuid.UUID, known: str | None) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                entries = await self._read(event_id)
        except AWAY as error:
            _log.warning("a list is not known, the database is away", what=self._what, error=type(error).__name__)
            self._keep(event_id, known)
            return known
        found = hashlib.sha256("\0".join(entries).encode()).hexdigest()[:16] if entries else None
        self._keep(event_id, found)
        return found

    def _keep(self, event_id: uuid.UUID, version: str | None) -> None:
        self._known[event_id] = (time.monotonic(), version)
        self._known.move_to_end(event_id)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
