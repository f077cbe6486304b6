"""The ingest process: owns live sessions, serves their commands on the bus, takes presenters in on one UDP port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
from nats.aio.subscription import Subscription
from prometheus_client import REGISTRY, Counter, Gauge
from starlette.applications import Starlette

from ingest.accept.whip import WhipServer
from ingest.commands import Commands
from ingest.contract import LiveStatus, SessionState, Subject, UnknownMessage
from ingest.encode import speed
from ingest.encode.ladder import AAC_BITRATE, AUTO, Ladder, choose
from ingest.metrics import IngestCollector
from ingest.outside import Outside
from ingest.record.room import Room
from ingest.record.spool import Spool
from ingest.session import LiveSession
from webinar.base import log
from webinar.base.bus import Bus, Json
from webinar.base.disk import Disk
from webinar.base.errors import BadRequest, CannotStart, Unavailable, WebinarError
from webinar.base.service import health_routes, listen, ready, serve_until, stop_on_signals
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_log = log.get(__name__)

SESSIONS: Final = Gauge("webinar_ingest_sessions", "Live sessions this process owns")

YIELDED: Final = Counter("webinar_ingest_yielded_total", "Sessions ended because a newer one has their event")

_EVENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_SESSIONS: Final = 32
_IDLE_S: Final = 1800.0  # a rehearsal that nobody sends to is given up
_KEPT_S: Final = 30.0  # an ended session still answers, so that a repeated command gets the same answer
_SWEEP_S: Final = 30.0
_STEP_S: Final = 0.2  # between two pieces that are laid down ahead: the disk is the recording's
_LOW_DISK: Final = 512 * 1024 * 1024


@dataclass(slots=True)
class _Owned:
    """A session with what belongs to it in this process."""

    session: LiveSession
    subscriptions: list[Subscription] = field(default_factory=list)
    finishing: asyncio.Task[None] | None = None  # its recording on the way into the store


class Ingest:
    """All live sessions of one process. `group` holds their tasks."""

    def __init__(
        self, bus: Bus, storage: Storage, whip: WhipServer, spool: Spool, ladder: Ladder, live_most: int, disk: Disk
    ) -> None:
        self._bus = bus
        self._spool = spool
        self._ladder = ladder
        self._commands = Commands(whip, self._may_start, self._stopped)
        self._live_most = live_most
        recorded, all_rungs = ladder.top.bitrate + AAC_BITRATE, sum(r.bitrate for r in ladder.rungs) + AAC_BITRATE
        self._room = Room(disk, storage, recorded / 8, all_rungs / 8, self._live_now)
        self._storage = storage
        self._outside = Outside(
            bus.publish, self._room.put_object, whip, spool.path, self._room.seconds, self._get_object
        )
        self._owned: dict[str, _Owned] = {}
        self._writing: set[str] = set()  # ids of sessions whose recordings the sweep must leave alone
        self._assigning = asyncio.Lock()
        self._group = asyncio.TaskGroup()
        self._closing = asyncio.Event()

    def statuses(self) -> list[LiveStatus]:
        """Of the sessions this process owns."""
        return [owned.session.status() for owned in self._owned.values()]

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`; then closes every session and stores what was recorded."""
        async with self._group:
            sweeping = self._group.create_task(self._sweep(), name="sweep")
            watching = self._group.create_task(self._room.watch(), name="disk")
            joining = self._group.create_task(self._join_ahead(), name="join ahead")
            await self._bus.serve(Subject.ASSIGN, self._assign, queue="ingest")
            _log.info("ingest serves", ladder=",".join(r.name for r in self._ladder.rungs), preset=self._ladder.preset)
            await ready()
            await stop.wait()
            self._closing.set()
            sweeping.cancel()
            joining.cancel()
            await asyncio.gather(*(owned.session.close() for owned in self._owned.values()))
            for owned in list(self._owned.values()):
                await self._disown(owned)
            watching.cancel()

    # -- owning --------------------------------------------------------------------------------------------------

    async def _assign(self, body: Json) -> Json:
        event_id = str(body.get("event_id", ""))
        if not _EVENT_ID.fullmatch(event_id):
            raise BadRequest("event_id is missing or not an id.")
        async with self._assigning:
            owned, after = self._owned.get(event_id), str(body.get("after", ""))
            if owned is not None and owned.session.over:
                after = max(after, owned.session.id)
                await owned.session.let_go()  # before the next session's presenter takes the seat
                await self._disown(owned)
                owned = None
            if owned is None:
                owned = await self._own(event_id, str(body.get("title", "")), str(body.get("holding", "")), after)
        return {"session_id": owned.session.id}

    async def _own(self, event_id: str, title: str, holding: str, after: str) -> _Owned:
        if self._closing.is_set() or len(self._owned) >= _MOST_SESSIONS:
            raise Unavailable("No ingest has room for another event.", code="no_room", retry_after_s=10)
        session = LiveSession(event_id, self._ladder, self._outside, title, after=after, holding=holding)
        self._writing.add(session.id)
        owned = self._owned[event_id] = _Owned(session)
        self._group.create_task(self._live(owned), name=f"session {session.id}")
        SESSIONS.set(len(self._owned))
        for verb, serve in self._commands.of(session).items():
            owned.subscriptions.append(await self._bus.serve(Subject.command(event_id, verb), serve))
        owned.subscriptions.append(await self._bus.subscribe(Subject.status(event_id), self._watch(session)))
        _log.info("event owned", event_id=event_id, session=session.id)
        return owned

    def _watch(self, session: LiveSession) -> Callable[[bytes], Awaitable[None]]:
        """Hears who else says to own the event: of two, which only a bus that was cut can leave, the older one ends.

        Ids sort by the time at which they were given, behind those that PostgreSQL had then. The newer session is what
        PostgreSQL and the viewers have; the older one's recording is closed and stored, and its presenter connects
        again.
        """

        async def heard(payload: bytes) -> None:
            try:
                status = LiveStatus.from_json(payload)
            except UnknownMessage:
                return  # of an ingest of another version
            if status.session_id > session.id and status.state is not SessionState.ENDED and not session.over:
                YIELDED.inc()
                _log.warning(
                    "event goes on elsewhere", event_id=session.event_id, here=session.id, there=status.session_id
                )
                await session.close()

        return heard

    async def _disown(self, owned: _Owned) -> None:
        """No command reaches the session any more; its task ends by itself."""
        if self._owned.get(owned.session.event_id) is owned:
            del self._owned[owned.session.event_id]
            SESSIONS.set(len(self._owned))
            for subscription in owned.subscriptions:
                await self._bus.unsubscribe(subscription)

    async def _live(self, owned: _Owned) -> None:
        """The life of one session in this process, whatever ends it."""
        session = owned.session
        try:
            await session.run()
        except* (WebinarError, OSError, av.FFmpegError, RuntimeError, ValueError) as errors:
            _log.error("live session failed", event_id=session.event_id, errors=repr(errors.exceptions))
        if session.state is not SessionState.ENDED:
            await self._disown(owned)  # storing takes its time: meanwhile the event goes on in another session
        await self._finishing(owned)
        if session.state is SessionState.ENDED and not self._closing.is_set():
            self._group.create_task(self._forget(owned), name=f"forget {session.id}")

    async def _forget(self, owned: _Owned) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KEPT_S):
                await self._closing.wait()
        await self._disown(owned)

    def _finishing(self, owned: _Owned) -> asyncio.Task[None]:
        """The one task that stores the session's recording."""
        if owned.finishing is None:
            owned.finishing = self._group.create_task(self._finish(owned.session), name=f"finish {owned.session.id}")
        return owned.finishing

    async def _finish(self, session: LiveSession) -> None:
        done = session.stopped
        try:
            if done is not None and done.recording is not None:
                # The event's earlier halves are joined at its end only: before, more may come.
                store = self._spool.store_joined if session.state is SessionState.ENDED else self._spool.store
                notice = await store(session.event_id, session.id, done.recording, done.recorded_s, done.sha256)
                await self._bus.publish(Subject.RECORDING, notice.to_json())
                if self._closing.is_set():
                    return  # there is little time; a sweep of the next run takes the sound out
                if (heard := await self._spool.store_sound(notice)) is not None:
                    await self._bus.publish(Subject.RECORDING, heard.to_json())
            elif done is not None and done.unclosed and session.state is SessionState.ENDED:
                await self._spool.expect_join(session.event_id, session.id)
        except (WebinarError, OSError) as error:
            _log.error("recording waits in the spool", event_id=session.event_id, error=str(error))
        finally:
            try:
                await self._spool.forget(session.id)
            finally:  # only now: a sweep would join it into the same file
                self._writing.discard(session.id)

    async def _sweep(self) -> None:
        """Recordings that a crash or a failing store left behind, and rehearsals that nobody uses."""
        while True:
            for notice in await self._spool.sweep(self._writing):
                await self._bus.publish(Subject.RECORDING, notice.to_json())
            for owned in list(self._owned.values()):
                idle_s = time.monotonic() - owned.session.presenter.last_s
                if owned.session.state is SessionState.REHEARSAL and idle_s > _IDLE_S:
                    await owned.session.close()
            await asyncio.sleep(_SWEEP_S)

    async def _join_ahead(self) -> None:
        """Most of the copying that joins an interrupted event is done while it is live, a little at a time."""
        while True:
            more = False
            for owned in list(self._owned.values()):
                session = owned.session
                if session.state is SessionState.LIVE and not session.over:
                    more |= await self._spool.join_ahead(session.event_id, session.id, session.recorded_groups)
            await asyncio.sleep(_STEP_S if more else _SWEEP_S)

    def _live_now(self) -> int:
        return sum(owned.session.state is SessionState.LIVE for owned in self._owned.values())

    def _may_start(self) -> bool:
        """Whether one more live event has room here."""
        return self._live_now() < self._live_most

    def _stopped(self, session: LiveSession) -> None:
        """Not waited for: hashing, joining and storing may take longer than a request."""
        owned = self._owned.get(session.event_id)
        if owned is not None and owned.session is session:
            self._finishing(owned)

    async def _get_object(self, key: str, most: int) -> bytes:
        """Raises `NotFound` and `Unavailable`; the latter for an object that is larger than `most` bytes, too."""
        if (size := await self._storage.size(key)) > most:
            raise Unavailable(f"{key} has {size} bytes.")
        return await self._storage.get_bytes(key)


async def run(settings: Settings) -> None:
    """The whole service, until SIGTERM or SIGINT. Raises `CannotStart` or `BadSetting`."""
    av.logging.set_level(None)  # its callback can deadlock threads
    if settings.nats_url is None:
        raise CannotStart("WEBINAR_NATS_URL is not set. `webinar serve` starts a bus of its own; one service needs it.")
    ladder = None if settings.ladder == (AUTO,) else choose(settings.ladder)
    folder = settings.data_dir.absolute() / "spool"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"The folder {folder} cannot be written ({error.strerror}). Make it writable or set WEBINAR_DATA_DIR."
        ) from error
    if ladder is None:
        ladder = await asyncio.to_thread(speed.automatic, settings.data_dir.absolute() / "ladder.json")
    storage = Storage.open(settings)
    disk = Disk(folder, settings.disk_reserve)
    sock = listen("127.0.0.1", settings.ingest_http_port, "WEBINAR_INGEST_HTTP_PORT")
    async with stop_on_signals() as stop:
        bus = await Bus.connect(settings.nats_url.get_secret_value(), "ingest")
        whip = WhipServer(addresses=settings.ice_addresses)
        try:
            await whip.start(settings.host, settings.ingest_udp_port)
            ingest = Ingest(bus, storage, whip, Spool(folder, storage), ladder, _live_most(), disk)
            REGISTRY.register(IngestCollector(ingest.statuses))
            await _serve(ingest, bus, folder, sock, stop)
        finally:
            await whip.close()
            await bus.close()


async def _serve(ingest: Ingest, bus: Bus, folder: Path, sock: socket.socket, stop: asyncio.Event) -> None:
    async def bus_up() -> str | None:
        return None if bus.connected else "the message bus is not connected"

    async def disk_free() -> str | None:
        free = await asyncio.to_thread(lambda: shutil.disk_usage(folder).free)
        return None if free > _LOW_DISK else f"only {free // 2**20} MB are free for recordings"

    app = Starlette(routes=health_routes({"bus": bus_up, "disk": disk_free}))
    stop_http = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_until(stop_http, app, sock), name="health")
        try:
            await ingest.run(stop)
        finally:
            stop_http.set()


def _live_most() -> int:
    """Live events at once: about one for two cores, and never none."""
    return max(2, len(os.sched_getaffinity(0)) // 2)
