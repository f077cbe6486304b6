"""LL-HLS through nginx with a cache, as `deploy/nginx.conf` sets it up, in front of the whole web service."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from prometheus_client import REGISTRY

from tests.integration.test_hls_whole import listing, writing
from tests.media.nginx import nginx
from tests.unit.delivery.test_window import part
from tests.waiting import until

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

VIEWERS = 100


@contextlib.asynccontextmanager
async def origin() -> AsyncIterator[tuple[int, list[tuple[int, dict[str, str]]]]]:
    """(port, requests) of a server that answers everything; of each request its connection and its headers."""
    seen: list[tuple[int, dict[str, str]]] = []
    connections = itertools.count()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(connections)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                seen.append((number, {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()


async def test_every_location_tells_the_origin_who_asks_for_what_over_connections_that_stay() -> None:
    async with (
        origin() as (web_port, to_web),
        origin() as (chat_port, to_chat),
        nginx(web_port, chat_port=chat_port) as (url, _),
        httpx.AsyncClient(base_url=url, headers={"Host": "live.example.org"}) as viewer,
    ):
        for path in ("/", "/recordings/1.mp4", "/hls/p/720p/1.m4s", "/hls/p/720p/2.m4s"):
            assert (await viewer.get(path)).text == "ok"
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        assert (await viewer.get("/chat", headers=upgrade)).text == "ok"
    assert (len(to_web), len(to_chat)) == (4, 1)
    for _, headers in (*to_web, *to_chat):
        assert headers["host"] == "live.example.org"
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
    assert [headers.get("connection") for _, headers in to_web] == [None] * 4
    assert len({connection for connection, _ in to_web}) == 1
    assert to_chat[0][1]["upgrade"] == "websocket"


def fetched(kind: str) -> float:
    """Answers of the origin with something in them."""
    return REGISTRY.get_sample_value("webinar_hls_requests_total", {"kind": kind, "status": "200"}) or 0.0


async def test_a_hundred_viewers_cost_the_origin_one_fetch_a_part_and_a_few_a_playlist(web: Web) -> None:
    event = await web.event()
    limits = httpx.Limits(max_connections=VIEWERS, max_keepalive_connections=VIEWERS)
    async with (
        nginx(urlsplit(web.url).port or 80) as (url, _),
        httpx.AsyncClient(base_url=url, timeout=20, limits=limits) as viewer,
        writing(web, event["id"], 1) as made,
    ):
        made.segments(0, 2)
        await listing(web, made.prefix, 3)
        folder = f"/hls/{made.prefix}/720p"

        async def all_get(path: str) -> list[httpx.Response]:
            return await asyncio.gather(*(viewer.get(folder + path) for _ in range(VIEWERS)))

        # A part that one has: the others cost nothing.
        before = fetched("part")
        assert (await viewer.get(folder + "/2.0.m4s")).content == part(2, 0).payload
        assert {r.headers["x-cache"] for r in await all_get("/2.0.m4s")} == {"HIT"}
        assert fetched("part") == before + 1

        # A part that all want at the same moment, as when it was just listed.
        before = fetched("part")
        assert {r.content for r in await all_get("/2.1.m4s")} == {part(2, 1).payload}
        assert fetched("part") - before <= VIEWERS / 10

        # All wait for the next part: it is held for a moment, then there for everybody.
        before = fetched("playlist")
        held = asyncio.gather(*(viewer.get(folder + "/index.m3u8?_HLS_msn=4&_HLS_part=0") for _ in range(VIEWERS)))
        await until(lambda: (REGISTRY.get_sample_value("webinar_hls_held_requests") or 0) > 0)
        made.send(part(3, 0))
        answers = await held
        assert all('URI="3.0.m4s"' in r.text for r in answers)
        assert fetched("playlist") - before <= VIEWERS / 4


async def test_what_is_cached_is_keyed_by_query_and_encoding_and_errors_are_not_kept(web: Web) -> None:
    event = await web.event()
    async with (
        nginx(urlsplit(web.url).port or 80) as (url, _),
        httpx.AsyncClient(base_url=url, timeout=20) as viewer,
        writing(web, event["id"], 1) as made,
    ):
        made.segments(0, 9)
        await listing(web, made.prefix, 10)
        base = f"/hls/{made.prefix}/720p"
        assert (await viewer.get(base + "/10.0.m4s", headers={"X": "1"})).status_code in (404, 503)
        made.segments(10, 10)
        await listing(web, made.prefix, 11)
        assert (await viewer.get(base + "/10.0.m4s")).content == part(10, 0).payload
        full = await viewer.get(base + "/index.m3u8?_HLS_msn=11&_HLS_part=0")
        delta = await viewer.get(base + "/index.m3u8?_HLS_msn=11&_HLS_part=0&_HLS_skip=YES")
        assert "EXT-X-SKIP" not in full.text
        assert "EXT-X-SKIP" in delta.text
        plain = {"Accept-Encoding": "identity"}
        one = await viewer.get(base + "/index.m3u8?_HLS_msn=11&_HLS_part=1", headers=plain)
        two = await viewer.get(base + "/index.m3u8?_HLS_msn=11&_HLS_part=1")
        again = await viewer.get(base + "/index.m3u8?_HLS_msn=11&_HLS_part=1", headers={"Accept-Encoding": "br, gzip"})
        assert "content-encoding" not in one.headers
        assert two.headers["content-encoding"] == again.headers["content-encoding"] == "gzip"
        assert again.headers["x-cache"] == "HIT"
        assert one.text == two.text == again.text
        page = await viewer.get("/healthz")
        assert (page.status_code, "x-cache" in page.headers) == (200, False)
