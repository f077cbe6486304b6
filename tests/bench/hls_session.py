"""A LL-HLS session of minutes with the machine's own ladder.

`python -m tests.bench.hls_session rules --seconds 600` holds it to the rules by a strict client and prints what was
wrong; with `--reconnect` the presenter is killed and comes back in the middle. `… player --seconds 600` plays it in
Chromium: glass to glass, stalls and changes of the playback rate in each quarter of the time. One at a time: the client
asks for so much that the player would be measured on a busy machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from tests.bench.lipsync import Presenter, guest, on_air
from tests.media.chromium import QUIET
from tests.running import ROOT, RunningPlatform
from webinar.demo import burned_time

# Gives {frames: [[displayed at (ms since the epoch), green channel at 426x240], …], stalls, rates} of a while.
WATCH = """async ({seconds, every}) => {
    const video = document.querySelector('.stage__video');
    const context = new OffscreenCanvas(426, 240).getContext('2d', {willReadFrequently: true});
    const found = {frames: [], stalls: 0, rates: 0};
    video.addEventListener('waiting', () => found.stalls++);
    video.addEventListener('ratechange', () => found.rates++);
    const until = performance.now() + 1000 * seconds;
    while (performance.now() < until) {
        const meta = await new Promise(done => video.requestVideoFrameCallback((now, meta) => done(meta)));
        context.drawImage(video, 0, 0, 426, 240);
        const data = context.getImageData(0, 0, 426, 240).data;
        let text = '';
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i + 1]);
        found.frames.push([performance.timeOrigin + meta.expectedDisplayTime, btoa(text)]);
        await new Promise(done => setTimeout(done, every));
    }
    return found;
}"""


def _delays(frames: list[tuple[float, str]]) -> list[float]:
    """Glass to glass in ms of the frames whose burned-in time can be read."""
    found = []
    for shown_ms, pixels in frames:
        burned = burned_time.read(np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(240, 426))
        if burned is not None:
            found.append(shown_ms - burned)
    return found


def _spread(delays: list[float]) -> dict[str, float]:
    if len(delays) < 20:
        return {"samples": len(delays)}
    cuts = statistics.quantiles(delays, n=20)
    return {"p50_ms": round(statistics.median(delays)), "p95_ms": round(cuts[18]), "samples": len(delays)}


def played(platform: RunningPlatform, browser: Browser, event_id: str, seconds: float) -> dict[str, Any]:
    """What a guest's player does, in looks of a quarter of the time each."""
    looks = []
    with guest(platform, browser, event_id, "hls") as page:
        for _ in range(4):
            look = page.evaluate(WATCH, {"seconds": seconds / 4, "every": 200})
            looks.append(_spread(_delays(look["frames"])) | {"stalls": look["stalls"], "rates": look["rates"]})
    return {"quarters": looks}


def validated(url: str, seconds: float, presenter: Presenter, reconnect: bool) -> dict[str, Any]:
    """What a strict client has to say."""
    validating = subprocess.Popen(
        [sys.executable, "-m", "tests.media.hls_validator", url, str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    if reconnect:
        time.sleep(seconds / 2)
        presenter.stop(signal.SIGKILL)
        presenter.start()
    said, _ = validating.communicate(timeout=seconds + 60)
    lines = said.splitlines()
    return {"rules": json.loads(lines[0]), "violations": lines[1:20]}


def run(platform: RunningPlatform, browser: Browser | None, seconds: float, reconnect: bool) -> dict[str, Any]:
    with on_air(platform, "LL-HLS") as (event, presenter):
        if browser is not None:
            return played(platform, browser, event["id"], seconds)
        person = {"name": "Bench", "email": "bench@example.org"}
        made = platform.call("POST", f"/api/v1/events/{event['id']}/attendees", person).json()

        def address() -> str | None:
            playback = platform.call("GET", "/api/v1/playback", token=made["viewer_token"]).json()
            found: str | None = playback["hls_url"]
            return found

        platform.wait_for(lambda: address() is not None, 20)
        return validated(str(address()), seconds, presenter, reconnect)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rules", "player"))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--reconnect", action="store_true")
    options = parser.parse_args()
    platform = RunningPlatform(None, WEBINAR_LADDER="")
    try:
        platform.start()
        if options.what == "rules":
            result = run(platform, None, options.seconds, options.reconnect)
        else:
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium") or "chromium"
                browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
                result = run(platform, browser, options.seconds, options.reconnect)
                browser.close()
        print(json.dumps(result, indent=1))
    finally:
        platform.close()


if __name__ == "__main__":
    main()
