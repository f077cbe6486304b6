"""Everything live in this web process: sessions by event and by HLS prefix, WHEP, status, who waits for a change."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final

from ingest.contract import LiveStatus, Subject, Unit
from webinar.base.bus import Bus
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.delivery.feed import Feed
from webinar.delivery.hls import HlsApp
from webinar.delivery.session import LiveSession

# A heartbeat comes every second; after so many seconds without one nobody owns the session.
STALE_AFTER_S: Final = 3.5


class Live:
    """Started once a process; `hls` is the ASGI application for `/hls`."""

    def __init__(self, settings: Settings, bus: Bus, storage: Storage | None) -> None:
        self._settings = settings
        self._bus = bus
        self._by_event: dict[str, LiveSession] = {}
        self._status: dict[str, tuple[float, LiveStatus]] = {}
        self._versions: dict[str, int] = {}
        self._waiters: dict[str, asyncio.Event] = {}
        self._feed = Feed(
            bus,
            on_unit=self._on_unit,
            on_session=self._on_session,
            on_end=self._on_end,
            on_status=self._on_status,
        )
        self.hls = HlsApp(self, storage)

    async def start(self) -> None:
        await self._bus.subscribe("event.*.changed", self._on_event_changed_message)
        await self._feed.start()

    async def close(self) -> None:
        await self._feed.close()

    def session(self, event_id: str) -> LiveSession | None:
        """The session of an event that viewers can play now."""
        session = self._by_event.get(event_id)
        return session if session is not None and session.playable and not session.ended else None

    def by_prefix(self, prefix: str) -> LiveSession | None:
        for session in self._feed.sessions():
            if session.hls_prefix == prefix:
                return session
        return None

    def status(self, event_id: str) -> LiveStatus | None:
        """The last heartbeat of the event's live session, None when it is stale."""
        known = self._status.get(event_id)
        if known is None or time.monotonic() - known[0] > STALE_AFTER_S:
            return None
        return known[1]

    def version(self, event_id: str) -> int:
        """Counts what a viewer may have to act on: a session begins, ends, or the event's row changed."""
        return self._versions.get(event_id, 0)

    async def wait_change(self, event_id: str, version: int, timeout_s: float) -> int:
        """The version once it differs from `version`, or the same after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.version(event_id) == version:
                    await self._waiters.setdefault(event_id, asyncio.Event()).wait()
        except TimeoutError:
            pass
        return self.version(event_id)

    def changed(self, event_id: str) -> None:
        """Wakes everybody who waits for this event."""
        self._versions[event_id] = self._versions.get(event_id, 0) + 1
        waiter = self._waiters.pop(event_id, None)
        if waiter is not None:
            waiter.set()

    async def request_keyframe(self, event_id: str, rendition: str) -> None:
        await self._bus.publish_json(Subject.command(event_id, "keyframe"), {"rendition": rendition})

    def _on_unit(self, unit: Unit) -> None:
        pass

    def _on_session(self, session: LiveSession) -> None:
        known = self._by_event.get(session.event_id)
        if known is not None and known is not session and not known.ended:
            # Its ingest died and another one took the event over: nothing more comes of the old session.
            self._feed.end_session(known.session_id)
        self._by_event[session.event_id] = session
        if session.playable:
            self.changed(session.event_id)

    def _on_end(self, session: LiveSession) -> None:
        self.changed(session.event_id)

    def _on_status(self, status: LiveStatus) -> None:
        self._status[status.event_id] = (time.monotonic(), status)

    async def _on_event_changed_message(self, data: bytes) -> None:
        try:
            event_id = str(json.loads(data)["event_id"])
        except (ValueError, KeyError, TypeError):
            return  # not one of ours
        self.changed(event_id)
