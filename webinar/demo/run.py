"""`webinar demo`: the platform, one event, a real presenter's client, and the links to look at it."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import typer

from webinar.base import log
from webinar.base.errors import CannotStart, WebinarError
from webinar.base.process import Command, Process
from webinar.base.settings import Settings
from webinar.events.fields import NewEvent
from webinar.events.model import Event, EventState
from webinar.office import office
from webinar.platform import Platform
from webinar.recordings.model import Recording, RecordingState
from webinar.registration.model import NewAttendee
from webinar.serve import show, supervised
from webinar.supervisor import Supervisor

_log = log.get(__name__)

_ON_AIR_WITHIN_S: Final = 30.0
_READY_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.1


async def demo(settings: Settings, clip: Path | None) -> int:
    """Runs until Ctrl-C or SIGTERM; then ends the event and shows where its recording is."""
    if clip is not None and not await asyncio.to_thread(clip.is_file):
        raise CannotStart(f"There is no file {clip}. Give --clip a video file.")

    async def work(platform: Supervisor, stop: asyncio.Event) -> None:
        async with office(platform.settings) as desk:
            await _Demo(platform.settings, desk, clip).run(stop)

    typer.echo("Starting the platform …")
    await supervised(settings, work)
    return 0


class _Demo:
    """One event from its making to its recording."""

    def __init__(self, settings: Settings, desk: Platform, clip: Path | None) -> None:
        self._settings = settings
        self._desk = desk
        self._clip = clip
        self._kept = settings.data_dir / "demo-event"

    async def run(self, stop: asyncio.Event) -> None:
        await self._end_left_over()
        event = await self._desk.events.create(self._new_event())
        self._kept.write_text(str(event.id))
        publisher = await self._publisher(event)
        try:
            if not await self._on_air(event, publisher, stop):
                return
            await self._desk.course.start(event.id)
            try:
                await self._show_links(event)
                await _either(stop.wait(), publisher.wait())
                if (await self._desk.events.get(event.id)).state is EventState.ENDED:
                    typer.echo("\nThe event was ended from a page.")
                elif not stop.is_set():
                    typer.echo("The presenter's client ended by itself; its lines above say why.", err=True)
            finally:
                typer.echo("\nEnding the event …")
                await self._desk.course.end(event.id)
        finally:
            await publisher.stop()
        await self._show_recording(event)

    async def _end_left_over(self) -> None:
        """A demo that was killed left its event live, and the worker brought it back on air: it is ended first."""
        try:
            left_over = uuid.UUID(self._kept.read_text())
        except (FileNotFoundError, ValueError):
            return
        if left_over in [event.id for event in await self._desk.events.live()]:
            await self._desk.course.end(left_over)

    def _new_event(self) -> NewEvent:
        now = datetime.now(UTC).replace(microsecond=0)
        title = "Demo talk" if self._clip is None else f"Demo: {self._clip.stem[:80]}"
        return NewEvent(
            title=title, starts_at=now, ends_at=now + timedelta(hours=4), timezone="Asia/Seoul", language="en"
        )

    async def _publisher(self, event: Event) -> Process:
        # The address of this machine, whatever proxy the public one points to.
        whip_url = f"http://127.0.0.1:{self._settings.http_port}/whip/{event.id}"
        argv = [sys.executable, "-m", "webinar.demo.publish", "--whip-url", whip_url]
        if self._clip is not None:
            argv += ["--clip", str(self._clip)]
        env = {**os.environ, "WEBINAR_STREAM_KEY": self._desk.events.stream_key(event)}
        return await Process.start(Command(name="presenter", argv=argv, env=env))

    async def _on_air(self, event: Event, publisher: Process, stop: asyncio.Event) -> bool:
        """Until ingest sees the presenter; False when told to stop before. Raises `CannotStart`."""
        deadline = asyncio.get_running_loop().time() + _ON_AIR_WITHIN_S
        while not stop.is_set():
            if publisher.returncode is not None:
                raise CannotStart("The presenter's client could not send; its line above says why.")
            if asyncio.get_running_loop().time() > deadline:
                raise CannotStart(f"The presenter's stream did not arrive within {_ON_AIR_WITHIN_S:.0f} s.")
            if await self._publisher_connected(event.id):
                return True
            await asyncio.sleep(_LOOK_EVERY_S)
        return False

    async def _publisher_connected(self, event_id: uuid.UUID) -> bool:
        try:
            reply = await self._desk.events.to_ingest(event_id, "status", {})
            health = reply["publisher"]
        except (WebinarError, KeyError):
            return False
        return bool(health["connected"]) and health["fps"] > 0

    async def _show_links(self, event: Event) -> None:
        desk = self._desk
        person = NewAttendee(name="Demo guest", email="guest@example.org")
        guest = (await desk.registration.register(event.id, person, by_host=True)).attendee
        owner = await desk.people.ensure_owner("Demo host", "host@example.org")
        sign_in = desk.links.absolute(f"/in/{await desk.people.sign_in_link(owner.id)}")
        show(
            "The demo is live. Open these in a browser on this machine:",
            [
                ("Join", desk.links.join(guest)),
                ("Studio", desk.links.studio(event)),
                ("Host", f"{sign_in}\n{'':16}works once; then {desk.links.host(event)}"),
                ("Event page", desk.links.event(event)),
                ("Stop", "Ctrl-C ends the event and finishes its recording"),
            ],
        )

    async def _show_recording(self, event: Event) -> None:
        started = asyncio.get_running_loop().time()
        recording = await self._recording(event.id)
        if recording is None:
            typer.echo(
                "The recording is not finished yet; `webinar serve` finishes it and the host's page shows it.", err=True
            )
            return
        waited = asyncio.get_running_loop().time() - started
        rows = [
            (
                "Length",
                f"{recording.duration_s or 0:.1f} s, {(recording.bytes or 0) / 1e6:.1f} MB, ready after {waited:.1f} s",
            ),
            ("Download", self._desk.links.download(recording, host=True) or ""),
            ("", "while the platform runs: `make serve`, or the next `make demo`"),
        ]
        path = self._desk.storage.local_path(recording.key or "")
        if path is not None:
            rows.append(("File", str(path)))
        show("The recording is finished.", rows)

    async def _recording(self, event_id: uuid.UUID) -> Recording | None:
        deadline = asyncio.get_running_loop().time() + _READY_WITHIN_S
        while asyncio.get_running_loop().time() < deadline:
            for recording in await self._desk.recordings.of_event(event_id):
                if recording.state is RecordingState.READY:
                    return recording
            await asyncio.sleep(_LOOK_EVERY_S)
        return None


async def _either(*waits: Coroutine[Any, Any, object]) -> None:
    """Until one of them is done."""
    tasks = [asyncio.create_task(w) for w in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
