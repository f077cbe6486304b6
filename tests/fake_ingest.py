"""An ingest without media, for tests of what stands around it: answers on the bus as docs/architecture.md says,
publishes statuses and one part a rendition, writes a small file as the recording. The real one is tested elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nats.aio.subscription import Subscription

from ingest.contract import (
    EndOfSession,
    InitSegment,
    LiveStatus,
    Part,
    PublisherHealth,
    RecordingClosed,
    Rendition,
    RenditionHealth,
    SessionState,
    Subject,
    encode,
)
from webinar.base.bus import Bus, Json, Server
from webinar.base.errors import BadRequest, Conflict, Gone, NotFound, Unavailable
from webinar.base.storage import Storage

_FILM = b"not a film, but bytes " * 100_000
LADDER = (
    Rendition("240p", "video", "avc1.42c00d", 300_000, 426, 240, 30.0),
    Rendition("audio", "audio", "mp4a.40.2", 128_000, sample_rate=48_000, channels=2),
)


@dataclass
class Session:
    event_id: str
    id: str = field(default_factory=lambda: f"{time.time_ns():020d}-{uuid.uuid4().hex}")  # they sort by time
    prefix: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: SessionState = SessionState.REHEARSAL
    started_at: str | None = None
    publisher: str | None = None
    paused: bool = False
    resting: bool = False  # its picture has a few frames a second
    subscriptions: list[Subscription] = field(default_factory=list)


class FakeIngest:
    """`async with FakeIngest(bus, storage) as ingest`. `die()` is what kill -9 looks like from outside."""

    def __init__(self, bus: Bus, storage: Storage, *, notice: bool = True) -> None:
        self._bus, self._storage, self._notice = bus, storage, notice
        self.sessions: dict[str, Session] = {}
        self.requests: list[tuple[str, Json]] = []
        self.assigned: list[Json] = []
        self.may_start = asyncio.Event()  # cleared: a start takes until it is set
        self.may_start.set()
        self.full = False
        self.sound = True  # whether recordings come with their sound alone
        self._subscriptions: list[Subscription] = []
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> FakeIngest:
        self._subscriptions.append(await self._bus.serve(Subject.ASSIGN, self._assign, queue="ingest"))
        self._beating = asyncio.create_task(self._beat(), name="fake ingest")
        await self._bus.flush()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()

    async def die(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        for subscription in self._subscriptions:
            await self._bus.unsubscribe(subscription)
        self._subscriptions.clear()
        for session in self.sessions.values():
            await self._disown(session)
        await self._bus.flush()

    async def _assign(self, body: Json) -> Json:
        self.assigned.append(body)
        event_id = str(body["event_id"])
        session = self.sessions.get(event_id)
        if session is not None and session.state is SessionState.ENDED:
            await self._disown(session)
            session = None
        if session is None:
            session = self.sessions[event_id] = Session(event_id)
            for verb, server in self._verbs(session).items():
                session.subscriptions.append(await self._bus.serve(Subject.command(event_id, verb), server))
            await self._bus.flush()
        return {"session_id": session.id}

    async def _disown(self, session: Session) -> None:
        for subscription in session.subscriptions:
            await self._bus.unsubscribe(subscription)
        session.subscriptions.clear()

    def _verbs(self, session: Session) -> dict[str, Server]:  # noqa: C901 - a table of closures
        async def whip(body: Json) -> Json:
            self.requests.append(("whip", body))
            if not str(body["sdp"]).startswith("v=0"):
                raise BadRequest("This is not SDP.", code="bad_sdp")
            if session.publisher not in (None, body.get("resume")) and not body["take_over"]:
                raise Conflict("Somebody else is on air.", code="on_air")
            session.publisher = uuid.uuid4().hex
            return {"sdp": "v=0\r\n", "resource": session.publisher, "etag": "ice1"}

        async def whip_patch(body: Json) -> Json:
            self.requests.append(("whip_patch", body))
            if body["resource"] != session.publisher:
                raise NotFound("No such session.", code="unknown_resource")
            return {"fragment": "a=ice-ufrag:new2\r\n", "etag": "ice2"} if body["if_match"] == "*" else {}

        async def whip_delete(body: Json) -> Json:
            if body["resource"] != session.publisher:
                raise NotFound("No such session.", code="unknown_resource")
            session.publisher = None
            return {}

        async def start(body: Json) -> Json:
            self.requests.append(("start", body))
            if self.full:
                raise Unavailable("This server is at its limit of live events.", code="no_room", retry_after_s=30)
            await self.may_start.wait()
            if session.state is SessionState.ENDED:
                raise Gone("This live session has ended.", code="ended")
            if session.state is SessionState.REHEARSAL:
                session.paused = body.get("paused") is True
                session.state, session.started_at = SessionState.LIVE, datetime.now(UTC).isoformat()
                await self._publish_media(session)
                await self._status(session)
            return {"session_id": session.id, "hls_prefix": session.prefix, "started_at": session.started_at}

        async def pause(body: Json) -> Json:
            self.requests.append(("pause", body))
            if session.state is not SessionState.LIVE:
                raise Conflict("The event is not live yet.", code="not_live")
            session.paused = bool(body["paused"])
            await self._status(session)
            return {"paused": session.paused}

        async def end(body: Json) -> Json:
            if session.state is not SessionState.ENDED:
                session.state = SessionState.ENDED
                await self._bus.publish(
                    Subject.media(session.event_id), encode(EndOfSession(session.id, session.event_id, 12.5))
                )
                await self._record(session)
                await self._status(session)
            return {"duration_s": 12.5}

        async def snapshot(body: Json) -> Json:
            for message in _media(session):
                await self._bus.publish(str(body["to"]), message)
            return {"messages": 4}

        verbs = (whip, whip_patch, whip_delete, start, pause, end, snapshot)
        return {verb.__name__: verb for verb in verbs}

    async def _publish_media(self, session: Session) -> None:
        for message in _media(session):
            await self._bus.publish(Subject.media(session.event_id), message)

    def closed(self, event_id: str) -> RecordingClosed:
        """What it says of the event's recording."""
        session = self.sessions[event_id]
        key = f"recordings/{event_id}/{session.id}.mp4"
        sha256 = hashlib.sha256(_FILM).hexdigest()
        return RecordingClosed(
            event_id, session.id, key, len(_FILM), sha256, 12.5, True, audio_bytes=100_000 if self.sound else 0
        )

    async def _record(self, session: Session) -> None:
        closed = self.closed(session.event_id)
        await self._storage.put_bytes(closed.key, _FILM)
        if closed.audio_bytes:
            await self._storage.put_bytes(closed.key.removesuffix("mp4") + "m4a", _FILM[: closed.audio_bytes])
        await self._storage.put_bytes(closed.key.removesuffix("mp4") + "json", closed.to_json())
        if self._notice:
            await self._bus.publish(Subject.RECORDING, closed.to_json())

    async def _status(self, session: Session) -> None:
        status = LiveStatus(
            session_id=session.id,
            event_id=session.event_id,
            state=session.state,
            hls_prefix=session.prefix,
            publisher=PublisherHealth(session.publisher is not None, 1_800_000, 30.0, 1280, 720, 0.0, "h264", True),
            renditions=(RenditionHealth("240p", 30.0, 290_000, resting=session.resting),),
            started_at=session.started_at,
            program_time_s=1.0,
            recorded_until_s=0.5,
            paused=session.paused,
        )
        await self._bus.publish(Subject.status(session.event_id), status.to_json())

    async def _beat(self) -> None:
        while True:
            for session in list(self.sessions.values()):
                if session.state is not SessionState.ENDED:
                    await self._status(session)
            await asyncio.sleep(0.2)


def _media(session: Session) -> list[bytes]:
    """An init segment and a first part of each rendition: enough to be playable."""
    names = tuple(r.name for r in LADDER)
    begun = session.started_at or ""
    messages: list[bytes] = []
    for r in LADDER:
        init = InitSegment(session.id, session.event_id, r, names, 0.5, 2.0, begun, session.prefix, b"init")
        half_second = 45_000 if r.kind == "video" else 24_000
        part = Part(session.id, session.event_id, r.name, 0, 0, 0, half_second, True, False, b"part")
        messages += [encode(init), encode(part)]
    return messages
