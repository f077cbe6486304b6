"""What the publisher sends: raw pictures and sound on one clock, made on demand.

Numbers count from 0 at the start of a program: picture n is due n/30 s, sound block k is due k/50 s after it.
"""

from __future__ import annotations

from typing import Final, Protocol, cast

import av
import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from webinar.base.errors import WebinarError

FRAME_RATE: Final = 30
SAMPLE_RATE: Final = 48_000
BLOCK: Final = 960  # samples of a sound block: 20 ms
MAX_WIDTH: Final = 1280
MAX_HEIGHT: Final = 720

Samples = NDArray[np.int16]


def pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    """The pixels of a plane, shape (height, width), writable in place, without the padding of its rows."""
    rows = np.frombuffer(cast("memoryview[int]", plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


class UnusableClip(WebinarError):
    """The clip cannot be played; the message says why and names the file."""

    code = "unusable_clip"


class Program(Protocol):
    """One run of a source. `picture` and `sound` may be called from two threads at once, each in rising order."""

    def picture(self, n: int, wall_ms: int) -> av.VideoFrame:
        """Picture n as yuv420p, even sides, at most 1280x720; `wall_ms` is its time in ms since the epoch."""
        ...

    def sound(self, k: int) -> Samples:
        """Sound block k: shape (960, 2), 48 kHz, interleaved stereo."""
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """Something that can be sent again after a lost connection."""

    def begin(self) -> Program: ...
