"""`make demo`, as its user has it: live at once, a moving picture with sound behind the join link, its service killed,
ended by Ctrl-C with one recording of all of it, started again. How soon each is there is measured by
`tests.bench.event`, how well picture and sound are in step by `tests.bench.lipsync`.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import walk
from tests.media.mp4_probe import probe
from tests.running import RunningPlatform
from webinar.demo import burned_time

# The green channel of what the room's video shows now, 426x240, in base64.
PIXELS = """() => {
    const canvas = new OffscreenCanvas(426, 240);
    const context = canvas.getContext('2d');
    context.drawImage(document.querySelector('.stage__video'), 0, 0, 426, 240);
    const data = context.getImageData(0, 0, 426, 240).data;
    let text = '';
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i + 1]);
    return btoa(text);
}"""


@pytest.fixture
def demo() -> Iterator[RunningPlatform]:
    running = RunningPlatform(command=("demo",))
    try:
        yield running.start()
    finally:
        running.close()


def printed(demo: RunningPlatform) -> dict[str, str]:
    """What it has printed by name: its links, and where the recording is."""
    return dict(re.findall(r"^  (Join|Studio|Host|Event page|File|Download) +(\S+)$", demo.output, re.MULTILINE))


def states(demo: RunningPlatform) -> list[str]:
    return sorted(e["state"] for e in demo.call("GET", "/api/v1/events").json()["items"])


def burned(page: Page) -> int:
    """The time burned into the picture that is shown, ms since the epoch; 0 when it cannot be read."""
    gray = np.frombuffer(base64.b64decode(page.evaluate(PIXELS)), np.uint8).reshape(240, 426)
    return burned_time.read(gray) or 0


def shows_the_talk_moving_and_sounding(page: Page, join: str) -> None:
    page.goto(join)
    walk.playing(page, "whep")
    walk.turn_sound_on(page)
    assert walk.loudness(page) >= 0.05
    times: list[int] = []
    deadline = time.monotonic() + 20
    while len(set(times)) < 10:
        assert time.monotonic() < deadline, times
        times += [read] if (read := burned(page)) else []
        page.wait_for_timeout(100)
    assert times == sorted(times)


def killed_ingest_has_both_halves_on_disk(demo: RunningPlatform) -> float:
    """The presenter comes back by itself; returns the seconds that were on disk at the kill, and now."""
    (event,) = demo.call("GET", "/api/v1/events").json()["items"]

    def live() -> Any:
        return demo.call("GET", f"/api/v1/events/{event['id']}/live").json()

    def on_air(seconds: float) -> bool:
        now = live()
        return bool((now["publisher"] or {}).get("connected")) and now["recorded_until_s"] > seconds

    demo.wait_for(lambda: on_air(6), 40, "six seconds on disk")
    before, first = live()["recorded_until_s"], live()["started_at"]
    ingest = demo.children()["ingest"]
    os.kill(ingest, signal.SIGKILL)
    demo.wait_for(lambda: demo.children().get("ingest", ingest) != ingest, 20, "ingest comes back")
    demo.wait_for(lambda: live()["started_at"] != first and on_air(5), 60, "the second half")
    return float(before + live()["recorded_until_s"])


@pytest.mark.timeout(300)
def test_the_demo_is_live_survives_a_kill_ends_in_order_and_is_found_again(
    demo: RunningPlatform, chromium: Browser
) -> None:
    links = printed(demo)
    for name in ("Join", "Studio", "Event page"):
        assert demo.call("GET", links[name], token="").status == 200
    assert states(demo) == ["live"]
    with closing(walk.profile_of(chromium)) as context:
        shows_the_talk_moving_and_sounding(context.new_page(), links["Join"])
    on_disk = killed_ingest_has_both_halves_on_disk(demo)

    children = demo.children()
    assert demo.stop() == 0
    assert not [pid for pid in children.values() if Path(f"/proc/{pid}").exists()]
    kept = printed(demo)
    report = probe(kept["File"])
    assert report.errors == []
    assert report.duration_s > on_disk - 1.5  # each half may lack the second that was not yet on disk

    demo.start()
    assert states(demo) == ["ended", "live"]
    again = demo.call("GET", kept["Download"], token="")
    assert again.status == 200
    assert again.body == Path(kept["File"]).read_bytes()

    # Killed, it cannot end its event; the next one does.
    demo.process.kill()
    demo.process.wait(10)
    demo.start()
    assert states(demo) == ["ended", "ended", "live"]
