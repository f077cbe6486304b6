"""Where decoded frames of the presenter wait for their moment. Written by the decoders, read by the program.

Short critical sections under one lock; nobody holds it while decoding, scaling or encoding.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

import av
import numpy as np
from prometheus_client import Counter

from ingest.program.audio import SoundTrack
from ingest.program.clock import Playout
from ingest.program.raw import Samples

LATE: Final = Counter("webinar_ingest_late_total", "Decoded frames that came after their moment", ["kind"])
OVERRUN: Final = Counter("webinar_ingest_overrun_total", "Decoded pictures that the program did not take in time")

_PICTURES: Final = 15  # 0.5 s at 30 frames a second
_SETTLE_S: Final = 0.5  # so long the first kind waits for the other, so that both begin in step
_STALE_S: Final = 10.0  # no new picture for so long: the last one is not held any more


class Source:
    """Picture and sound of whoever presents now. Times are seconds of `time.monotonic()`.

    `generation` tells publishers apart: what a former one's decoder still hands on is ignored.
    """

    def __init__(self, frame_s: float) -> None:
        self._early_s = frame_s / 2  # a picture stands for the grid's moment it is nearest to
        self._lock = threading.Lock()
        self._generation = 0
        self._hold_until = 0.0
        self._present = False
        self._live = False
        self._paused = False
        self._audible = True  # the sound that was read last
        self._current: av.VideoFrame | None = None
        self._current_at = 0.0
        self._reset()

    def _reset(self) -> None:
        self._pictures: deque[tuple[float, av.VideoFrame]] = deque()
        self._sound = SoundTrack()
        self._playout = Playout()
        self._kinds: set[str] = set()
        self._settled_at = float("inf")

    def _observe(self, kind: str, capture_s: float, ready_s: float) -> None:
        if not self._kinds:
            self._settled_at = ready_s + _SETTLE_S
        self._kinds.add(kind)
        if len(self._kinds) == 2:
            self._settled_at = min(self._settled_at, ready_s)
        if ready_s > capture_s + self._playout.offset(ready_s):
            LATE.labels(kind).inc()

    def join(self, generation: int) -> None:
        """A new publisher: its clock is its own."""
        with self._lock:
            self._generation = generation
            self._present = True
            self._reset()

    def resume(self) -> None:
        """The same publisher sends again after a silence."""
        with self._lock:
            self._present = True

    def leave(self, now_s: float, hold_s: float = 0.0) -> None:
        """Nobody sends: the last picture stays for `hold_s`, then the holding picture comes."""
        with self._lock:
            self._present = False
            self._hold_until = now_s + hold_s
            self._pictures.clear()
            if not hold_s:
                self._current = None

    def go_live(self) -> None:
        """From now on the program reads; before, the newest picture is kept and the others are forgotten."""
        with self._lock:
            self._live = True
            self._audible = not self._paused  # a program that begins paused has no sound to fade out

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self, paused: bool) -> None:
        """From now on, or no longer, the program gets the holding picture and silence; what comes in stays in step."""
        with self._lock:
            self._paused = paused

    def put_picture(self, generation: int, capture_s: float, frame: av.VideoFrame, ready_s: float) -> None:
        """A picture on the canvas."""
        with self._lock:
            if generation != self._generation:
                return
            self._playout.picture(capture_s, ready_s, self._early_s)
            self._observe("video", capture_s, ready_s)
            self._pictures.append((capture_s, frame))
            if len(self._pictures) > _PICTURES:
                self._show(self._pictures.popleft()[1], ready_s)
                if self._live:
                    OVERRUN.inc()

    def put_sound(self, generation: int, capture_s: float, samples: Samples, ready_s: float) -> None:
        """Decoded sound."""
        with self._lock:
            if generation != self._generation:
                return
            self._playout.sound(capture_s, ready_s)
            self._observe("audio", capture_s, ready_s)
            self._sound.write(capture_s, samples)

    def picture(self, now_s: float) -> av.VideoFrame | None:
        """What is to be seen at this moment; None: the holding picture."""
        with self._lock:
            due = now_s - self._playout.offset(now_s) + self._early_s
            while self._pictures and self._pictures[0][0] <= due and now_s >= self._settled_at:
                self._show(self._pictures.popleft()[1], now_s)
            until = self._current_at + _STALE_S if self._present else self._hold_until
            if self._current is not None and now_s >= until:
                self._current = None
            return None if self._paused else self._current

    def sound(self, from_s: float, count: int) -> Samples:
        """`count` samples for the time from `from_s` on."""
        with self._lock:
            if from_s < self._settled_at:
                return np.zeros((count, 2), np.float32)
            return self._gated(self._sound.read(from_s - self._playout.offset(from_s), count))

    def _gated(self, samples: Samples) -> Samples:
        """Silence while paused; no clicks at its ends."""
        was, self._audible = self._audible, not self._paused
        if was and self._audible:
            return samples
        if was != self._audible:
            fade = np.linspace(was, self._audible, len(samples), dtype=np.float32)
            return samples * fade[:, None]
        return np.zeros_like(samples)

    def offset(self, now_s: float) -> float:
        """Seconds between capture (as the receiver tells it) and program."""
        with self._lock:
            return self._playout.offset(now_s)

    def _show(self, frame: av.VideoFrame, now_s: float) -> None:
        self._current = frame
        self._current_at = now_s
