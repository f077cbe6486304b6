"""How many times real time this machine encodes a ladder: for `webinar doctor`, and for `WEBINAR_LADDER=auto`.

`python -m ingest.encode.speed [720p,480p|auto]` prints `720p,480p,240p superfast 2.4` and ends: in a process of its
own so that nothing is left behind. One thread a rung, as in ingest.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Final

import av
import numpy as np

from ingest.encode.encoder import H264Encoder
from ingest.encode.ladder import AUTO, FRAME_RATE, RUNGS, Ladder, Rung, candidates, choose
from ingest.program.raw import Picture
from webinar.base import log
from webinar.base.errors import BadSetting

_log = log.get(__name__)

_SECONDS: Final = 2.0
# Times real time that `auto` wants: two thirds of the machine are for decoding, viewers, chat and a bad moment.
SPARE: Final = 3.0


def _pictures(width: int, height: int) -> list[av.VideoFrame]:
    """A second of slow movement with some texture, so that motion search has work."""
    rng = np.random.default_rng(7)
    texture = rng.integers(40, 200, (height // 8 + 32, width // 8 + 32), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    frames = []
    for n in range(FRAME_RATE):
        luma = texture[n : n + height, 2 * n : 2 * n + width]
        chroma = np.full((height // 2, width), 128, dtype=np.uint8)
        frames.append(av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p"))
    return frames


def _encode(rung: Rung, preset: str, canvas: list[av.VideoFrame], until_s: float) -> None:
    encoder = H264Encoder(rung, preset)
    for number in range(int(_SECONDS * FRAME_RATE)):
        if time.perf_counter() > until_s:
            return
        for _ in encoder.encode(Picture(number, canvas[number % len(canvas)], number % 60 == 0)):
            pass


def factor(ladder: Ladder, least: float = 0.0) -> float:
    """Seconds of programme encoded a second. Given up as soon as it is below `least`; then it is less than is said."""
    canvas = _pictures(ladder.top.width, ladder.top.height)
    started = time.perf_counter()
    until_s = started + _SECONDS / least if least else math.inf
    threads = [
        threading.Thread(target=_encode, args=(rung, ladder.preset, canvas, until_s), name=rung.name)
        for rung in ladder.rungs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _SECONDS / (time.perf_counter() - started)


def best() -> tuple[Ladder, float]:
    """The first of the candidates that leaves the machine time to spare, or the last; and its factor.

    A slow machine does not encode to the end what it is too slow for: ingest must be ready within a minute.
    """
    *better, last = candidates()
    for ladder in better:
        speed = factor(ladder, SPARE)
        if speed >= SPARE:
            return ladder, speed
    return last, factor(last)


def automatic(note: Path) -> Ladder:
    """`best()` of this machine; measured once and kept in `note`, so that an ingest that died is back at once."""
    cores = len(os.sched_getaffinity(0))
    try:
        kept = json.loads(note.read_text("utf-8"))
        if kept["cores"] == cores:
            return Ladder(tuple(RUNGS[name] for name in kept["rungs"]), str(kept["preset"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.info("the machine is measured to choose the renditions", reason=type(error).__name__)
    ladder, speed = best()
    names = [rung.name for rung in ladder.rungs]
    try:
        note.write_text(json.dumps({"cores": cores, "rungs": names, "preset": ladder.preset, "speed": round(speed, 1)}))
    except OSError as error:
        _log.warning("the choice cannot be kept, the next start measures again", error=str(error))
    _log.info("renditions chosen", ladder=",".join(names), preset=ladder.preset, times_real_time=round(speed, 1))
    return ladder


def main() -> int:
    av.logging.set_level(None)
    names = tuple(n for n in (sys.argv[1] if len(sys.argv) > 1 else "").split(",") if n)
    try:
        ladder, speed = best() if names == (AUTO,) else ((made := choose(names)), factor(made))
    except BadSetting as error:
        sys.stdout.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{','.join(rung.name for rung in ladder.rungs)} {ladder.preset} {speed:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
