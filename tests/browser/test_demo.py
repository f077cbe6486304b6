"""`make demo`, seen: the join link shows the talk, moving, with sound. How soon is measured by `tests.bench.event`."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import walk
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
    yield running
    running.close()


def burned(page: Page) -> int:
    """The time burned into the picture that is shown, ms since the epoch; 0 when it cannot be read."""
    gray = np.frombuffer(base64.b64decode(page.evaluate(PIXELS)), np.uint8).reshape(240, 426)
    return burned_time.read(gray) or 0


def test_the_join_link_shows_the_talk_moving_and_sounding(demo: RunningPlatform, chromium: Browser) -> None:
    demo.start()
    join = re.search(r"^  Join +(\S+)", demo.output, re.MULTILINE)
    assert join is not None
    context = walk.profile_of(chromium)
    page = context.new_page()
    page.goto(join[1])
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
    context.close()
