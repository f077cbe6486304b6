"""Whether the media of a past session may be played: the replay's gate, for whoever kept its address."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from weakref import WeakValueDictionary

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import Gone, NotFound, Unavailable, WebinarError
from webinar.recordings.gate import Gate, Who

_log = log.get(__name__)

_FRESH_S: Final = 10.0
_PATIENCE_S: Final = 2.0
_KEPT: Final = 1_000  # sessions

_NOBODY: Final = Gone("The host does not show the recording of this event.", code="replay_nobody")
_EXPIRED: Final = Gone("This replay is no longer available.", code="replay_expired")
_NO_SUCH: Final = NotFound("There is no such live stream.")
_NOT_NOW: Final = Unavailable("The replay cannot be opened just now. Try again in a moment.", retry_after_s=2)

# Whether the event is over, and its gate; None: no event has such a session.
Found = tuple[bool, Gate] | None


@dataclass(frozen=True, slots=True)
class _Known:
    found: Found
    again_at: float  # monotonic


class MediaGate:
    """One a web process. Who attended or registered is asked where the address is given out (`ReplayDoor`)."""

    def __init__(
        self, find: Callable[[str], Awaitable[Found]], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._find = find
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by prefix
        self._looking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # held by who waits for it

    async def refused(self, prefix: str) -> WebinarError | None:
        """Why nobody gets it now, None when it may be played; what was known last while PostgreSQL is away."""
        known = self._known.get(prefix)
        if known is None or time.monotonic() >= known.again_at:
            looking = self._looking.setdefault(prefix, asyncio.Lock())
            async with looking:  # a page asks for several segments at once
                known = self._known.get(prefix)
                if known is None or time.monotonic() >= known.again_at:
                    known = await self._look(prefix, known)
        return _NOT_NOW if known is None else _verdict(known.found, self._clock())

    async def _look(self, prefix: str, before: _Known | None) -> _Known | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._find(prefix)
        except (TimeoutError, *AWAY) as error:
            _log.warning("who may watch a replay is not known now", error=str(error) or type(error).__name__)
            if before is None:
                return None
            found = before.found
        known = self._known[prefix] = _Known(found, time.monotonic() + _FRESH_S)
        self._known.move_to_end(prefix)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known


def _verdict(found: Found, now: datetime) -> WebinarError | None:
    if found is None:
        return _NO_SUCH
    over, gate = found
    return closed(gate, now) if over else None


def closed(gate: Gate, now: datetime) -> Gone | None:
    """Why nobody at all may watch, None while somebody may."""
    if gate.who is Who.NOBODY:
        return _NOBODY
    return _EXPIRED if gate.until is not None and now >= gate.until else None
