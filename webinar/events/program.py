"""An event's program as an ingest runs it: the way to that ingest, and the live sessions it left."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from ingest.contract import Subject
from webinar.base import db, log
from webinar.base.bus import Bus, BusDown, Json, NoOwner, Refused
from webinar.base.db import Pool
from webinar.base.errors import NotFound
from webinar.events.image_store import ImageStore
from webinar.events.model import Event, EventState, LiveSession
from webinar.events.pictures import Kind
from webinar.events.session_store import SessionStore
from webinar.events.store import EventStore

_log = log.get(__name__)
# Starting encoders takes an ingest a second or two on a busy machine; closing a recording rarely more than one.
_START_TIMEOUT_S: Final = 10.0
_END_TIMEOUT_S: Final = 15.0


class Programs:
    """What `EventService` stands on: nothing here changes an event's state."""

    def __init__(self, pool: Pool, bus: Bus) -> None:
        self._store = EventStore(pool)
        self._sessions = SessionStore(pool)
        self._images = ImageStore(pool)
        self._bus = bus

    async def bring_on_air(self, event_id: uuid.UUID) -> LiveSession:
        """Has an ingest run this event's program; repeating it changes nothing. Raises `Unavailable` or `Refused`."""
        paused = found(await self._store.get(event_id)).paused  # nobody is on air again because a process died
        reply = await self.to_ingest(event_id, "start", {"paused": paused}, timeout_s=_START_TIMEOUT_S)
        session = LiveSession(
            id=str(reply["session_id"]),
            event_id=event_id,
            hls_prefix=str(reply["hls_prefix"]),
            started_at=datetime.fromisoformat(str(reply["started_at"])),
            ended_at=None,
            duration_s=None,
        )
        await self._sessions.open(session)
        return session

    async def pause_ingest(self, event_id: uuid.UUID, paused: bool) -> None:
        """Tells the event's ingest. Raises `NoOwner`, `BusDown` or `Refused`."""
        try:
            await self.to_ingest(event_id, "pause", {"paused": paused})
        except Refused as error:
            # It has just been given the event, and nobody is on air: it starts as PostgreSQL says.
            if error.code != "not_live":
                raise

    async def to_ingest(self, event_id: uuid.UUID, verb: str, body: Json, *, timeout_s: float = 5.0) -> Json:
        """A command to the ingest that owns the event; one is assigned when none does.

        Raises `NoOwner`, `BusDown` or `Refused`.
        """
        subject = Subject.command(str(event_id), verb)
        try:
            return await self._bus.request(subject, body, timeout_s=timeout_s)
        except NoOwner:
            pass
        except Refused as error:
            # The session of a start that was taken back has ended; the event has not.
            if error.code != "ended" or found(await self._store.get(event_id)).state is EventState.ENDED:
                raise
        wanted = {"event_id": str(event_id), **await self._known(event_id)}
        await self._bus.request(Subject.ASSIGN, wanted, timeout_s=timeout_s)
        return await self._bus.request(subject, body, timeout_s=timeout_s)

    async def _known(self, event_id: uuid.UUID) -> Json:
        """What a new session is told of its event: it must not wait for a database that is away.

        Title and `holding`, the store's key of the host's own picture, are for the holding picture. `after`: the id of
        the session before, which the new one's must follow whatever the clock of its machine says.
        """
        try:
            event = await self._store.get(event_id)
            sessions = await self._sessions.of_event(event_id)
            holding = await self._images.one(event_id, Kind.HOLDING)
        except db.DOWN:
            return {"title": ""}
        return {
            "title": "" if event is None else event.title,
            "after": max((s.id for s in sessions), default=""),
            "holding": "" if holding is None else holding.key,
        }

    async def show_holding(self, event_id: uuid.UUID) -> None:
        """Tells the ingest that runs the event, if one does, which holding picture it has now: taken over while live.

        One that does not answer shows the picture from before until its session ends.
        """
        holding = await self._images.one(event_id, Kind.HOLDING)
        body: Json = {"holding": "" if holding is None else holding.key}
        try:
            await self._bus.request(Subject.command(str(event_id), "holding"), body)
        except NoOwner:
            return
        except (BusDown, Refused) as error:
            _log.warning("ingest did not take the holding picture", event_id=str(event_id), error=str(error))

    async def to_publisher(self, event_id: uuid.UUID, verb: str, body: Json) -> Json:
        """A command to a WHIP session, which ends with its ingest: none is assigned for it.

        Raises `NotFound` when there is none (any more), `BusDown` or `Refused`.
        """
        try:
            return await self._bus.request(Subject.command(str(event_id), verb), body)
        except NoOwner as error:
            raise NotFound("This publishing session has ended.", code="unknown_resource") from error

    async def stop_ingest(self, event_id: uuid.UUID) -> bool:
        """Asks the ingest to stop; True when it has, or when none runs the event."""
        duration_s: float | None = None
        try:
            reply = await self._bus.request(Subject.command(str(event_id), "end"), {}, timeout_s=_END_TIMEOUT_S)
            duration_s = float(reply["duration_s"])
        except NoOwner:
            _log.warning("ended without its ingest", event_id=str(event_id))
        except (BusDown, Refused) as error:
            _log.warning("ingest did not confirm the end", event_id=str(event_id), error=str(error))
            return False
        await self._sessions.close(event_id, duration_s)
        return True

    async def live(self) -> list[Event]:
        """Events that are live in PostgreSQL."""
        return await self._store.in_state(EventState.LIVE)

    async def sent(self, events: list[uuid.UUID], now: datetime) -> None:
        """Somebody sends to these live events: they do not end by themselves yet."""
        await self._store.sent(events, now)

    async def ended_but_running(self) -> list[uuid.UUID]:
        """Events that are over, of which no ingest has confirmed the end."""
        return await self._sessions.of_ended_events()

    async def sessions(self, event_id: uuid.UUID) -> list[LiveSession]:
        """Oldest first."""
        return await self._sessions.of_event(event_id)

    async def with_segments(self, *, older_than: timedelta, most: int, recorded: bool = False) -> list[LiveSession]:
        """Sessions of events over for longer than that whose segments are still kept; `most` of them, oldest first.

        `recorded`: only of events whose recording is ready.
        """
        return await self._sessions.with_segments(older_than, most, recorded)

    async def segments_removed(self, session_id: str) -> None:
        """Nothing of the session is left to be replayed."""
        await self._sessions.segments_removed(session_id)


def found(event: Event | None) -> Event:
    """Raises `NotFound`."""
    if event is None:
        raise NotFound("There is no such event. Check the address.", code="event_not_found")
    return event
