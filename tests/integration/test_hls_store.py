"""Rewinding and replay over a store that is full, slow or away."""

from __future__ import annotations

import asyncio
import itertools
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ingest.contract import Key
from tests.fake_ingest import FakeIngest
from tests.integration.test_hls_whole import addresses, full, listing, stored, writing
from tests.waiting import until
from webinar import replays as module
from webinar.base.errors import Unavailable
from webinar.delivery import rewind as rewind_module
from webinar.delivery.archive import Archive
from webinar.delivery.rewind import Rewind
from webinar.delivery.whole import Stretch
from webinar.delivery.window import GRACE_SEGMENTS, WINDOW_SEGMENTS

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_while_live_a_segment_that_the_store_did_not_take_is_a_hole(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, storage = await web.event(), web.platform.storage
    put = storage.put_bytes

    async def full_at_times(key: str, data: bytes) -> None:
        if key.endswith("/720p/2.m4s"):
            raise Unavailable("full")
        await put(key, data)

    monkeypatch.setattr(storage, "put_bytes", full_at_times)
    async with writing(web, event["id"], 1) as made:
        made.segments(0, 4)
        await stored(web, made.prefix, 5)
        text = ""

        async def told() -> bool:
            nonlocal text
            text = (await full(web, made.prefix)).text
            return "GAP" in text

        await until(told)
        assert text.count("#EXT-X-GAP\n") == 1
        assert "#EXT-X-GAP\n#EXTINF:2.00000,\n2.m4s\n" in text
        assert addresses(text) == [f"{n}.m4s" for n in range(5)]
        assert "GAP" not in (await full(web, made.prefix, "480p")).text


async def test_while_live_a_store_that_is_away_costs_what_the_window_has_lost(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, storage = await web.event(), web.platform.storage

    async def away(*_: object) -> None:
        raise Unavailable("away")

    async with writing(web, event["id"], 1) as made:
        made.segments(0, 3)
        await stored(web, made.prefix, 4)
        await listing(web, made.prefix, 4)
        monkeypatch.setattr(storage, "get_bytes", away)
        made.segments(4, 19)
        await until(lambda: web.platform.live.by_prefix(made.prefix).windows["720p"].finished_end == 20)  # type: ignore[union-attr]
        text = (await full(web, made.prefix)).text
        assert addresses(text) == [f"{n}.m4s" for n in range(20)]
        assert re.findall(r"GAP\n#EXTINF:.*\n(\d+)", text)[-1] == str(19 - WINDOW_SEGMENTS - GRACE_SEGMENTS - 1)


async def test_a_replay_to_which_nothing_comes_any_more_is_read_less_and_less_often(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as killed:
        killed.listened_to = False
        killed.segments(0, 3)
        await stored(web, killed.prefix, 4)
    rewind, now = Rewind(Archive(web.platform.storage)), 1000.0
    monkeypatch.setattr(rewind_module, "time", SimpleNamespace(monotonic=lambda: now))
    reads = []
    stretch = Archive.stretch

    async def counted(archive: Archive, prefix: str) -> Stretch:
        reads.append(now)
        return await stretch(archive, prefix)

    monkeypatch.setattr(Archive, "stretch", counted)
    for _ in range(1000):
        await rewind.media(killed.prefix, "720p", None, skip=False)
        now += 1
    assert [b - a for a, b in itertools.pairwise(reads)][:5] == [10, 20, 40, 80, 160]
    assert now - reads[-1] <= 300


async def test_the_end_is_told_while_the_store_does_not_answer_and_the_replay_as_soon_as_it_does(
    web: Web, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await web.live_event()
    token = (await web.attendee(event))["viewer_token"]
    storage = web.platform.storage
    await storage.put_bytes(Key.pointer(event["id"], "1"), b"a" * 22)
    assert (await web.host.post(f"/api/v1/events/{event['id']}/end")).status_code == 200
    monkeypatch.setattr(module, "_STORE_PATIENCE_S", 0.05)

    async def hangs(prefix: str) -> list[str]:
        await asyncio.sleep(60)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(storage, "list_keys", hangs)
        ended = (await web.playback(token)).json()
        assert (ended["state"], ended["replay_url"]) == ("ended", None)
    monkeypatch.setattr(module, "_STORE_PATIENCE_S", 10.0)
    assert (await web.playback(token)).json()["replay_url"] is not None
