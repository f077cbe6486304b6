"""`python -m ingest.encode.speed [720p,480p]`: how many times real time this machine encodes a ladder.

One thread a rung, as in ingest. Prints `720p,480p,240p 2.4` and ends.
For `webinar doctor`, in a process of its own so that nothing is left behind.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Final

import av
import numpy as np

from ingest.encode.encoder import H264Encoder
from ingest.encode.ladder import FRAME_RATE, Rung, choose
from ingest.program.raw import Picture
from webinar.base.errors import BadSetting

_SECONDS: Final = 2.0


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


def _encode(rung: Rung, preset: str, canvas: list[av.VideoFrame]) -> None:
    encoder = H264Encoder(rung, preset)
    for number in range(int(_SECONDS * FRAME_RATE)):
        for _ in encoder.encode(Picture(number, canvas[number % len(canvas)], number % 60 == 0)):
            pass


def factor(names: tuple[str, ...]) -> tuple[str, float]:
    """(names of the ladder, seconds of programme encoded a second). Raises `BadSetting`."""
    ladder = choose(names)
    canvas = _pictures(ladder.top.width, ladder.top.height)
    threads = [
        threading.Thread(target=_encode, args=(rung, ladder.preset, canvas), name=rung.name) for rung in ladder.rungs
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ",".join(r.name for r in ladder.rungs), _SECONDS / (time.perf_counter() - started)


def main() -> int:
    av.logging.set_level(None)
    names = tuple(n for n in (sys.argv[1] if len(sys.argv) > 1 else "").split(",") if n)
    try:
        ladder, speed = factor(names)
    except BadSetting as error:
        sys.stdout.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{ladder} {speed:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
