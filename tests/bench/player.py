"""How soon the player finds another way, and what it costs to load: `python -m tests.bench.player`.

One event without a presenter, viewers in Chromium. Times are read in the page, from the moment the thing is done until
the words stand on the picture and until frames are shown again. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import on_air, walk, watching
from tests.media.chromium import QUIET
from tests.media.udp_gate import UdpGate
from tests.running import RunningPlatform

# Long tasks, and the bytes of scripts and styles as they travelled.
LOAD = """() => ({
    long_tasks: window.longTasks,
    kilobytes: Math.round(performance.getEntriesByType('resource').filter(entry => /\\.(js|css)$/.test(entry.name))
        .reduce((sum, entry) => sum + entry.transferSize, 0) / 1000),
    hls_js: performance.getEntriesByType('resource').some(entry => entry.name.endsWith('hls.min.js')),
})"""
# Every stretch of more than 50 ms in which the page could not answer, and which of our scripts ran in it for how long.
LONG = """window.longTasks = [];
new PerformanceObserver(list => list.getEntries().forEach(({ duration, scripts }) => window.longTasks.push({
    ms: Math.round(duration),
    scripts: scripts.map(s => `${s.sourceURL.split('/').at(-1)} ${s.invoker} ${Math.round(s.duration)}`),
}))).observe({ type: 'long-animation-frame', buffered: true });"""
# Resolves with ms from now: to the words, and to the third frame shown after the picture had stood still for 400 ms.
OUTAGE = """() => new Promise(done => {
    const video = document.querySelector('.stage__video');
    const begun = performance.now();
    const said = window.made.said.length;
    let wordsMs = null, shown = 0, lastMs = begun, stoodStill = false;
    const frame = () => {
        const now = performance.now();
        if (now - lastMs > 400) { stoodStill = true; shown = 0; }
        lastMs = now;
        if (stoodStill && ++shown === 3) return done({ said_ms: wordsMs, moving_ms: Math.round(now - begun) });
        video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
    const look = setInterval(() => {
        if (wordsMs === null && window.made.said.length > said) wordsMs = Math.round(performance.now() - begun);
        if (performance.now() - begun > 40000) { clearInterval(look); done({ said_ms: wordsMs, moving_ms: null }); }
    }, 20);
})"""
FIRST_FRAME = """() => new Promise(done => {
    const video = document.querySelector('.stage__video');
    const shown = () => done(Math.round(performance.now()));
    if (video.getVideoPlaybackQuality().totalVideoFrames > 0) return shown();
    video.requestVideoFrameCallback(shown);
})"""


def outage(page: Page, do: Callable[[], object]) -> dict[str, Any]:
    page.evaluate(f"() => {{ window.outage = ({OUTAGE})(); }}")
    do()
    found: dict[str, Any] = page.evaluate("window.outage")
    return found


def viewer(browser: Browser, link: str, transport: str = "whep", gate: UdpGate | None = None) -> Page:
    page = walk.profile_of(browser).new_page()
    page.add_init_script(LONG)
    watching.watch(page, link, transport, gate.port if gate else 0)
    return page


def joins(browser: Browser, link: str, gate: UdpGate) -> list[int]:
    """ms from the link to the first frame, where no UDP comes through and nothing says so."""
    found = []
    for _ in range(3):
        with closing(walk.profile_of(browser)) as context:
            page = context.new_page()
            page.add_init_script(watching.WATCHED.replace("PORT", str(gate.port)))
            page.goto(link)
            found.append(int(page.evaluate(FIRST_FRAME)))
            assert walk.state(page)
    return sorted(found)


def measure(platform: RunningPlatform, browser: Browser) -> dict[str, Any]:
    event = on_air.make(platform, "Bench", "Ann", "Ben", "Cho", "Dan", "Eun")
    assert platform.call("POST", f"/api/v1/events/{event.id}/start").status == 200
    gate = UdpGate(int(platform.env["WEBINAR_WHEP_UDP_PORT"]))
    figures: dict[str, Any] = {}
    page = viewer(browser, event.guests[0])
    page.wait_for_timeout(2000)
    figures["page"] = page.evaluate(LOAD)
    page.context.close()
    page = viewer(browser, event.guests[1], gate=gate)
    figures["network changed"] = outage(page, gate.change_network)
    page.context.close()
    page = viewer(browser, event.guests[2])
    slow = viewer(browser, f"{event.guests[3]}?transport=hls", "hls")
    ingest, web = platform.children()["ingest"], platform.children()["web"]
    figures["ingest killed"] = outage(page, lambda: os.kill(ingest, signal.SIGKILL))
    walk.playing(slow, "hls", 60)
    walk.until(page, "() => document.querySelector('[data-stage=notice]').hidden")
    page.wait_for_timeout(6000)
    slow.evaluate(f"() => {{ window.outage = ({OUTAGE})(); }}")
    figures["web killed"] = outage(page, lambda: os.kill(web, signal.SIGKILL))
    figures["web killed, LL-HLS"] = slow.evaluate("window.outage")
    slow.context.close()
    walk.until(page, "() => Number(document.querySelector('[data-control=seek]').max) > 14", seconds=30)
    page.locator("main").focus()
    page.keyboard.press("ArrowLeft")
    walk.playing(page, "hls")
    started = time.monotonic()
    page.keyboard.press("l")
    walk.playing(page, "whep")
    figures["back to live, 20 frames shown"] = round(1000 * (time.monotonic() - started))
    page.context.close()
    gate.closed = True
    figures["join without UDP, ms"] = joins(browser, event.guests[4], gate)
    gate.stop()
    return figures


def main() -> int:
    platform = RunningPlatform()
    try:
        platform.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            print(json.dumps(measure(platform, browser), indent=2), flush=True)
            browser.close()
    finally:
        platform.stop()
        shutil.rmtree(platform.folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
