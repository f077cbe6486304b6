"""Keeps what is live in PostgreSQL running on some ingest, and stops what runs there but is not live."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter

from ingest.contract import SessionState
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError
from webinar.events.heartbeats import SILENT_AFTER_S, Heartbeats
from webinar.events.model import Event
from webinar.events.service import EventService
from webinar.recordings.service import RecordingService

_log = log.get(__name__)
REASSIGNED: Final = Counter("webinar_events_reassigned_total", "Live events given to another ingest")


class Keeper:
    """One a worker. Several workers do the same work twice, without harm: every step may be repeated.

    An event gets `patience_s` from when it was first seen in its state, and again after each try: the web service
    that changed the state is at work on it.
    """

    def __init__(
        self,
        bus: Bus,
        events: EventService,
        recordings: RecordingService,
        heartbeats: Heartbeats,
        *,
        patience_s: float = SILENT_AFTER_S,
    ) -> None:
        self._bus = bus
        self._events = events
        self._recordings = recordings
        self._heartbeats = heartbeats
        self._patience_s = patience_s
        self._since: dict[tuple[str, uuid.UUID], float] = {}

    async def keep(self, every_s: float = 0.5) -> None:
        """Runs for the life of the worker."""
        while True:
            if self._bus.connected:
                await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """One round. Raises nothing for parts of the platform that are away: the next round looks again."""
        try:
            rows = await self._events.live()
            over = await self._events.ended_but_running()
        except AWAY as error:
            _log.warning("database is away", error=type(error).__name__)
            return
        live = [event.id for event in rows]
        found = {("live", event) for event in live} | {("over", event) for event in over}
        found |= {("paused" if row.paused else "resumed", row.id) for row in rows if self._differs(row)}
        # What ingest runs and PostgreSQL does not have as live: a start that was taken back, or a deleted event.
        stray = self._on_air() - set(live) - set(over)
        for state, event_id in self._due(found | {("stray", event) for event in stray}):
            if state == "live":
                await self._take_over(event_id)
            elif state in ("paused", "resumed"):
                await self._pause(event_id, state == "paused")
            else:
                await self._finish(event_id)

    def _due(self, found: Iterable[tuple[str, uuid.UUID]]) -> list[tuple[str, uuid.UUID]]:
        """Those that need work and have had their time; it begins anew."""
        now = time.monotonic()
        self._since = {key: self._since.get(key, now) for key in found}
        due = [
            (state, event_id)
            for (state, event_id), since in self._since.items()
            if now - since >= self._patience_s and (state != "live" or self._off_air(str(event_id)))
        ]
        self._since |= dict.fromkeys(due, now)
        return due

    def _on_air(self) -> set[uuid.UUID]:
        """Events whose program some ingest runs, by its own word of just now."""
        found = set()
        for event_id in self._heartbeats.on_air():
            try:
                found.add(uuid.UUID(event_id))
            except ValueError:
                _log.warning("heartbeat of no event", event_id=event_id)
        return found

    def _off_air(self, event_id: str) -> bool:
        """No ingest runs its program: none is heard, or one that was given the event by a presenter's reconnection
        alone and still rehearses.
        """
        latest = self._heartbeats.latest(event_id)
        silent = self._heartbeats.silent_for(event_id) > self._patience_s
        return silent or (latest is not None and latest.state is SessionState.REHEARSAL)

    def _differs(self, event: Event) -> bool:
        """Whether ingest shows the presenter where PostgreSQL has a pause, or the other way round."""
        status = self._heartbeats.fresh(str(event.id))
        return status is not None and status.state is SessionState.LIVE and status.paused != event.paused

    async def _pause(self, event_id: uuid.UUID, paused: bool) -> None:
        try:
            await self._events.pause_ingest(event_id, paused)
        except WebinarError as error:
            _log.warning("ingest could not be told of a pause", event_id=str(event_id), error=str(error))
        else:
            _log.warning("ingest was told again of a pause", event_id=str(event_id), paused=paused)

    async def _take_over(self, event_id: uuid.UUID) -> None:
        try:
            session = await self._events.bring_on_air(event_id)
            await self._recordings.open(event_id)
        except (WebinarError, *AWAY) as error:
            _log.warning("live event has no ingest", event_id=str(event_id), error=str(error))
            return
        REASSIGNED.inc()
        _log.warning("live event brought on air again", event_id=str(event_id), session=session.id)
        await self._events.announce(event_id)

    async def _finish(self, event_id: uuid.UUID) -> None:
        try:
            if await self._events.stop_ingest(event_id):
                _log.info("program of an event that is not live was stopped", event_id=str(event_id))
                await self._recordings.scan_event(event_id)
        except (WebinarError, *AWAY) as error:
            _log.warning("ended event could not be finished", event_id=str(event_id), error=str(error))
