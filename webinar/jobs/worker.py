"""The worker service: recordings become ready, live events stay on an ingest, what nobody needs is removed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from starlette.applications import Starlette

from ingest.contract import RecordingClosed, Subject, UnknownMessage
from webinar.base import db, log
from webinar.base.db import AWAY
from webinar.base.disk import Disk
from webinar.base.errors import WebinarError
from webinar.base.queue import JobStore
from webinar.base.service import health_routes, listen, ready, serve_until, stop_on_signals
from webinar.base.settings import Settings
from webinar.connections import connections
from webinar.events.heartbeats import Heartbeats
from webinar.hooks.service import Hooks
from webinar.jobs.cutter import Cutter
from webinar.jobs.ender import Ender
from webinar.jobs.handlers import handlers
from webinar.jobs.housekeeper import Housekeeper
from webinar.jobs.keeper import Keeper
from webinar.jobs.mailing import Mailing
from webinar.jobs.queue import Runner
from webinar.jobs.retention import Retention
from webinar.jobs.sealer import Sealer
from webinar.platform import Platform
from webinar.recordings.cut_store import CutStore
from webinar.recordings.service import RecordingService

_log = log.get(__name__)
_SCAN_EVERY_S: Final = 2.0
_TIDY_EVERY_S: Final = 3600.0


async def run(settings: Settings) -> None:
    """`webinar worker`, until SIGTERM or SIGINT. Raises `CannotStart`."""
    sock = listen("127.0.0.1", settings.worker_http_port, "WEBINAR_WORKER_HTTP_PORT")
    async with stop_on_signals() as stop, connections(settings, "worker") as platform:
        working = asyncio.create_task(work(platform), name="work")
        try:
            sock.listen(16)
            await ready()
            serving = asyncio.create_task(serve_until(stop, health_app(platform, working), sock), name="health")
            await asyncio.wait({serving, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                stop.set()  # the supervisor starts a new worker
            await serving
        finally:
            if not working.done():
                working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working


async def work(platform: Platform) -> None:
    """All of the worker's tasks, until cancelled."""
    heartbeats = Heartbeats()
    await heartbeats.listen(platform.bus)
    keeper = Keeper(platform.bus, platform.events, platform.recordings, heartbeats)
    settings = platform.settings
    disk = Disk(settings.data_dir, settings.disk_reserve)
    housekeeper = Housekeeper(platform.storage, platform.events, platform.recordings, disk, settings.replay_days)

    async def on_closed(payload: bytes) -> None:
        try:
            notice = RecordingClosed.from_json(payload)
            if not await platform.recordings.closed(notice):
                await housekeeper.deleted(notice.event_id)
            if notice.joined:
                await housekeeper.joined(notice.event_id)
        except UnknownMessage as error:
            _log.warning("notice of a recording cannot be read", error=str(error))
        except AWAY as error:
            _log.warning("recording is taken later, the database is away", error=type(error).__name__)

    await platform.bus.subscribe(Subject.RECORDING, on_closed)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.keep(), name="keeper")
        tasks.create_task(housekeeper.keep(), name="housekeeper")
        mail = platform.mail if platform.letters.on else None
        warn, tell = (None, None) if mail is None else (mail.ends_itself, mail.ended_themselves)
        ender = Ender(platform.events, platform.course, heartbeats, *settings.end_after, warn=warn, tell=tell)
        tasks.create_task(ender.keep(), name="ender")
        tasks.create_task(_scan(platform.recordings), name="scan")
        tasks.create_task(_cutter(platform).keep(), name="cutter")
        tasks.create_task(Sealer(platform.attendance).keep(), name="sealer")
        tasks.create_task(Retention(platform.destruction, mail).keep(), name="retention")
        tasks.create_task(_tidy(platform.hooks), name="old messages")
        known = handlers(platform)
        if platform.letters.on:
            mailing = Mailing(platform)
            known |= mailing.handlers()
            tasks.create_task(mailing.keep(), name="mailing")
        tasks.create_task(Runner(JobStore(platform.pool), known).keep(), name="jobs")


def _cutter(platform: Platform) -> Cutter:
    folder = platform.settings.data_dir.absolute() / "cutting"
    return Cutter(CutStore(platform.pool), platform.editing, platform.storage, platform.bus, folder)


async def _scan(recordings: RecordingService) -> None:
    """The bus may lose a notice: the store tells it too."""
    while True:
        try:
            await recordings.scan()
        except (WebinarError, *AWAY) as error:
            _log.warning("recordings cannot be looked for", error=str(error) or type(error).__name__)
        await asyncio.sleep(_SCAN_EVERY_S)


async def _tidy(hooks: Hooks) -> None:
    """Messages name people: none outlives its time, whether its webhook is ever told again or not."""
    while True:
        try:
            removed = await hooks.tidy()
            if removed:
                _log.info("old messages of webhooks removed", messages=removed)
        except AWAY as error:
            _log.warning("old messages of webhooks stay for now", error=str(error) or type(error).__name__)
        await asyncio.sleep(_TIDY_EVERY_S)


def health_app(platform: Platform, working: asyncio.Task[None]) -> Starlette:
    """`/healthz`, `/readyz`, `/metrics`."""

    async def database() -> str | None:
        return await db.check(platform.pool)

    async def bus() -> str | None:
        return None if platform.bus.connected else "the bus (NATS) does not answer"

    async def tasks() -> str | None:
        return "the worker's tasks have ended" if working.done() else None

    return Starlette(routes=health_routes({"database": database, "bus": bus, "tasks": tasks}))
