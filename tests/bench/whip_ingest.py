"""What becomes of a presenter's stream on its way into the program: `python -m tests.bench.whip_ingest [RUN…]`.

Runs: `weather` (5 % lost, 50 ms jitter; our publisher and Chromium), `screen` (5 pictures a second against 30),
`rate` (Chromium at 1280x720 with and without a 600 kbit/s way), `others` (publishers that others wrote; those that
this machine lacks are passed over). Read from the recording; one JSON object a run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
from playwright.async_api import Page

from tests.integration.lossy_relay import Weather
from tests.integration.test_whip_weather import POOR, presenting
from tests.media.chromium import FAKE_DEVICES, chromium
from tests.media.whip_firefox import firefox
from tests.media.whip_others import publishing
from tests.media.whip_sources import PAGE
from tests.media.whip_stage import Shown, Stage, stage
from tests.running import free_ports
from webinar.base.rtc import ice_addresses

# Without a sound card Firefox's AudioContext never runs; its fake microphone does.
FAKE_SOUND = (
    "new MediaStream([...clock().getVideoTracks(),"
    " ...(await navigator.mediaDevices.getUserMedia({audio: true})).getAudioTracks()])"
)
LENGTH_S = float(os.environ.get("BENCH_SECONDS", "60"))


def figures(shown: Shown, begin: float, end: float) -> dict[str, Any]:
    """What a viewer saw and heard of a stretch of the program."""
    delays = shown.delays_ms(begin)
    return {
        "seconds": round(end - begin, 1),
        "longest_freeze_ms": round(shown.longest_freeze(begin, end) * 1000),
        "longest_silence_ms": round(shown.longest_silence(begin, end) * 1000),
        "delay_p50_ms": round(statistics.median(delays)),
        "delay_p95_ms": round(statistics.quantiles(delays, n=20)[-1]),
    }


def say(run: str, **values: Any) -> None:
    print(json.dumps({"run": run, **values}), flush=True)


async def weather() -> None:
    for publisher in ("ours", "chromium"):
        for name, sky in (("fine", Weather()), ("poor", POOR)):
            with tempfile.TemporaryDirectory() as folder:
                async with stage(Path(folder)) as it, presenting(it, publisher):
                    await it.on_air()
                    await it.go_live()
                    await it.lasts(2)
                    it.relay.weather = sky
                    begin = it.session.status().program_time_s
                    await it.lasts(LENGTH_S if name == "poor" else 10)
                    end = it.session.status().program_time_s
                    health = it.health
                    say(
                        "weather",
                        publisher=publisher,
                        network=name,
                        **figures(await it.end(), begin, end),
                        datagrams_lost=it.relay.lost,
                        repeated=health.packets_recovered,
                        never_came=health.packets_lost,
                        keyframes_asked=health.plis_sent,
                        machine_late_ms=round(it.late_s(begin, end) * 1000),
                    )


@contextlib.asynccontextmanager
async def browser(arguments: str) -> AsyncIterator[tuple[Stage, Page]]:
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as it:
            it.page = PAGE
            async with chromium(it.url, *FAKE_DEVICES) as page:
                await page.evaluate(f"publish({arguments})")
                await it.on_air()
                await it.go_live()
                yield it, page


async def screen() -> None:
    for fps in (30, 5):
        async with browser(f"clock({fps}, 1280), {{hint: 'detail'}}") as (it, _):
            await it.lasts(2)
            begin = it.session.status().program_time_s
            await it.lasts(15)
            end = it.session.status().program_time_s
            say("screen", fps=fps, **figures(await it.end(), begin, end))


async def rate() -> None:
    async with browser("clock(30, 1280, 700), {max: 4000000}") as (it, page):
        began = time.monotonic()
        bytes_before, reached_s, top = 0, None, 0.0
        while time.monotonic() - began < 12:
            await asyncio.sleep(1)
            sent = (await page.evaluate("sent()"))["bytesSent"]
            top, bytes_before = max(top, (sent - bytes_before) * 8), sent
            if reached_s is None and top >= 1_500_000:
                reached_s = round(time.monotonic() - began, 1)
        it.relay.weather = Weather(rate=600_000, delay_s=0.02)
        begin = it.session.status().program_time_s
        await it.lasts(20)
        end = it.session.status().program_time_s
        narrow = it.health
        it.relay.weather = Weather()
        await it.lasts(20)
        wide = it.health
        shown = await it.end()
        say(
            "rate",
            reached_1500_kbits_after_s=reached_s,
            top_kbits=round(top / 1000),
            narrow=figures(shown, begin, end) | {"bitrate": narrow.video_bitrate, "estimate": narrow.estimate},
            settled=figures(shown, begin + 5, end),
            wide_again={"bitrate": wide.video_bitrate, "estimate": wide.estimate},
        )


def there() -> dict[str, bool]:
    """Which publishers this machine has."""
    node = os.environ.get("NODE_PATH")
    return {
        "ffmpeg": "whip" in av.formats_available,
        "gstreamer": shutil.which("gst-inspect-1.0") is not None and Path("/usr/lib/python3/dist-packages/gi").exists(),
        "firefox": (shutil.which("firefox-esr") or shutil.which("firefox")) is not None,
        "werift": node is not None and (Path(node) / "werift").exists(),
    }


@contextlib.asynccontextmanager
async def somebody(name: str, it: Stage) -> AsyncIterator[None]:
    """A publisher that others wrote."""
    if name == "firefox":
        it.page = PAGE
        async with firefox(it.url, free_ports(1)[0]) as page:
            await page.evaluate(f"publish({FAKE_SOUND})")
            yield
        return
    video, audio = free_ports(2, socket.SOCK_DGRAM)
    async with publishing(name, f"{it.url}/whip/event", (video, audio)):
        yield


async def others() -> None:
    for name, is_there in there().items():
        if not is_there:
            say("others", publisher=name, result="not on this machine")
            continue
        with tempfile.TemporaryDirectory() as folder:
            # libnice, GStreamer's ICE, leaves loopback out.
            address = ice_addresses()[0]
            async with stage(Path(folder), address=address) as it, somebody(name, it):
                try:
                    await it.on_air()
                except AssertionError as error:
                    say("others", publisher=name, result=str(error))
                    continue
                await it.go_live()
                await it.lasts(10)
                health, end = it.health, it.session.status().program_time_s
                shown = await it.end()
                say(
                    "others",
                    publisher=name,
                    codec=health.video_codec,
                    fps=round(health.fps),
                    bitrate=health.video_bitrate,
                    synchronized=health.synchronized,
                    longest_freeze_ms=round(shown.longest_freeze(1) * 1000) if any(shown.codes) else None,
                    longest_silence_ms=round(shown.longest_silence(1, end) * 1000),
                    sound_level=round(statistics.median(shown.levels), 2),
                    pictures=len(shown.times),
                    machine_late_ms=round(it.late_s(1, end) * 1000),
                )


async def main(names: list[str]) -> None:
    runs = {"weather": weather, "screen": screen, "rate": rate, "others": others}
    for name in names or list(runs):
        await runs[name]()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
