"""A whole live event, measured from outside: `python -m tests.bench.event`.

The platform and the demo's presenter run as `webinar demo`; viewers come from other processes. CPU is what the kernel
booked on each service's process. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import queue
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from tests.browser import walk
from tests.media.chromium import QUIET
from tests.media.lipsync_probe import flash_beep_offsets
from tests.media.mp4_probe import probe
from tests.running import ROOT, RunningPlatform
from webinar.demo import burned_time

TICKS = os.sysconf("SC_CLK_TCK")

# Gives, for so many presented frames, [when it is displayed (ms since the epoch), its green channel at 426x240].
FRAMES = """async count => {
    const video = document.querySelector('.stage__video');
    const canvas = new OffscreenCanvas(426, 240);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    const frames = [];
    while (frames.length < count) {
        const meta = await new Promise(done => video.requestVideoFrameCallback((now, meta) => done(meta)));
        context.drawImage(video, 0, 0, 426, 240);
        const data = context.getImageData(0, 0, 426, 240).data;
        let text = '';
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i + 1]);
        frames.push([performance.timeOrigin + meta.expectedDisplayTime, btoa(text)]);
        await new Promise(done => setTimeout(done, 200));
    }
    return frames;
}"""


def cpu_s(pid: int) -> float:
    """User and system seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Load:
    """Viewers or people in another process that prints a line of figures a second until its input is closed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()  # a line a second, for as long as the run takes
        # Read all the time: a load whose pipe is full stands still.
        self._reader = threading.Thread(target=self._read, name="load", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def read(self) -> str:
        line = self._lines.get()
        assert line, "the load has ended"
        return line

    def write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def until(self, name: str, value: int) -> None:
        while json.loads(self.read())["figures"][name] < value:
            pass

    def end(self) -> dict[str, Any]:
        """The last figures; none when it said none."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        last = ""
        while line := self._lines.get():
            last = line
        figures: dict[str, Any] = json.loads(last).get("figures", {}) if last else {}
        return figures


@contextmanager
def _load(module: str, *arguments: object) -> Iterator[tuple[Load, dict[str, Any]]]:
    """The figures are filled in when it has ended."""
    load = Load(
        subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    figures: dict[str, Any] = {}
    try:
        yield load, figures
    finally:
        figures.update(load.end())


class Bench:
    """One event of the demo."""

    def __init__(self, platform: RunningPlatform, seconds: float) -> None:
        self.platform = platform
        self.seconds = seconds
        links = dict(re.findall(r"^  (Join|Studio|Event page)\s+(\S+)$", platform.output, re.MULTILINE))
        self.join = links["Join"]
        events = platform.call("GET", "/api/v1/events").json()["items"]
        self.event_id = next(e["id"] for e in events if e["state"] == "live")

    def playback(self) -> tuple[str, dict[str, Any]]:
        """(viewer token, playback) of a new guest."""
        person = {"name": "Bench", "email": f"{uuid.uuid4().hex}@example.org"}
        made = self.platform.call("POST", f"/api/v1/events/{self.event_id}/attendees", person).json()
        token = made["viewer_token"]
        return token, self.platform.call("GET", "/api/v1/playback", token=token).json()

    def cpu(self) -> dict[str, float]:
        """Share of a core of each process over a while, in per cent."""
        pids = self.platform.children()
        before, began = {n: cpu_s(p) for n, p in pids.items()}, time.monotonic()
        time.sleep(self.seconds)
        took = time.monotonic() - began
        return {n: round(100 * (cpu_s(p) - before[n]) / took, 1) for n, p in sorted(pids.items())}

    def memory(self) -> dict[str, float]:
        """Resident memory of each process, MB."""
        pages = {n: int(Path(f"/proc/{p}/statm").read_text().split()[1]) for n, p in self.platform.children().items()}
        return {n: round(count * os.sysconf("SC_PAGE_SIZE") / 1e6, 1) for n, count in sorted(pages.items())}

    @contextmanager
    def whep_viewers(self, count: int) -> Iterator[dict[str, Any]]:
        token, playback = self.playback()
        with _load("tests.bench.whep_raw_viewers", count) as (child, figures):
            for _ in range(count):
                offer = json.loads(child.read())["offer"]
                answer = self.platform.call(
                    "POST",
                    playback["whep_url"],
                    offer.encode(),
                    token=token,
                    headers={"Content-Type": "application/sdp"},
                )
                assert answer.status == 201, answer.body
                child.write(json.dumps({"answer": answer.body.decode()}))
            child.until("connected", count)
            yield figures

    @contextmanager
    def hls_viewers(self, count: int) -> Iterator[dict[str, Any]]:
        _, playback = self.playback()
        with _load("tests.bench.hls_viewers", count, playback["hls_url"]) as (child, figures):
            child.until("playing", 2 * count)
            yield figures

    @contextmanager
    def chat_crowd(self, people: int, rate: float) -> Iterator[dict[str, Any]]:
        """`rate` messages a second from all of them together."""
        port = self.platform.env["WEBINAR_CHAT_PORT"]
        with _load("tests.bench.chat_crowd", people, rate, port, self.event_id) as (child, figures):
            child.write(self.platform.env["WEBINAR_SECRET_KEY"])
            child.until("people", people)
            yield figures

    def browser(self, browser: Browser, transport: str, samples: int) -> dict[str, float]:
        """Join click to first frame, and glass to glass over the burned-in time."""
        context = walk.profile_of(browser)
        page = context.new_page()
        page.goto(self.platform.base_url)  # the browser itself is warm, its cache of our pages is not
        clicked = time.time()
        page.goto(f"{self.join}?transport={transport}", wait_until="commit")
        first = page.evaluate(
            """() => new Promise(done => {
                const look = () => {
                    const video = document.querySelector('.stage__video');
                    if (!video) return requestAnimationFrame(look);
                    video.requestVideoFrameCallback((now, meta) =>
                        done(performance.timeOrigin + meta.expectedDisplayTime));
                };
                look();
            })"""
        )
        walk.playing(page, transport)
        page.wait_for_timeout(4000)
        frames = page.evaluate(FRAMES, samples)
        delays = []
        for shown_ms, pixels in frames:
            gray = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(240, 426)
            burned = burned_time.read(gray)
            if burned is not None:
                delays.append(shown_ms - burned)
        quality = page.evaluate(
            "() => { const q = document.querySelector('.stage__video').getVideoPlaybackQuality();"
            " return [q.totalVideoFrames, q.droppedVideoFrames]; }"
        )
        context.close()
        cuts = statistics.quantiles(delays, n=20) if len(delays) > 1 else [0.0] * 19
        return {
            "join_to_first_frame_ms": round(first - clicked * 1000),
            "glass_to_glass_p50_ms": round(statistics.median(delays)),
            "glass_to_glass_p95_ms": round(cuts[18]),
            "samples": len(delays),
            "frames": quality[0],
            "dropped": quality[1],
        }


def recording_of(platform: RunningPlatform, event_id: str, folder: Path) -> dict[str, Any]:
    """From the call of End to the last byte of the recording, and what that is like."""
    began = time.monotonic()
    ended = platform.call("POST", f"/api/v1/events/{event_id}/end")
    assert ended.status == 200, ended.body
    answered = time.monotonic() - began
    path = f"/api/v1/events/{event_id}/recordings"
    while (item := platform.call("GET", path).json()["items"][0])["state"] != "ready":
        time.sleep(0.02)
    ready = time.monotonic() - began
    data = platform.call("GET", item["download_url"]).body
    whole = time.monotonic() - began
    file = folder / "recording.mp4"
    file.write_bytes(data)
    report = probe(file, read_burned_time=True)
    offsets = flash_beep_offsets(file)
    return {
        "end_answered_s": round(answered, 2),
        "ready_s": round(ready, 2),
        "downloaded_s": round(whole, 2),
        "length_s": round(report.duration_s, 2),
        "mbytes": round(len(data) / 1e6, 1),
        "errors": len(report.errors),
        "gaps": len(report.gaps),
        "lip_sync_ms": [round(1000 * o, 1) for o in offsets],
    }


@contextmanager
def demo(**settings: str) -> Iterator[tuple[RunningPlatform, float]]:
    """(`webinar demo` with the machine's own ladder, seconds from its start to its links)."""
    own = {"WEBINAR_LADDER": "", "WEBINAR_SECRET_KEY": secrets.token_urlsafe(32)}
    platform = RunningPlatform(None, command=("demo",), **{**own, **settings})
    try:
        began = time.monotonic()
        platform.start()
        yield platform, round(time.monotonic() - began, 1)
        platform.stop()
    finally:
        platform.close()


def recorded(length_s: float) -> dict[str, Any]:
    """An event that nobody watches: what its recording is like, and how soon it is there."""
    with demo() as (platform, took_s):
        bench = Bench(platform, length_s)
        cpu = bench.cpu()
        recording = recording_of(platform, bench.event_id, platform.folder)
        return {"start_to_links_s": took_s, "cpu_no_viewer": cpu, "recording": recording}


def watched(seconds: float, viewers: int, samples: int) -> dict[str, Any]:
    """An event with viewers: what they cost and what they get."""
    result: dict[str, Any] = {}
    with demo() as (platform, _):
        bench = Bench(platform, seconds)
        for count in (1, viewers):
            with bench.whep_viewers(count) as figures:
                result[f"cpu_whep_{count}"] = bench.cpu()
            result[f"whep_{count}"] = figures
        with bench.hls_viewers(viewers) as figures:
            result[f"cpu_hls_{viewers}"] = bench.cpu()
        result[f"hls_{viewers}"] = figures
        result["memory_mb"] = bench.memory()
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or "chromium"
            browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
            for transport in ("whep", "hls"):
                result[f"chromium_{transport}"] = bench.browser(browser, transport, samples)
            browser.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=float, default=60, help="seconds of the event that is only recorded")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement of CPU with viewers")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--samples", type=int, default=40, help="frames looked at for glass to glass")
    options = parser.parse_args()
    result = recorded(options.length) | watched(options.seconds, options.viewers, options.samples)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
