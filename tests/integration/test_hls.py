"""LL-HLS of a live session over a real bus and a real HTTP server.

The parts come from the test itself: what is tested is the window, the waiting and the statuses, not the encoder.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.routing import Mount

from ingest.contract import EndOfSession, InitSegment, Part, Subject, encode
from tests.running import data_dir, free_ports
from tests.unit.delivery.test_window import PARTS, init, part
from tests.waiting import until
from webinar.base.bus import Bus, Json
from webinar.base.embedded import EmbeddedNats
from webinar.base.errors import Unavailable
from webinar.base.service import listen, serve_until
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.delivery import express
from webinar.delivery.live import Live

NAMES = ("720p", "480p", "audio")
PREFIX = "p" * 22


class Stand:
    """A web process's live part, and the bus to feed it."""

    def __init__(self, live: Live, bus: Bus, client: httpx.AsyncClient, storage: Storage) -> None:
        self.live = live
        self.bus = bus
        self.client = client
        self.storage = storage

    async def publish(self, *messages: InitSegment | Part | EndOfSession) -> None:
        for message in messages:
            await self.bus.publish(Subject.media("e1"), encode(message))
        await self.bus.flush()

    async def segments(self, first: int, last: int) -> None:
        """All parts of the segments first..last of every rendition."""
        await self.publish(*(part(m, p, n) for m in range(first, last + 1) for p in range(PARTS) for n in NAMES))

    async def playlist(self, name: str = "720p", query: str = "") -> httpx.Response:
        return await self.client.get(f"/hls/{PREFIX}/{name}/index.m3u8{query}")

    async def until_listed(self, text: str) -> str:
        async with asyncio.timeout(10):
            while True:
                body = (await self.playlist()).text
                if text in body:
                    return body
                await asyncio.sleep(0.02)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    folder = data_dir()
    (udp,) = free_ports(1, socket.SOCK_DGRAM)
    settings = Settings.read(data_dir=folder, host="127.0.0.1", whep_udp_port=udp)
    storage = Storage.open(settings)
    async with contextlib.AsyncExitStack() as stack:
        nats = await EmbeddedNats(folder).start()
        stack.push_async_callback(nats.stop)
        bus = await Bus.connect(nats.url, "test")
        stack.push_async_callback(bus.close)
        live = Live(settings, bus, storage)
        await live.start()
        stack.push_async_callback(live.close)
        sock = listen("127.0.0.1", 0, "WEBINAR_HTTP_PORT")
        stop = asyncio.Event()
        app = Starlette(routes=[Mount("/hls", app=live.hls)])
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_until(stop, app, sock, grace_s=1, http=express.protocol(live)))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=15) as client:
                yield Stand(live, bus, client, storage)
            stop.set()


async def begin(stand: Stand, segments: int = 3) -> None:
    await stand.publish(*(init(n) for n in NAMES))
    await stand.segments(0, segments - 1)
    await stand.until_listed(f"{segments - 1}.m4s")


async def test_a_session_is_served_from_its_first_parts(stand: Stand) -> None:
    assert (await stand.playlist()).status_code == 404
    await begin(stand)
    multivariant = await stand.client.get(f"/hls/{PREFIX}/index.m3u8")
    assert multivariant.status_code == 200
    assert multivariant.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert multivariant.headers["access-control-allow-origin"] == "*"
    segment = await stand.client.get(f"/hls/{PREFIX}/720p/2.m4s")
    assert segment.content == b"".join(part(2, p).payload for p in range(PARTS))
    assert "immutable" in segment.headers["cache-control"]
    assert (await stand.client.get(f"/hls/{PREFIX}/audio/1.3.m4s")).content == part(1, 3, "audio").payload
    assert (await stand.client.get(f"/hls/{PREFIX}/480p/init.mp4")).content == init("480p").payload
    plain = await stand.client.get(f"/hls/{PREFIX}/720p/index.m3u8", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with stand.client.stream("GET", f"/hls/{PREFIX}/720p/index.m3u8") as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join([piece async for piece in packed.aiter_raw()])
    assert gzip.decompress(raw) == plain.content


async def test_a_part_by_the_short_way_is_what_the_app_sends(stand: Stand) -> None:
    await begin(stand)
    path = f"/hls/{PREFIX}/720p/2.1.m4s"
    short = await stand.client.get(path)
    long = await stand.client.get(path, headers={"Range": "bytes=0-"})  # not plain: left to the app
    assert short.content == long.content == part(2, 1).payload
    assert {k: v for k, v in short.headers.items() if k != "date"} == {
        k: v for k, v in long.headers.items() if k != "date"
    }
    assert (await stand.client.get(f"/hls/{PREFIX}/720p/2.9.m4s")).status_code == 404
    assert (await stand.client.get(f"/hls/{'q' * 22}/720p/2.1.m4s")).status_code == 404


async def test_requests_in_pieces_and_in_a_row_are_answered_in_order(stand: Stand) -> None:
    await begin(stand)
    url = stand.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    request = [f"GET /hls/{PREFIX}/720p/2.{n}.m4s HTTP/1.1\r\nHost: x\r\n\r\n".encode() for n in range(4)]
    try:
        writer.write(request[0][:30])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(request[0][30:] + request[1] + request[2][:10])
        await writer.drain()
        writer.write(request[2][10:])
        writer.write(request[3])
        for number in range(4):
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                wanted = part(2, number).payload
                assert await reader.readexactly(len(wanted)) == wanted
    finally:
        writer.close()


async def test_a_blocking_reload_is_answered_when_the_part_is_there(stand: Stand) -> None:
    await begin(stand)
    waiting = [asyncio.create_task(stand.playlist(query="?_HLS_msn=4&_HLS_part=0")) for _ in range(20)]
    held = asyncio.create_task(stand.client.get(f"/hls/{PREFIX}/720p/3.0.m4s"))
    done, _ = await asyncio.wait([*waiting, held], timeout=0.3)
    assert not done
    await stand.publish(part(3, 0))
    async with asyncio.timeout(5):
        for task in waiting:
            answer = await task
            assert answer.status_code == 200
            assert 'URI="3.0.m4s"' in answer.text
            assert 'PRELOAD-HINT:TYPE=PART,URI="3.1.m4s"' in answer.text
        assert (await held).content == part(3, 0).payload


async def test_who_comes_within_the_first_segment_waits_for_its_end(stand: Stand) -> None:
    """hls.js gives up a playlist that has parts only."""
    await stand.publish(*(init(n) for n in NAMES), *(part(0, p, n) for p in range(2) for n in NAMES))
    await until(lambda: stand.live.session("e1") is not None)
    waiting = asyncio.create_task(stand.playlist())
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    await stand.publish(*(part(0, p, n) for p in range(2, PARTS) for n in NAMES))
    async with asyncio.timeout(5):
        assert "\n0.m4s\n" in (await waiting).text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?_HLS_part=1", 400),
        ("?_HLS_msn=x", 400),
        ("?_HLS_msn=-1", 400),
        ("?_HLS_msn=7", 400),
        ("?_HLS_msn=2&_HLS_part=0", 200),
        ("?_HLS_msn=3&_HLS_skip=YES", 200),
        ("?_HLS_unknown=1", 200),
    ],
)
async def test_requests_that_cannot_be_met_say_so_at_once(stand: Stand, query: str, status: int) -> None:
    await begin(stand)
    async with asyncio.timeout(5):  # a reload that waits does so for 6 s
        assert (await stand.playlist(query=query)).status_code == status


async def test_a_reload_that_waits_in_vain_gets_503(stand: Stand) -> None:
    await begin(stand)
    async with asyncio.timeout(20):
        answer = await stand.playlist(query="?_HLS_msn=4&_HLS_part=0")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        f"/hls/{PREFIX}/1080p/index.m3u8",
        f"/hls/{PREFIX}/720p/99.m4s",
        f"/hls/{'q' * 22}/index.m3u8",
        "/hls/../x",
        "/hls/x",
    ],
)
async def test_what_is_not_there_is_404(stand: Stand, path: str) -> None:
    await begin(stand)
    assert (await stand.client.get(path)).status_code == 404


async def test_the_end_closes_every_playlist_and_frees_who_waits(stand: Stand) -> None:
    await begin(stand)
    waiting = asyncio.create_task(stand.playlist(query="?_HLS_msn=4&_HLS_part=0"))
    await asyncio.wait([waiting], timeout=0.2)
    await stand.publish(EndOfSession("s1", "e1", 6.0))
    async with asyncio.timeout(5):
        assert "#EXT-X-ENDLIST" in (await waiting).text
    assert stand.live.session("e1") is None


async def test_lost_parts_are_filled_from_the_snapshot(stand: Stand) -> None:
    """The responder stands in for ingest, which the snapshot would come from."""
    await begin(stand)
    asked = 0

    async def snapshot(body: Json) -> Json:
        nonlocal asked
        asked += 1
        messages: list[InitSegment | Part] = [
            *(init(n) for n in NAMES),
            *(part(m, p, n) for m in range(2, 5) for p in range(PARTS) for n in NAMES),
        ]
        for message in messages:
            await stand.bus.publish(str(body["to"]), encode(message))
        return {"messages": len(messages)}

    await stand.bus.serve(Subject.command("e1", "snapshot"), snapshot)
    await stand.publish(*(part(5, 0, n) for n in NAMES))  # 3 and 4 were lost
    text = await stand.until_listed("5.0.m4s")
    assert asked == 1
    assert "2.m4s" in text
    await stand.publish(*(part(5, 1, n) for n in NAMES))
    await stand.until_listed("5.1.m4s")
    assert asked == 1


async def test_a_player_that_hangs_up_leaves_nothing_waiting(stand: Stand) -> None:
    await begin(stand)
    players = [asyncio.create_task(stand.playlist(query="?_HLS_msn=4&_HLS_part=0")) for _ in range(10)]
    await until(lambda: held() == len(players))
    for player in players:
        player.cancel()  # closes its connection
    # Before the waits would end by themselves, after 6 s.
    await until(lambda: held() == 0, timeout_s=5.0)


def held() -> float:
    return REGISTRY.get_sample_value("webinar_hls_held_requests") or 0.0


async def test_while_lost_parts_are_fetched_viewers_keep_what_there_was(stand: Stand) -> None:
    await begin(stand)
    held, released = asyncio.Event(), asyncio.Event()

    async def snapshot(body: Json) -> Json:
        held.set()
        await released.wait()
        messages: list[InitSegment | Part] = [
            *(init(n) for n in NAMES),
            *(part(m, p, n) for m in range(20, 24) for p in range(PARTS) for n in NAMES),
        ]
        for message in messages:
            await stand.bus.publish(str(body["to"]), encode(message))
        return {"messages": len(messages)}

    await stand.bus.serve(Subject.command("e1", "snapshot"), snapshot)
    before = (await stand.playlist()).text
    await stand.publish(*(part(24, 0, n) for n in NAMES))  # 3 to 23 were lost
    async with asyncio.timeout(5):
        await held.wait()
    assert (await stand.playlist()).text == before
    assert (await stand.client.get(f"/hls/{PREFIX}/720p/2.1.m4s")).content == part(2, 1).payload
    assert (await stand.client.get(f"/hls/{PREFIX}/720p/2.m4s")).status_code == 200
    waiting = asyncio.create_task(stand.playlist(query="?_HLS_msn=4&_HLS_part=0"))
    # Of players that have read further than this process.
    for path in ("index.m3u8?_HLS_msn=25&_HLS_part=1", "24.0.m4s", "23.m4s"):
        far = await stand.client.get(f"/hls/{PREFIX}/720p/{path}")
        assert (far.status_code, far.headers["retry-after"]) == (503, "1")
    assert (await stand.playlist(query="?_HLS_msn=-1")).status_code == 400
    released.set()
    async with asyncio.timeout(5):
        after = await waiting
    assert after.status_code == 200
    assert "#EXT-X-MEDIA-SEQUENCE:21\n" in after.text
    await stand.until_listed("24.0.m4s")
    assert (await stand.playlist(query="?_HLS_msn=99")).status_code == 400


async def test_a_session_without_a_part_asks_for_patience(stand: Stand) -> None:
    await stand.publish(*(init(n) for n in NAMES))
    await until(lambda: stand.live.by_prefix(PREFIX) is not None)
    for path in ("index.m3u8", "720p/index.m3u8", "720p/index.m3u8?_HLS_msn=8&_HLS_part=0", "720p/7.0.m4s"):
        early = await stand.client.get(f"/hls/{PREFIX}/{path}")
        assert (early.status_code, early.headers["retry-after"]) == (503, "1")


async def test_a_snapshot_that_fails_is_asked_for_again(stand: Stand) -> None:
    await begin(stand)
    asked = 0

    async def snapshot(body: Json) -> Json:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Unavailable("Not now.")
        messages: list[InitSegment | Part] = [
            *(init(n) for n in NAMES),
            *(part(m, p, n) for m in (3, 4) for p in range(PARTS) for n in NAMES),
        ]
        for message in messages:
            await stand.bus.publish(str(body["to"]), encode(message))
        return {"messages": len(messages)}

    await stand.bus.serve(Subject.command("e1", "snapshot"), snapshot)

    async def goes_on() -> bool:
        await stand.publish(*(part(5, 0, n) for n in NAMES))
        assert "2.m4s" in (await stand.playlist()).text
        return asked >= 2

    await until(goes_on)
    assert "#EXT-X-MEDIA-SEQUENCE:1\n" in await stand.until_listed("4.m4s")


async def test_a_segment_that_left_the_window_comes_from_the_store(stand: Stand) -> None:
    await begin(stand)
    await stand.segments(3, 40)
    await stand.until_listed("40.m4s")
    assert (await stand.client.get(f"/hls/{PREFIX}/720p/0.m4s")).status_code == 404
    await stand.storage.put_bytes(f"live/{PREFIX}/720p/0.m4s", b"stored")
    assert (await stand.client.get(f"/hls/{PREFIX}/720p/0.m4s")).content == b"stored"
