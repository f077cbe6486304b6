"""The web app over real PostgreSQL, real NATS and a real socket, with an ingest without media. Fixture: `web`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from tests.fake_ingest import FakeIngest
from tests.running import free_ports
from tests.waiting import until
from webinar.app import create_app
from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedNats
from webinar.base.service import listen, serve_until
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.delivery import express
from webinar.delivery.live import Live
from webinar.platform import Platform
from webinar.registration.model import NewAttendee

SECRET = "a secret of at least thirty-two characters"
# All is said over http on loopback; reading the machine's authorities for each client takes longer than most tests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Web:
    """A running web service, a client of it with all rights, and its parts."""

    platform: Platform
    url: str
    host: httpx.AsyncClient  # with an API token
    guest: httpx.AsyncClient  # without any
    token: str
    ingest_bus: Bus

    async def event(self, **fields: Any) -> dict[str, Any]:
        # A Tuesday that is far away: people register for what is to come.
        body = {"title": "연례 학술대회 2026", "starts_at": "2037-12-01T05:00:00Z", **fields}
        reply = await self.host.post("/api/v1/events", json=body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def attendee(self, event: dict[str, Any], email: str = "kim@example.org", **fields: Any) -> dict[str, Any]:
        body = {"name": "김하나", "email": email, **fields}
        reply = await self.host.post(f"/api/v1/events/{event['id']}/attendees", json=body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    @staticmethod
    def new_attendee(email: str) -> NewAttendee:
        return NewAttendee(name="이두리", email=email)

    async def call(self, method: str, path: str, token: str | None, **options: Any) -> httpx.Response:
        headers = {**options.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return await self.guest.request(method, path, headers=headers, **options)

    async def playback(self, viewer_token: str, **query: Any) -> httpx.Response:
        return await self.call("GET", "/api/v1/playback", viewer_token, params=query)

    async def live_event(self) -> dict[str, Any]:
        """An event on air, playable."""
        event = await self.event()
        reply = await self.host.post(f"/api/v1/events/{event['id']}/start")
        assert reply.status_code == 200, reply.text
        live = self.platform.live
        assert live is not None
        await until(lambda: live.session(event["id"]) is not None)
        return event


@contextlib.asynccontextmanager
async def web_service(database: str, nats_url: str, folder: Path, **settings: Any) -> AsyncIterator[Web]:
    """The web service of one process, as `webinar.app.run` puts it together."""
    sock = listen("127.0.0.1", 0, "any port")
    sock.listen(256)
    url = f"http://localhost:{sock.getsockname()[1]}"
    (udp,) = free_ports(1, socket.SOCK_DGRAM)
    made = Settings.read(
        data_dir=folder, public_url=url, secret_key=SECRET, host="127.0.0.1", whep_udp_port=udp, **settings
    )
    pool = await db.connect(database, service="tests", max_size=20)
    bus = await Bus.connect(nats_url, "tests web")
    ingest_bus = await Bus.connect(nats_url, "tests ingest")
    storage = Storage.open(made)
    live = Live(made, bus, storage)
    platform = Platform(settings=made, pool=pool, bus=bus, tokens=Tokens(SECRET), storage=storage, live=live)
    await live.start()
    await platform.listen()
    token = await platform.people.create_api_token("tests")
    stop = asyncio.Event()
    serving = asyncio.create_task(
        serve_until(stop, create_app(platform), sock, grace_s=2, http=express.protocol(live)), name="web"
    )
    watching = asyncio.create_task(platform.keep_watch(), name="watch")
    try:
        async with (
            httpx.AsyncClient(
                base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, verify=NO_TLS
            ) as host,
            httpx.AsyncClient(base_url=url, timeout=30, verify=NO_TLS) as guest,
        ):
            yield Web(platform, url, host, guest, token, ingest_bus)
    finally:
        platform.stage.close()
        stop.set()
        await serving
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await live.close()
        await ingest_bus.close()
        await bus.close()
        pool.terminate()


@pytest_asyncio.fixture
async def folder() -> AsyncIterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="webinar-web-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture
async def web(database: str, nats: EmbeddedNats, folder: Path) -> AsyncIterator[Web]:
    async with web_service(database, nats.url, folder) as made:
        yield made


@pytest_asyncio.fixture
async def ingest(web: Web) -> AsyncIterator[FakeIngest]:
    async with FakeIngest(web.ingest_bus, web.platform.storage) as made:
        yield made
