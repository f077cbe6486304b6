"""What of a past session's media may be played: the replay's gate and cut, for whoever kept an address."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from weakref import WeakValueDictionary

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import Gone, NotFound, Unavailable
from webinar.delivery.part import Part
from webinar.delivery.past import Opening
from webinar.recordings.gate import Gate, SessionGate, Who

_log = log.get(__name__)

_FRESH_S: Final = 10.0
_PATIENCE_S: Final = 2.0
_AGAIN_S: Final = 1.0  # after PostgreSQL did not answer
_KEPT: Final = 1_000  # sessions

_NOBODY: Final = Gone("The host does not show the recording of this event.", code="replay_nobody")
_EXPIRED: Final = Gone("This replay is no longer available.", code="replay_expired")
_DELETED: Final = Gone("The host deleted this event.", code="event_deleted")
_NO_SUCH: Final = NotFound("There is no such live stream.")
_NOT_NOW: Final = Unavailable("The replay cannot be opened just now. Try again in a moment.", retry_after_s=2)


@dataclass(slots=True)
class _Known:
    """`found` None: no event has such a session. `asked`: PostgreSQL has said so, at some time; `was`: an event had it
    then.
    """

    found: SessionGate | None = None
    asked: bool = False
    was: bool = False
    again_at: float = 0.0  # monotonic
    doubts: int = 0


class MediaGate:
    """One a web process. Who attended or registered is asked where the address is given out (`ReplayDoor`)."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[SessionGate | None]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._find = find
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by prefix
        self._looking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # held by who waits for it

    async def look(self, prefix: str) -> Opening:
        """What may be played of it now; what was known last while PostgreSQL is away."""
        known = self._known.get(prefix)
        if known is None or time.monotonic() >= known.again_at:
            looking = self._looking.setdefault(prefix, asyncio.Lock())
            async with looking:  # a page asks for several segments at once
                known = self._known.get(prefix)
                if known is None or time.monotonic() >= known.again_at:
                    known = await self._look(prefix)
        if known.was and known.found is None:
            return Opening(_DELETED, deleted=True)
        return _opening(known.found, self._clock()) if known.asked else Opening(_NOT_NOW)

    def knows(self, prefix: str) -> bool:
        return prefix in self._known and self._known[prefix].was

    def doubt(self, event_id: uuid.UUID) -> None:
        """Its gate or its cut is another now, or may be: it is asked for again."""
        for known in self._known.values():
            if known.found is None or known.found.event_id == event_id:
                known.again_at, known.doubts = 0.0, known.doubts + 1

    async def _look(self, prefix: str) -> _Known:
        # There before the query: what it answers is not believed for long if a change is announced meanwhile.
        known = self._known.setdefault(prefix, _Known())
        doubts, fresh_s = known.doubts, _FRESH_S
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._find(prefix)
        except (TimeoutError, *AWAY) as error:
            _log.warning("who may watch a replay is not known now", error=str(error) or type(error).__name__)
            fresh_s = _FRESH_S if known.asked else _AGAIN_S
        else:
            known.found, known.asked, known.was = found, True, known.was or found is not None
        if known.doubts == doubts:
            known.again_at = time.monotonic() + fresh_s
        self._known.move_to_end(prefix)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known


def _opening(found: SessionGate | None, now: datetime) -> Opening:
    if found is None:
        return Opening(_NO_SUCH)
    if not found.over:
        return Opening()
    refused = closed(found.gate, now)
    return Opening(refused, None if found.part is None else Part(*found.part))


def closed(gate: Gate, now: datetime) -> Gone | None:
    """Why nobody at all may watch, None while somebody may."""
    if gate.who is Who.NOBODY:
        return _NOBODY
    return _EXPIRED if gate.until is not None and now >= gate.until else None
