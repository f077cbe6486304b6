"""Sound against picture as a guest gets them in Chromium, and in the recording: at first, later, after a reconnect.

`python -m tests.bench.lipsync` prints one JSON object; `--later 600` looks again after ten minutes. In the page, a
flash is dated by the display time of its first bright frame (one frame of 33 ms is as fine as that goes), a beep by
when the block of sound that holds its beginning leaves for the loudspeaker. Positive: the sound comes late.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.event import recording_of
from tests.browser import walk
from tests.media.chromium import AUTOPLAY, QUIET
from tests.media.lipsync_probe import match
from tests.running import ROOT, RunningPlatform
from webinar.demo.source import MAX_HEIGHT, MAX_WIDTH
from webinar.demo.talk import BEEP_HZ, FLASH_SECONDS, LAMP

# The strength of the beep's tone in each block of 128 samples (Goertzel), with the block's time.
WORKLET = """
registerProcessor('tone', class extends AudioWorkletProcessor {
    process(inputs) {
        const samples = inputs[0][0];
        if (samples === undefined) return true;
        const turn = 2 * Math.cos(2 * Math.PI * BEEP_HZ / sampleRate);
        let [last, before] = [0, 0];
        for (const sample of samples) [last, before] = [sample + turn * last - before, last];
        const power = last * last + before * before - turn * last * before;
        this.port.postMessage([currentTime, 2 * Math.sqrt(Math.max(0, power)) / samples.length]);
        return true;
    }
});
"""

# Gives [flashes, beeps] of a while, each in ms of the page's clock.
LISTEN = """async ({worklet, lamp, seconds}) => {
    const video = document.querySelector('.stage__video');
    const until = performance.now() + seconds * 1000;
    video.muted = false;  // a muted element gives its sound to nobody
    const context = window.heard?.context ?? new AudioContext({latencyHint: 'interactive'});
    if (window.heard?.video !== video || window.heard?.stream !== video.srcObject) {
        if (window.heard === undefined)
            await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], {type: 'text/javascript'})));
        const source = video.srcObject ? context.createMediaStreamSource(video.srcObject)
            : context.createMediaElementSource(video);
        const tone = new AudioWorkletNode(context, 'tone');
        source.connect(tone);
        if (!video.srcObject) source.connect(context.destination);
        window.heard = {context, video, stream: video.srcObject, tone};
    }
    await context.resume();
    const [flashes, beeps] = [[], []];
    let beeping = 0;
    window.heard.tone.port.onmessage = ({data: [at, level]}) => {
        if (level < 0.05) { beeping = 0; return; }
        if (++beeping !== 8) return;  // a real beep lasts 30 blocks
        const {contextTime, performanceTime} = context.getOutputTimestamp();
        beeps.push(performanceTime + 1000 * (at - 7 * 128 / context.sampleRate - contextTime));
    };
    const canvas = new OffscreenCanvas(8, 8).getContext('2d', {willReadFrequently: true});
    let lit = false;
    while (performance.now() < until) {
        const meta = await new Promise(done => video.requestVideoFrameCallback((now, meta) => done(meta)));
        const [wide, tall] = [video.videoWidth, video.videoHeight];
        canvas.drawImage(video, lamp[0] * wide, lamp[1] * tall, lamp[2] * wide, lamp[3] * tall, 0, 0, 8, 8);
        const data = canvas.getImageData(0, 0, 8, 8).data;
        let sum = 0;
        for (let i = 1; i < data.length; i += 4) sum += data[i];
        const now = sum / 64 > 128;
        if (now && !lit) flashes.push(meta.expectedDisplayTime);
        lit = now;
    }
    return [flashes, beeps];
}"""


def offsets_ms(page: Page, seconds: float) -> dict[str, Any]:
    """Of the flashes seen in the page within a while."""
    lamp = [
        (LAMP.left + LAMP.width / 4) / MAX_WIDTH,
        (LAMP.top + LAMP.height / 4) / MAX_HEIGHT,
        LAMP.width / 2 / MAX_WIDTH,
        LAMP.height / 2 / MAX_HEIGHT,
    ]
    worklet = WORKLET.replace("BEEP_HZ", str(BEEP_HZ))
    flashes, beeps = page.evaluate(LISTEN, {"worklet": worklet, "lamp": lamp, "seconds": seconds})
    offsets = [round(1000 * s) for s in match([f / 1000 for f in flashes], [b / 1000 for b in beeps])]
    return {"median": round(statistics.median(offsets)) if offsets else None, "all": offsets}


class Presenter:
    """The talk over WHIP, from another process."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {**os.environ, "WEBINAR_STREAM_KEY": self._event["stream_key"]}
        argv = [sys.executable, "-m", "webinar.demo.publish", "--whip-url", self._event["whip_url"]]
        self._process = subprocess.Popen(argv, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)


@contextmanager
def guest(platform: RunningPlatform, browser: Browser, event_id: str, transport: str) -> Iterator[Page]:
    """A page that plays. One at a time: two take the CPU that is measured on."""
    person = {"name": "Bench", "email": f"{uuid.uuid4().hex}@example.org"}
    made = platform.call("POST", f"/api/v1/events/{event_id}/attendees", person).json()
    # Our pages let no worklet of a blob in; what is measured is the player, not the policy.
    context = browser.new_context(locale="en-GB", bypass_csp=True)
    page = context.new_page()
    page.goto(f"{made['join_url']}?transport={transport}")
    walk.playing(page, transport)
    yield page
    context.close()


@contextmanager
def on_air(platform: RunningPlatform, title: str) -> Iterator[tuple[dict[str, Any], Presenter]]:
    """A live event as the API made it, and who presents the talk in it."""
    fields = {"title": title, "starts_at": "2030-01-01T00:00:00Z", "timezone": "UTC", "registration": "open"}
    event = platform.call("POST", "/api/v1/events", fields).json()
    call = f"/api/v1/events/{event['id']}"
    presenter = Presenter(event)
    presenter.start()
    try:
        platform.wait_for(lambda: (platform.call("GET", f"{call}/live").json()["publisher"] or {}).get("connected"), 30)
        platform.call("POST", f"{call}/start")
        yield event, presenter
    finally:
        presenter.stop()


def measure(platform: RunningPlatform, browser: Browser, seconds: float, later_s: float) -> dict[str, Any]:
    with on_air(platform, "Lip sync") as (event, presenter):
        result: dict[str, Any] = {}
        for transport in ("whep", "hls"):
            with guest(platform, browser, event["id"], transport) as page:
                looks = {"first": offsets_ms(page, seconds)}
                if later_s:
                    time.sleep(later_s)
                    looks[f"after_{later_s:.0f}_s"] = offsets_ms(page, seconds)
                presenter.stop(signal.SIGKILL)
                presenter.start()
                time.sleep(15)  # the silence is noticed, the new one takes over, LL-HLS catches up
                looks["after_reconnect"] = offsets_ms(page, seconds)
                result[transport] = looks
        return result | {"recording": recording_of(platform, event["id"], platform.folder)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6 * FLASH_SECONDS, help="of each look")
    parser.add_argument("--later", type=float, default=0, help="seconds until a second look")
    options = parser.parse_args()
    platform = RunningPlatform(None, WEBINAR_LADDER="")
    try:
        platform.start()
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or "chromium"
            switches = [*QUIET, AUTOPLAY]
            browser = playwright.chromium.launch(executable_path=chromium, args=switches)
            print(json.dumps(measure(platform, browser, options.seconds, options.later), indent=1))
            browser.close()
    finally:
        platform.close()


if __name__ == "__main__":
    main()
