"""A live session of a real ingest process over a real bus, held to the rules of LL-HLS by a strict client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.integration.test_ingest_service import Ingest
from tests.media.camera import Camera, sending
from tests.media.hls_validator import Validator
from tests.running import free_ports
from tests.waiting import until
from webinar.base.bus import Bus, Json
from webinar.base.embedded import EmbeddedNats
from webinar.base.service import listen, serve_until
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.delivery.live import Live

# Every rule that a live session can be held to.
RULES = {
    "aligned",
    "bandwidth",
    "blocking",
    "bytes",
    "codecs",
    "constant",
    "date-time",
    "decode-time",
    "delta",
    "duration",
    "end",
    "frame-rate",
    "headers",
    "hint",
    "hold-back",
    "independent",
    "joined",
    "map",
    "part-85",
    "part-hold-back",
    "part-length",
    "reports",
    "resolution",
    "segment-idr",
    "segment-length",
    "sequence",
    "skip-until",
    "status",
    "unchanged",
    "window",
}


@contextlib.asynccontextmanager
async def served(live: Live) -> AsyncIterator[httpx.AsyncClient]:
    sock = listen("127.0.0.1", 0, "WEBINAR_HTTP_PORT")
    stop = asyncio.Event()
    app = Starlette(routes=[Mount("/hls", app=live.hls)])
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_until(stop, app, sock, grace_s=1))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=15) as client:
            yield client
        stop.set()


async def test_a_session_keeps_every_rule_over_a_reconnect_and_changes_of_resolution(
    nats: EmbeddedNats, tmp_path: Path
) -> None:
    event_id = uuid.uuid4().hex
    (udp,) = free_ports(1, socket.SOCK_DGRAM)
    settings = Settings.read(data_dir=tmp_path, host="127.0.0.1", whep_udp_port=udp)
    async with contextlib.AsyncExitStack() as stack:
        bus = await Bus.connect(nats.url, "tests")
        stack.push_async_callback(bus.close)
        live = Live(settings, bus, Storage.open(settings))
        await live.start()
        stack.push_async_callback(live.close)
        ingest = Ingest(tmp_path, bus, nats.url)
        await ingest.start()
        stack.push_async_callback(ingest.stop)
        await ingest.assign(event_id)
        client = await stack.enter_async_context(served(live))

        async def whip(body: Json) -> Json:
            return await ingest.ask(event_id, "whip", body)

        async def program(seconds: float) -> None:
            async def reached() -> bool:
                return (await ingest.status(event_id)).program_time_s >= seconds

            await until(reached, timeout_s=40)

        async def present() -> None:
            """A publisher, nobody, and another publisher that changes its size every two seconds."""
            async with sending(whip, Camera()) as (_, resource):
                await program(3)
            await ingest.ask(event_id, "whip_delete", {"resource": resource})
            await program(6)
            async with sending(whip, Camera(sizes=((320, 240), (256, 144)))):
                await program(13)

        started = await ingest.ask(event_id, "start")
        await until(lambda: live.session(event_id) is not None, timeout_s=20)
        url = f"{client.base_url}/hls/{started['hls_prefix']}/index.m3u8"
        validator = Validator(client, url)
        presenting = asyncio.create_task(present())
        report = await validator.follow(presenting.done)
        await presenting
        await validator.probe()
        await ingest.ask(event_id, "end")
        await until(lambda: live.session(event_id) is None)
        await validator.probe_end()
    assert report.violations == []
    assert RULES <= report.looked.keys()
