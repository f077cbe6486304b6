"""A live session on a machine that other programs take away for a while: what viewers and the recording get.

`python -m tests.bench.overload [--burners N]`. In real time: 10 s at ease, 30 s beside N busy processes, 35 s at ease.
A presenter in H.264 1280×720 with a flash and a beep each second; the ladder of this machine; no network.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av

from ingest.contract import InitSegment, LiveStatus, Part, Unit, decode
from ingest.encode.ladder import choose
from ingest.outside import Outside
from ingest.program.clock import SystemClock
from ingest.session import LiveSession
from tests.media import presenter
from tests.media.live import Nobody
from tests.media.reading import watch

_CALM_S, _LOAD_S, _AFTER_S = 10.0, 30.0, 35.0


class _Clock(SystemClock):
    """The machine's, for coroutines too."""

    async def reach(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.now()))


class _Kept:
    """What the session sent."""

    def __init__(self) -> None:
        self.units: list[tuple[str, int, float, bool]] = []  # rendition, pts, when, resting
        self.parts: dict[str, list[Part]] = {}
        self.inits: dict[str, bytes] = {}
        self.steps: list[tuple[float, int]] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        if subject.endswith(".status"):
            status = LiveStatus.from_json(payload)
            if not self.steps or self.steps[-1][1] != status.overload:
                self.steps.append((round(status.program_time_s, 1), status.overload))
            return
        message = decode(payload)
        if isinstance(message, Unit):
            self.units.append((message.rendition, message.pts, time.monotonic(), message.resting))
        elif isinstance(message, InitSegment):
            self.inits[message.rendition.name] = message.payload
        elif isinstance(message, Part):
            self.parts.setdefault(message.rendition, []).append(message)

    async def put(self, key: str, data: bytes) -> None:
        pass


@contextlib.contextmanager
def _burning(processes: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def _run(folder: Path, burners: int) -> dict[str, object]:
    seconds = _CALM_S + _LOAD_S + _AFTER_S
    clip = await asyncio.to_thread(presenter.make, seconds, 1280, 720)
    kept, clock, ladder = _Kept(), _Clock(), choose(())
    outside = Outside(kept.publish, kept.put, Nobody(), lambda e, s: folder / e / f"{s}.mp4")
    session = LiveSession("event", ladder, outside, clock=clock)
    running = asyncio.create_task(session.run(), name="session")
    await session.start()
    presenting = asyncio.create_task(presenter.present(session.presenter, clip, clock), name="presenter")
    await asyncio.sleep(_CALM_S)
    with _burning(burners):
        await asyncio.sleep(_LOAD_S)
    await presenting
    dropped = session.dropped
    await session.end()
    await running
    assert session.recording is not None
    return {"burners": burners, "dropped": dropped, **_figures(kept, session.recording, ladder.top.name)}


def _figures(kept: _Kept, recording: Path, top: str) -> dict[str, object]:
    seen = watch(recording)
    opus = [pts for name, pts, _, _ in kept.units if name == "opus"]
    lowest = [name for name in kept.parts if name not in (top, "audio")][-1]
    # At 6 pictures a second a flash is seen up to 133 ms late: only the lowest rung, which never rests, can tell.
    stream = {
        name: watch(kept.inits[name] + b"".join(p.payload for p in kept.parts[name])) for name in (lowest, "audio")
    }
    beeps = stream["audio"].beeps
    nearest = [min((beep - flash for beep in beeps), key=abs) for flash in stream[lowest].flashes]
    sync = [round(s * 1000) for s in nearest if abs(s) < 0.4]
    recorded = [round(s * 1000) for s in seen.lip_sync()]
    return {
        "steps": kept.steps,
        "opus_holes": sum(b - a != 960 for a, b in itertools.pairwise(opus)),
        "part_holes": {
            n: sum(b.pts != a.pts + a.duration for a, b in itertools.pairwise(p)) for n, p in kept.parts.items()
        },
        "longest_picture_s": {
            name: round(max(b - a for a, b in itertools.pairwise(_pts(kept, name))) / 90_000, 2)
            for name in (top, lowest)
        },
        "recording_s": round(seen.duration, 2),
        "longest_picture_of_recording_s": round(max(b - a for a, b in itertools.pairwise(seen.video_times)), 2),
        "lip_sync_ms": {"least": min(sync), "most": max(sync), "median": statistics.median(sync), "pairs": len(sync)},
        "outside_40_ms": sum(abs(s) > 40 for s in sync),
        "lip_sync_of_recording_ms": {"least": min(recorded), "most": max(recorded), "pairs": len(recorded)},
    }


def _pts(kept: _Kept, rendition: str) -> list[int]:
    return [pts for name, pts, _, _ in kept.units if name == rendition]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--burners", type=int, default=8)
    arguments = parser.parse_args()
    av.logging.set_level(None)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(_run(Path(folder), arguments.burners))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
