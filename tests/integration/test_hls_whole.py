"""Rewinding and replay: `full.m3u8` over a real bus, a real HTTP server and a store written as ingest writes it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from ingest.contract import EndOfSession, InitSegment, Part, Subject, encode
from ingest.outgoing import Outgoing
from tests.fake_ingest import FakeIngest
from tests.unit.delivery.test_window import PARTS, init, part
from tests.waiting import until
from webinar.base.bus import Bus, Json
from webinar.base.errors import NotFound
from webinar.base.storage import Storage
from webinar.delivery.archive import Archive

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]
NAMES = ("720p", "480p", "audio")


class Ingest:
    """What of a live session is neither picture nor sound: its messages, and its segments in the store."""

    def __init__(self, bus: Bus, storage: Storage, event_id: str, number: int) -> None:
        self.event_id, self.session_id, self.prefix = event_id, f"{number:013d}", f"{number}{event_id}"[:32]
        self.started_at = f"2026-01-01T00:{number:02d}:00Z"
        self.bus = bus
        self.outgoing = Outgoing(event_id, self.prefix, self._publish, storage.put_bytes)
        self.listened_to = True
        self.kept: list[InitSegment | Part] = []

    async def _publish(self, subject: str, payload: bytes) -> None:
        if self.listened_to:
            await self.bus.publish(subject, payload)

    def send(self, *messages: InitSegment | Part | EndOfSession) -> None:
        for message in messages:
            mine = dataclasses.replace(message, session_id=self.session_id, event_id=self.event_id)
            if isinstance(mine, InitSegment):
                mine = dataclasses.replace(mine, hls_prefix=self.prefix, started_at=self.started_at)
            if not isinstance(mine, EndOfSession):
                self.kept.append(mine)
            self.outgoing.media(mine, encode(mine))

    def segments(self, first: int, last: int, names: tuple[str, ...] = NAMES) -> None:
        self.send(*(part(m, p, n) for m in range(first, last + 1) for p in range(PARTS) for n in names))

    async def serve_snapshots(self, first: int) -> None:
        async def snapshot(body: Json) -> Json:
            messages = [m for m in self.kept if isinstance(m, InitSegment) or m.msn >= first]
            for message in messages:
                await self.bus.publish(str(body["to"]), encode(message))
            return {"messages": len(messages)}

        await self.bus.serve(Subject.command(self.event_id, "snapshot"), snapshot)


@contextlib.asynccontextmanager
async def writing(web: Web, event_id: str, number: int) -> AsyncIterator[Ingest]:
    """Leaving it is what `kill -9` after the last write leaves behind."""
    made = Ingest(web.ingest_bus, web.platform.storage, event_id, number)
    # Of sessions that no event has, nothing is given out.
    await web.platform.pool.execute(
        "insert into live_session (id, event_id, hls_prefix, started_at) values ($1, $2, $3, now())",
        f"{event_id} {made.session_id}",
        uuid.UUID(event_id),
        made.prefix,
    )
    tasks = [asyncio.create_task(made.outgoing.send()), asyncio.create_task(made.outgoing.store())]
    made.send(*(init(n) for n in NAMES))
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def full(web: Web, prefix: str, name: str = "720p", query: str = "") -> httpx.Response:
    return await web.guest.get(f"/hls/{prefix}/{name}/full.m3u8{query}")


async def listing(web: Web, prefix: str, count: int, name: str = "720p") -> str:
    """The playlist as soon as it has so many segments, without holes: the index follows within a second."""
    text = ""

    async def enough() -> bool:
        nonlocal text
        text = (await full(web, prefix, name)).text
        return text.count("#EXTINF") >= count and "#EXT-X-GAP" not in text

    await until(enough, what=f"{count} segments were not listed")
    return text


def addresses(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


async def stored(web: Web, prefix: str, count: int) -> None:
    """Until the index names so many segments of the top rendition."""

    async def enough() -> bool:
        try:
            return len((await Archive(web.platform.storage).stretch(prefix)).segments["720p"]) == count
        except NotFound:
            return False

    await until(enough, what=f"{count} segments were not stored")


async def forgotten(web: Web, prefix: str) -> None:
    """What a restart of the web process forgets."""
    live = web.platform.live
    assert live is not None
    live._feed._forget(live._feed._by_prefix[prefix])  # noqa: SLF001 - a minute later it would do so itself


async def test_while_live_every_segment_since_go_live_is_listed_and_can_be_had(web: Web) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as made:
        for first in range(0, 30, 10):  # no more than the store is given time for
            made.segments(first, first + 9)
            await stored(web, made.prefix, first + 10)
        text = await listing(web, made.prefix, 30)
        assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
        assert addresses(text) == [f"{n}.m4s" for n in range(30)]
        for address in ("0.m4s", "29.m4s", "init.mp4"):
            assert (await web.guest.get(f"/hls/{made.prefix}/720p/{address}")).status_code == 200
        delta = (await full(web, made.prefix, query="?_HLS_skip=YES")).text
        assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=24" in delta
        made.segments(30, 30)
        assert (await listing(web, made.prefix, 31)).startswith(text)
        whole = await web.guest.get(f"/hls/{made.prefix}/full.m3u8")
        assert addresses(whole.text) == ["720p/full.m3u8", "480p/full.m3u8"]
        assert 'URI="audio/full.m3u8"' in whole.text
        assert whole.headers["cache-control"] == "public, max-age=0, s-maxage=1"


async def test_a_process_that_came_late_lists_the_beginning_from_the_store(web: Web) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as made:
        made.listened_to = False
        for first in range(0, 70, 10):  # no more than the store is given time for
            made.segments(first, first + 9)
            await stored(web, made.prefix, first + 10)
        await made.serve_snapshots(60)
        made.listened_to = True
        made.segments(70, 70)
        text = await listing(web, made.prefix, 71)
        assert addresses(text) == [f"{n}.m4s" for n in range(71)]
        assert "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:03:20.000Z\n#EXTINF:2.00000,\n70.m4s" in text
        assert "GAP" not in text


async def test_the_replay_is_there_with_the_end_and_is_the_same_after_a_restart(web: Web) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as made:
        made.segments(0, 19)
        await listing(web, made.prefix, 20)
        made.send(EndOfSession("", "", 40.0))
        await until(lambda: web.platform.live.by_prefix(made.prefix).ended)  # type: ignore[union-attr]
        at_once = (await full(web, made.prefix)).text
        assert at_once.endswith("19.m4s\n#EXT-X-ENDLIST\n")
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in at_once
        await made.outgoing.drain()
    await forgotten(web, made.prefix)
    later = await full(web, made.prefix)
    assert later.text == at_once
    assert later.headers["cache-control"] == "public, max-age=300, s-maxage=10"
    assert later.headers["content-encoding"] == "gzip"
    assert "720p/full.m3u8" in (await web.guest.get(f"/hls/{made.prefix}/full.m3u8")).text
    assert (await full(web, made.prefix, "1080p")).status_code == 404
    assert (await web.guest.get(f"/hls/{made.prefix}/index.m3u8")).status_code == 404


async def test_an_event_whose_ingest_was_killed_is_replayed_whole(web: Web) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as first:
        first.segments(0, 4)
        first.segments(5, 5, ("720p", "480p"))  # killed before the sound of it was written
        await stored(web, first.prefix, 6)
    async with writing(web, event["id"], 2) as second:
        second.segments(0, 3)
        live = await listing(web, second.prefix, 9)
        assert live.count("#EXT-X-DISCONTINUITY\n") == 1
        second.send(EndOfSession("", "", 8.0))
        await second.outgoing.drain()
    await until(lambda: web.platform.live.by_prefix(second.prefix).ended)  # type: ignore[union-attr]
    await forgotten(web, second.prefix)
    for name in NAMES:
        text = (await full(web, second.prefix, name)).text
        assert addresses(text) == [
            *(f"../../{first.prefix}/{name}/{n}.m4s" for n in range(5)),
            *(f"{n}.m4s" for n in range(4)),
        ]
        assert re.findall(r"PROGRAM-DATE-TIME:2026-01-01T(00:0\d:00)", text) == ["00:01:00", "00:02:00"]
    assert (await web.guest.get(f"/hls/{first.prefix}/audio/4.m4s")).status_code == 200


async def test_viewers_are_told_where_to_rewind_and_where_the_replay_is(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    attendee = await web.attendee(event)
    token = attendee["viewer_token"]
    live = (await web.playback(token)).json()
    assert live["rewind_url"] == live["hls_url"].replace("index.m3u8", "full.m3u8")
    assert live["replay_url"] is None
    async with writing(web, event["id"], 9) as made:  # the ingest without media leaves none of this
        made.listened_to = False
        made.segments(0, 1)
        await made.outgoing.drain()
    assert (await web.host.post(f"/api/v1/events/{event['id']}/end")).status_code == 200
    ended = (await web.playback(token)).json()
    assert (ended["hls_url"], ended["rewind_url"]) == (None, None)
    assert ended["replay_url"].endswith(f"/hls/{made.prefix}/full.m3u8")
    assert (await web.guest.get(ended["replay_url"])).status_code == 200
    deleted = await web.host.delete(f"/api/v1/events/{event['id']}")
    assert deleted.status_code == 204
    assert await web.platform.storage.list_keys(f"live/events/{event['id']}") == []


@pytest.mark.parametrize("path", ["full.m3u8", "720p/full.m3u8"])
async def test_there_is_no_replay_of_what_never_was(web: Web, path: str) -> None:
    assert (await web.guest.get(f"/hls/{'q' * 22}/{path}")).status_code == 404
