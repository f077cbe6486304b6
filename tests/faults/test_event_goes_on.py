"""One live event on the real platform while its parts are killed: it goes on, and one recording holds all of it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.media.mp4_probe import probe
from tests.running import RunningPlatform


@pytest.fixture
def demo() -> Iterator[RunningPlatform]:
    running = RunningPlatform(command=("demo",))
    try:
        yield running.start()
    finally:
        running.close()


@pytest.mark.timeout(240)
def test_ingest_killed_the_presenter_comes_back_and_the_recording_has_both_halves(demo: RunningPlatform) -> None:
    (event,) = demo.call("GET", "/api/v1/events").json()["items"]
    call = f"/api/v1/events/{event['id']}"

    def live() -> Any:
        return demo.call("GET", f"{call}/live").json()

    def on_air(seconds: float) -> bool:
        now = live()
        return bool((now["publisher"] or {}).get("connected")) and now["recorded_until_s"] > seconds

    demo.wait_for(lambda: on_air(6), 40, "six seconds on disk")
    before, first = live()["recorded_until_s"], live()["started_at"]
    ingest = demo.children()["ingest"]
    os.kill(ingest, signal.SIGKILL)
    demo.wait_for(lambda: demo.children().get("ingest", ingest) != ingest, 20, "ingest comes back")
    demo.wait_for(lambda: live()["started_at"] != first and on_air(5), 60, "the second half")
    after = live()["recorded_until_s"]

    assert demo.stop() == 0
    file = re.search(r"^  File +(\S+\.mp4)$", demo.output, re.MULTILINE)
    assert file is not None, demo.output
    report = probe(Path(file[1]))
    assert report.errors == []
    assert report.duration_s > before + after - 1.5  # each half may lack the second that was not yet on disk
