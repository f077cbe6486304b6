"""Times of the program: its grid, when keyframes fall, and where a presenter's times lie on it. Pure.

All times are seconds of `time.monotonic()`. A presenter's capture time plus the *offset* is the moment at which the
program shows or plays it. One offset for picture and sound keeps them in step; it is as small as the way of the
frames allows: the largest lag (arrival decoded minus capture) of the last seconds, and a little. A picture that comes
later than that is shown late, sound that does is lost: so sound may make the offset larger.
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Final, Protocol

_WINDOW_S: Final = 4.0
_BUCKET_S: Final = 0.5
_MARGIN_S: Final = 0.012
_SLACK_S: Final = 0.020  # a smaller offset is worth a correction only beyond this
_FALL: Final = 0.010  # s a second: 1 % faster sound, which nobody hears
_FALL_FAST: Final = 0.030  # while it is `_FAR_S` too large, for half a semitone is better than a long delay
_FAR_S: Final = 0.150
_MOST_S: Final = 0.250  # above the smallest lag; a picture that comes later than that is late
_MOST_SOUND_S: Final = 0.600  # the same for sound: longer than that nobody wants to be behind for the sake of one stall
_MOST_BEHIND_S: Final = 2.0  # that sound may be behind the picture for good; more is a sender's mistake


class Clock(Protocol):
    """Where threads take the time from. Tests give one that waits for whoever is not done yet."""

    def now(self) -> float:
        """Seconds, as `time.monotonic()`."""

    def sleep(self, seconds: float) -> None:
        """Blocks the calling thread."""


class SystemClock:
    """The machine's."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Playout:
    """The offset of one publisher. A new publisher gets a new one."""

    def __init__(self) -> None:
        # Start, smallest lag, largest lag of pictures, of sound, smallest of sound.
        self._buckets: deque[tuple[float, float, float, float, float]] = deque()
        self._offset: float | None = None
        self._updated = 0.0

    def picture(self, capture_s: float, ready_s: float, ahead_s: float = 0.0) -> None:
        """A picture captured at `capture_s` was ready at `ready_s` and is wanted `ahead_s` before its moment."""
        lag = ready_s - capture_s
        self._observe(ready_s, lag, lag + ahead_s, -math.inf)

    def sound(self, capture_s: float, ready_s: float) -> None:
        """Sound captured from `capture_s` on was ready at `ready_s`."""
        lag = ready_s - capture_s
        self._observe(ready_s, lag, -math.inf, lag)

    def _observe(self, ready_s: float, lag: float, picture: float, sound: float) -> None:
        least = sound if sound > -math.inf else math.inf
        if self._buckets and ready_s - self._buckets[-1][0] < _BUCKET_S:
            start, low, *high, heard = self._buckets[-1]
            self._buckets[-1] = (start, min(low, lag), max(high[0], picture), max(high[1], sound), min(heard, least))
        else:
            self._buckets.append((ready_s, lag, picture, sound, least))
        while ready_s - self._buckets[0][0] > _WINDOW_S:
            self._buckets.popleft()

    def offset(self, now_s: float) -> float:
        """Seconds from capture to the program, at this moment: rises at once, falls gently."""
        if not self._buckets:
            return 0.0
        smallest = min(low for _, low, _, _, _ in self._buckets)
        pictures = max(picture for _, _, picture, _, _ in self._buckets) + _MARGIN_S
        sounds = max(sound for _, _, _, sound, _ in self._buckets) + _MARGIN_S
        # Sound that is always behind the picture is followed further: else it would never be heard.
        behind = min(heard for _, _, _, _, heard in self._buckets) + _MOST_S
        most = max(smallest + _MOST_SOUND_S, min(behind, smallest + _MOST_BEHIND_S))
        wanted = max(min(pictures, smallest + _MOST_S), min(sounds, most))
        if self._offset is None or wanted > self._offset:
            self._offset = wanted
        elif wanted < self._offset - _SLACK_S:
            fall = _FALL_FAST if wanted < self._offset - _FAR_S else _FALL
            self._offset = max(wanted, self._offset - fall * max(0.0, now_s - self._updated))
        self._updated = now_s
        return self._offset


class Grid:
    """The moments of the program from Go Live, in ticks of `rate` a second, on a monotonic clock.

    A process that stood still catches up, so program time stays wall time; after more than `limit_s` the program
    slips instead: it goes on where it was, and `slipped_s` says by how much.
    """

    def __init__(self, epoch_s: float, rate: int, limit_s: float = 5.0) -> None:
        self.slipped_s = 0.0
        self._epoch_s = epoch_s
        self._rate = rate
        self._limit_s = limit_s

    def at(self, tick: int) -> float:
        """The moment of a tick."""
        return self.moment(tick / self._rate)

    def moment(self, program_s: float) -> float:
        """The moment of a time of the program."""
        return self._epoch_s + self.slipped_s + program_s

    def wait_s(self, tick: int, now_s: float) -> float:
        """Seconds until a tick is due, 0 when it is late."""
        late = now_s - self.at(tick)
        if late > self._limit_s:
            self.slipped_s += late
        return max(0.0, -late)


class Keyframes:
    """Which pictures must be IDR: every `gop`-th, and those asked for, at most one in `spacing` pictures."""

    def __init__(self, gop: int, spacing: int) -> None:
        self._gop = gop
        self._spacing = spacing
        self._last = -spacing
        self._wanted = False

    def request(self) -> None:
        """An IDR soon, please."""
        self._wanted = True

    def at(self, number: int) -> bool:
        """Whether picture `number` is one. Call once for each, in order."""
        if number % self._gop == 0 or (self._wanted and number - self._last >= self._spacing):
            self._last = number
            self._wanted = False
            return True
        return False
