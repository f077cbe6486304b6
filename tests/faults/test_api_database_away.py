"""PostgreSQL goes away: who is in stays in, the rest is told to try again, and all is well when it is back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.fake_ingest import FakeIngest
from tests.waiting import until
from webinar.base import db
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres
from webinar.base.process import Process

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


class OwnPostgres:
    """A server of this test's own, killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder)
        self._process: Process | None = None

    async def start(self) -> None:
        await self.server.prepare()
        self._process = await Process.start(self.server.command())
        await self.server.wait_ready()

    async def stop(self, *, kill: bool = False) -> None:
        assert self._process is not None
        if kill:
            self._process.kill()
            await self._process.wait()
        else:
            await self._process.stop()


@pytest.fixture
def own_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="webinar-faults-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def own_postgres(own_folder: Path) -> AsyncIterator[OwnPostgres]:
    made = OwnPostgres(own_folder)
    await made.start()
    await db.upgrade(made.server.url)
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def web_on_it(own_postgres: OwnPostgres, nats: EmbeddedNats, folder: Path) -> AsyncIterator[Web]:
    from tests.web_stage import web_service

    async with web_service(own_postgres.server.url, nats.url, folder) as made:
        yield made


async def test_viewers_and_the_presenter_go_on_while_postgresql_is_killed(
    own_postgres: OwnPostgres, web_on_it: Web
) -> None:
    web = web_on_it
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        event = await web.live_event()
        person = await web.attendee(event)
        before = (await web.playback(person["viewer_token"])).json()
        await own_postgres.stop(kill=True)
        for _ in range(3):
            began = time.monotonic()
            during = await web.playback(person["viewer_token"])
            assert during.status_code == 200, during.text
            assert (during.json()["hls_url"], during.json()["version"]) == (before["hls_url"], before["version"])
            assert time.monotonic() - began < 8
        polled = await web.playback(person["viewer_token"], after=before["version"], wait=1)
        assert polled.json()["version"] == before["version"]
        offer = {"content": "v=0\r\n", "headers": {"Content-Type": "application/sdp"}}
        reply = await web.call("POST", f"/whip/{event['id']}", event["stream_key"], **offer)
        assert reply.status_code == 201, reply.text
        refused = await web.host.get("/api/v1/events")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        ready = await web.guest.get("/readyz")
        assert (ready.status_code, list(ready.json()["missing"])) == (503, ["database"])
        await own_postgres.start()
        await until(lambda: _ready(web))
        ended = asyncio.create_task(web.host.post(f"/api/v1/events/{event['id']}/end"))
        after = await web.playback(person["viewer_token"], after=before["version"], wait=20)
        assert after.json()["state"] == "ended"
        assert (await ended).status_code == 200


async def _ready(web: Web) -> bool:
    return (await web.guest.get("/readyz")).status_code == 200
