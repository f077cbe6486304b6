"""`webinar demo`, as `make demo` runs it: live at once, ended by Ctrl-C, its recording kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.mp4_probe import probe
from tests.running import RunningPlatform


@pytest.fixture
def platform() -> Iterator[RunningPlatform]:
    running = RunningPlatform(command=("demo",))
    yield running
    running.close()


@pytest.mark.timeout(240)
def test_the_demo_is_live_ends_in_order_and_a_second_start_finds_everything(platform: RunningPlatform) -> None:
    platform.start()
    links = dict(re.findall(r"^  (Join|Studio|Host|Event page) +(\S+)", platform.output, re.MULTILINE))
    for name in ("Join", "Studio", "Event page"):
        assert platform.call("GET", links[name], token="").status == 200
    (event,) = platform.call("GET", "/api/v1/events").json()["items"]
    assert event["state"] == "live"
    person = {"name": "Test", "email": "test@example.org"}
    viewer = platform.call("POST", f"/api/v1/events/{event['id']}/attendees", person).json()["viewer_token"]

    def playable() -> bool:
        playback = platform.call("GET", "/api/v1/playback", token=viewer).json()
        url = playback["hls_url"]
        return bool(url) and platform.call("GET", url, token="").status == 200

    platform.wait_for(playable, 40, "LL-HLS")
    health = platform.call("GET", f"/api/v1/events/{event['id']}/live").json()["publisher"]
    assert health["connected"]
    platform.wait_for(
        lambda: platform.call("GET", f"/api/v1/events/{event['id']}/live").json()["recorded_until_s"] > 3,
        60,
        "three seconds on disk",
    )

    children = platform.children()
    assert platform.stop() == 0
    assert not [pid for pid in children.values() if Path(f"/proc/{pid}").exists()]
    file = re.search(r"^  File +(\S+\.mp4)$", platform.output, re.MULTILINE)
    download = re.search(r"^  Download +(\S+)$", platform.output, re.MULTILINE)
    assert file is not None, platform.output
    assert download is not None
    report = probe(file[1])
    assert report.errors == []
    assert report.duration_s > 3  # how well picture and sound are in step is measured by `tests.bench.lipsync`

    platform.start()
    assert states(platform) == ["ended", "live"]
    again = platform.call("GET", download[1], token="")
    assert again.status == 200
    assert again.body == Path(file[1]).read_bytes()

    # Killed, it cannot end its event; the next one does.
    platform.process.kill()
    platform.process.wait(10)
    platform.start()
    assert states(platform) == ["ended", "ended", "live"]


def states(platform: RunningPlatform) -> list[str]:
    return sorted(e["state"] for e in platform.call("GET", "/api/v1/events").json()["items"])
