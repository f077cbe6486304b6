"""What viewers see and hear of a presenter behind a bad network, read from the recording.

The kernel of many test machines has no netem: a relay loses, delays and reorders the datagrams (lossy_relay.py).
The same with Chromium, and longer: `python -m tests.bench.whip_ingest weather`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page

from ingest.accept import PublisherState
from tests.integration.lossy_relay import Weather
from tests.media.chromium import FAKE_DEVICES, chromium
from tests.media.whip_sources import PAGE, Clock
from tests.media.whip_stage import Stage, stage
from tests.waiting import until
from webinar.demo.publisher import publish

# Each way 5 % lost, 30 to 80 ms: a packet is often overtaken by the next ones.
POOR = Weather(loss=0.05, delay_s=0.03, jitter_s=0.05)


@contextlib.asynccontextmanager
async def presenting(it: Stage, publisher: str) -> AsyncIterator[Page | None]:
    """Somebody presents a clock and a steady tone."""
    if publisher == "chromium":
        it.page = PAGE
        async with chromium(it.url, *FAKE_DEVICES) as page:
            await page.evaluate("publish(clock(), {audioNack: true})")  # as the studio does
            yield page
        return
    stop = asyncio.Event()
    sending = asyncio.create_task(publish(f"{it.url}/whip/event", "key", Clock(), stop=stop), name="presenter")
    try:
        yield None
    finally:
        stop.set()
        await sending


async def test_with_5_percent_loss_and_50_ms_jitter_neither_picture_nor_sound_stops(tmp_path: Path) -> None:
    async with stage(tmp_path) as it, presenting(it, "ours"):
        await it.on_air()
        await it.go_live()
        await it.lasts(1)
        it.relay.weather = POOR
        begin, end = await it.calm_window(7)
        health = it.health
        shown = await it.end()
    assert it.relay.lost > 20
    assert health.packets_recovered > 10
    # A presenter who runs late leaves out what it is late by, and the receiver here is late, too.
    late_s = it.late_s(begin, end)
    assert shown.longest_freeze(begin, end) < 0.5 + late_s
    assert shown.longest_silence(begin, end) <= 0.1 + 2 * late_s


async def test_a_presenter_whose_network_changes_goes_on_in_the_same_session(tmp_path: Path) -> None:
    async with stage(tmp_path) as it, presenting(it, "chromium") as page:
        assert page is not None
        await it.on_air()
        before = await page.evaluate("window.etag")
        assert await page.evaluate("trickle(window.etag)") == 204
        assert await page.evaluate("restartIce('\"stale\"')") == 412
        await it.relay.rebind()
        frames = it.frames
        assert await page.evaluate("restartIce()") == 200
        await until(lambda: it.frames > frames + 30, what="the picture did not go on")
        after = await page.evaluate("window.etag")
        assert after != before
        assert await page.evaluate("trickle(window.etag)") == 204
        assert await page.evaluate(f"trickle({before!r})") == 412
        assert await page.evaluate("pc.connectionState") == "connected"
        assert it.states == [(PublisherState.CONNECTED, "")]
