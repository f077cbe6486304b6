"""Sessions that fail, and ends on a slow store, in an ingest of this process on a real bus."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.accept.whip import WhipServer
from ingest.contract import LiveStatus, RecordingClosed, Subject
from ingest.encode.ladder import choose
from ingest.program.source import Source
from ingest.record.spool import Spool
from ingest.service import Ingest
from tests.media.camera import sending
from tests.media.reading import watch
from tests.waiting import until
from webinar.base.bus import Bus, Json, NoOwner
from webinar.base.disk import Disk
from webinar.base.embedded import EmbeddedNats
from webinar.base.settings import Settings
from webinar.base.storage import Storage


class Here:
    """One ingest and one event, asked over the bus."""

    def __init__(self, bus: Bus, storage: Storage) -> None:
        self.bus = bus
        self.storage = storage
        self.event_id = str(uuid.uuid4())

    async def ask(self, verb: str, body: Json | None = None) -> Json:
        return await self.bus.request(Subject.command(self.event_id, verb), body or {}, timeout_s=10)

    async def whip(self, body: Json) -> Json:
        return await self.ask("whip", body)

    async def assign(self) -> str:
        return str((await self.bus.request(Subject.ASSIGN, {"event_id": self.event_id}))["session_id"])

    async def status(self) -> LiveStatus:
        return LiveStatus.from_json(json.dumps(await self.ask("status")).encode())

    async def recorded(self, seconds: float) -> None:
        async def enough() -> bool:
            return (await self.status()).recorded_until_s >= seconds

        await until(enough, timeout_s=30)

    async def unowned(self) -> bool:
        try:
            await self.ask("status")
        except NoOwner:
            return True
        return False


@pytest.fixture
async def here(nats: EmbeddedNats, tmp_path: Path) -> AsyncIterator[Here]:
    bus, asking = await Bus.connect(nats.url, "ingest"), await Bus.connect(nats.url, "tests")
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    whip = WhipServer()
    await whip.start("127.0.0.1", 0)
    ingest = Ingest(bus, storage, whip, Spool(tmp_path / "spool", storage), choose(("144p",)), 2, Disk(tmp_path, 0))
    stop = asyncio.Event()
    running = asyncio.create_task(ingest.run(stop), name="ingest")
    made = Here(asking, storage)

    async def served() -> bool:
        with contextlib.suppress(NoOwner):
            return bool(await made.assign())
        return False

    await until(served)
    try:
        yield made
    finally:
        stop.set()
        await running
        await whip.close()
        await bus.close()
        await asking.close()


async def test_when_a_session_fails_its_presenter_is_let_go_and_is_seen_in_the_next_one(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await here.assign()
    async with sending(here.whip) as (peer, _):
        await here.ask("start")
        await here.recorded(1.0)

        def broken(self: Source, now_s: float) -> None:
            raise RuntimeError("broken")

        with monkeypatch.context() as patch:
            patch.setattr(Source, "picture", broken)
            await until(lambda: peer.connectionState == "closed", what="the presenter was kept by a dead session")
        second = await here.assign()
        assert second != first
    async with sending(here.whip):
        await here.ask("start")

        async def seen() -> bool:
            publisher = (await here.status()).publisher
            return publisher.connected and publisher.width > 0

        await until(seen, timeout_s=20, what="the next session decodes nothing")
        await here.recorded(1.0)
    await here.ask("end")


async def test_a_failed_session_gives_the_event_back_before_its_recording_is_stored(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    storing, go_on, put_file = asyncio.Event(), asyncio.Event(), here.storage.put_file

    async def slow(key: str, path: Path) -> None:
        storing.set()
        await go_on.wait()
        await put_file(key, path)

    def broken(self: Source, now_s: float) -> None:
        raise RuntimeError("broken")

    await here.assign()
    await here.ask("start")
    await here.recorded(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(here.storage, "put_file", slow)
        patch.setattr(Source, "picture", broken)
        await asyncio.wait_for(storing.wait(), 20)
        assert await here.unowned()
        go_on.set()
        await until(lambda: _stored(here) == 1)


async def test_the_end_is_answered_while_the_recording_is_on_its_way_into_the_store(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, put_file = asyncio.Event(), here.storage.put_file
    notices: list[RecordingClosed] = []

    async def slow(key: str, path: Path) -> None:
        await go_on.wait()
        await put_file(key, path)

    async def closed(payload: bytes) -> None:
        notices.append(RecordingClosed.from_json(payload))

    monkeypatch.setattr(here.storage, "put_file", slow)
    await here.bus.subscribe(Subject.RECORDING, closed)
    await here.bus.flush()
    await here.assign()
    await here.ask("start")
    await here.recorded(1.0)
    try:
        ended = await here.ask("end")
        assert ended == await here.ask("end")
        assert _stored(here) == 0
        await here.assign()  # the event may even be assigned again: the recording is stored once all the same
    finally:
        go_on.set()
    await until(lambda: any(n.event_id == here.event_id for n in notices))
    # A second notice tells of the sound alone.
    (notice,) = (n for n in notices if n.event_id == here.event_id and not n.audio_bytes)
    assert watch(here.storage.local_path(notice.key) or Path()).duration == pytest.approx(ended["duration_s"], abs=0.1)


def _stored(here: Here) -> int:
    folder = here.storage.local_path(f"recordings/{here.event_id}") or Path()
    return len(list(folder.glob("*.mp4")))
