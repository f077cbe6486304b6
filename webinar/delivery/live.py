"""Everything live in this web process: the feed from the bus, LL-HLS windows, and the WHEP fan-out."""

from __future__ import annotations

import asyncio
from typing import Final

from ingest.contract import EndOfSession, Message, Subject
from webinar.base.bus import Bus
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.delivery.feed import Feed
from webinar.delivery.hls import HlsApp
from webinar.delivery.replays import Replays
from webinar.delivery.session import LiveSession
from webinar.delivery.whep import WhepServer

# Ingest sends parts three times a second and its word every second.
_SILENT_S: Final = 5.0


class Live:
    """One a web process, made inside its loop: `await start()`, then `await close()`.

    `hls` is the ASGI application for `/hls`, `whep` answers offers and gives figures, `replays` knows past sessions.
    """

    def __init__(self, settings: Settings, bus: Bus, storage: Storage | None) -> None:
        self._settings = settings
        self._bus = bus
        self._by_event: dict[str, LiveSession] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self.whep = WhepServer(
            seats=settings.whep_seats, request_keyframe=self._request_keyframe, addresses=settings.ice_addresses
        )
        self._feed = Feed(
            bus, on_message=self._on_message, on_session=self._on_session, on_forgotten=self._on_forgotten
        )
        self.hls = HlsApp(self, storage)
        self.replays = Replays(storage)

    async def start(self) -> None:
        """Raises `CannotStart` when the UDP port cannot be had."""
        await self.whep.start(self._settings.host, self._settings.whep_udp_port)
        await self._feed.start()

    async def close(self) -> None:
        await self._feed.close()
        await self.whep.close()
        await asyncio.gather(*self._asking)

    def session(self, event_id: str) -> LiveSession | None:
        """The session of an event that viewers can play now: parts of every rendition are there."""
        session = self._by_event.get(event_id)
        return session if session is not None and session.playable and not session.ended else None

    def by_prefix(self, prefix: str) -> LiveSession | None:
        """A live session, or one that ended lately."""
        return self._feed.by_prefix(prefix)

    def silent(self) -> list[str]:
        """Events of which ingest sends nothing any more, without having said that it ended."""
        return [session.event_id for session in self._feed.silent(_SILENT_S)]

    def over(self, event_id: str) -> None:
        """The event has ended and its ingest cannot say so: every playlist gets its end, WHEP viewers are told."""
        session = self._by_event.get(event_id)
        if session is not None and not session.ended:
            self._on_message(EndOfSession(session.session_id, event_id, 0.0))
            self._feed.end_session(session.session_id)

    def _on_message(self, message: Message) -> None:
        newest = self._by_event.get(message.event_id)
        if newest is None or message.session_id >= newest.session_id:
            self.whep.push(message)
        # Else from an ingest that was cut off and replaced: it ends its session as soon as it hears of the other.

    def _on_session(self, session: LiveSession) -> None:
        known = self._by_event.get(session.event_id)
        if known is not None and known.session_id > session.session_id:
            self._feed.end_session(session.session_id)  # ids sort by time: it was replaced already
            return
        if known is not None and known is not session:
            # Its ingest died and another one took the event over: nothing more comes of the old session.
            self._feed.end_session(known.session_id)
        self._by_event[session.event_id] = session

    def _on_forgotten(self, session: LiveSession) -> None:
        if self._by_event.get(session.event_id) is session:
            del self._by_event[session.event_id]

    def _request_keyframe(self, event_id: str, rendition: str) -> None:
        """Called at most once a second an event, from the fan-out's loop."""
        publish = self._bus.publish_json(Subject.command(event_id, "keyframe"), {"rendition": rendition})
        task = asyncio.get_running_loop().create_task(publish, name=f"keyframe {event_id}")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
