"""What ingest last said of each event it runs: the newest `LiveStatus`, and for how long there has been none."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ingest.contract import LiveStatus, SessionState, Subject, UnknownMessage
from webinar.base import log
from webinar.base.bus import Bus

_log = log.get(__name__)
# More events than any installation runs at once; the one heard of longest ago is forgotten first.
_MOST_EVENTS: Final = 10_000
# Ingest says something every second: after this long it is gone.
SILENT_AFTER_S: Final = 3.0

OnChange = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Beat:
    """A status and when it came (monotonic, s)."""

    status: LiveStatus
    at: float


class Heartbeats:
    """Listens to `live.*.status`. Knows only what it heard since it was started."""

    def __init__(self, on_change: OnChange | None = None) -> None:
        self._beats: OrderedDict[str, Beat] = OrderedDict()
        self._on_change = on_change
        self._listening_since = time.monotonic()

    async def listen(self, bus: Bus) -> None:
        """`on_change(event_id)` is called when an event's session, state, media or resting renditions change."""
        self._listening_since = time.monotonic()
        await bus.subscribe(Subject.ALL_STATUS, self._heard)

    async def _heard(self, payload: bytes) -> None:
        try:
            status = LiveStatus.from_json(payload)
        except UnknownMessage as error:
            _log.warning("status cannot be read", error=str(error))
            return
        before = self._beats.pop(status.event_id, None)
        self._beats[status.event_id] = Beat(status, time.monotonic())
        if len(self._beats) > _MOST_EVENTS:
            self._beats.popitem(last=False)
        changed = before is None or _identity(before.status) != _identity(status)
        if changed and self._on_change is not None:
            await self._on_change(status.event_id)

    def latest(self, event_id: str) -> LiveStatus | None:
        """The newest status, however old."""
        beat = self._beats.get(event_id)
        return None if beat is None else beat.status

    def fresh(self, event_id: str) -> LiveStatus | None:
        """The newest status, unless ingest has been silent since."""
        return None if self.silent_for(event_id) > SILENT_AFTER_S else self.latest(event_id)

    def silent_for(self, event_id: str) -> float:
        """Seconds since the last status; since the start of listening when there was none."""
        beat = self._beats.get(event_id)
        return time.monotonic() - (self._listening_since if beat is None else beat.at)

    def on_air(self) -> list[str]:
        """Events whose ingest said `live` just now."""
        return [
            event_id
            for event_id, beat in self._beats.items()
            if beat.status.state is SessionState.LIVE and self.silent_for(event_id) <= SILENT_AFTER_S
        ]


def _identity(status: LiveStatus) -> tuple[str, str, SessionState, tuple[str, ...]]:
    return status.session_id, status.hls_prefix, status.state, status.resting
