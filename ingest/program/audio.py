"""The presenter's sound on the program's clock: a buffer that is written by capture time and read by program time.

The sender's clock and ours differ by some ppm, and capture times are corrected now and then. Reading follows both by
playing up to 5 % faster or slower (cubic interpolation); nothing is touched while it is within 5 ms. A larger error is
jumped over with a short fade, a hole is silence.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ingest.contract import AUDIO_CLOCK
from ingest.program.raw import Samples

_CAPACITY: Final = 2 * AUDIO_CLOCK  # what is older is overwritten
_CONTIGUOUS_S: Final = 0.060  # packets this near to where they are expected follow each other
_FILTER: Final = 0.1  # of each difference goes into the clock: 0.2 s at 20 ms a packet
_DEAD_S: Final = 0.005
_JUMP_S: Final = 0.060  # beyond this lip sync is seen to be wrong: a short fade is the lesser evil
_GAIN: Final = 1.5  # a second: how fast an error shrinks
_MOST: Final = 0.05
_FADE: Final = AUDIO_CLOCK // 200  # 5 ms


class SoundTrack:
    """One publisher's sound. Positions count samples since it began."""

    def __init__(self) -> None:
        self._ring: Samples = np.zeros((_CAPACITY, 2), np.float32)
        self._end = 0  # next sample to be written
        self._captured_s = 0.0  # capture time of sample `_end`
        self._position: float | None = None  # next sample to be read
        self._sounding = False
        self.underruns = 0  # reads that found less than they wanted after there had been sound
        self.jumps = 0

    def write(self, capture_s: float, samples: Samples) -> None:
        """Sound captured from `capture_s` on."""
        if self._end == 0:
            self._captured_s = capture_s
        difference = capture_s - self._captured_s
        if abs(difference) < _CONTIGUOUS_S:
            self._captured_s += _FILTER * difference
        else:
            if 0 < difference < _CAPACITY / AUDIO_CLOCK:
                self._append(np.zeros((round(difference * AUDIO_CLOCK), 2), np.float32))
            self._captured_s = capture_s
        self._append(samples)
        self._captured_s += len(samples) / AUDIO_CLOCK

    def read(self, capture_s: float, count: int) -> Samples:
        """`count` samples that were captured from about `capture_s` on; silence where there are none."""
        ideal = self._end + (capture_s - self._captured_s) * AUDIO_CLOCK
        jumped = False
        if self._position is None or abs(ideal - self._position) > _JUMP_S * AUDIO_CLOCK:
            jumped = self._position is not None and self._sounding
            self._position = float(round(ideal))
        rate = self._rate((ideal - self._position) / AUDIO_CLOCK)
        if rate == 1.0:
            self._position = float(round(self._position))
        out, start, stop = self._take(self._position, rate, count)
        self._position += rate * count
        self._shape(out, start, stop, jumped)
        return out

    def _rate(self, error_s: float) -> float:
        beyond = max(0.0, abs(error_s) - _DEAD_S)
        return 1.0 + float(np.copysign(min(_MOST, _GAIN * beyond), error_s))

    def _append(self, samples: Samples) -> None:
        at = self._end % _CAPACITY
        first = min(len(samples), _CAPACITY - at)
        self._ring[at : at + first] = samples[:first]
        self._ring[: len(samples) - first] = samples[first:]
        self._end += len(samples)

    def _take(self, position: float, rate: float, count: int) -> tuple[Samples, int, int]:
        """The samples, and which of them are real: [start, stop)."""
        out = np.zeros((count, 2), np.float32)
        lowest, highest = max(0, self._end - _CAPACITY), self._end
        if rate != 1.0:  # interpolation wants a neighbour before and two after
            lowest, highest = lowest + 1, highest - 2
        start = min(count, max(0, math.ceil((lowest - position) / rate)))
        stop = max(start, min(count, math.ceil((highest - position) / rate)))
        if stop > start and rate == 1.0:
            out[start:stop] = self._ring[(int(position) + np.arange(start, stop)) % _CAPACITY]
        elif stop > start:
            out[start:stop] = self._interpolate(position + rate * np.arange(start, stop))
        return out, start, stop

    def _interpolate(self, where: npt.NDArray[np.floating[Any]]) -> Samples:
        """Catmull-Rom through the four neighbours."""
        base = np.floor(where).astype(np.int64)
        t = (where - base).astype(np.float32)[:, None]
        a, b, c, d = (self._ring[(base + k) % _CAPACITY] for k in (-1, 0, 1, 2))
        mixed: Samples = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        return mixed

    def _shape(self, out: Samples, start: int, stop: int, jumped: bool) -> None:
        """No clicks: fades at the edges of what is there."""
        fade = min(_FADE, stop - start)
        if stop < len(out) and self._sounding:
            self.underruns += 1
            out[stop - fade : stop] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
        self.jumps += jumped
        if jumped or start or not self._sounding:
            out[start : start + fade] *= np.linspace(0, 1, fade, dtype=np.float32)[:, None]
        self._sounding = stop == len(out) and stop > start
