"""The program: one thread that makes a picture each 1/30 s and sound each 1/60 s, from Go Live to End, whatever comes.

Sound goes out twice as often as pictures because WebRTC viewers pay for every burst with buffer. Nothing here waits
for anything but the clock: consumers queue and drop by themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import av

from ingest.contract import AUDIO_CLOCK
from ingest.program.clock import Clock, Grid, Keyframes
from ingest.program.raw import Picture, Sound
from ingest.program.source import Source

_TICKS_A_PICTURE: Final = 2


class Program(threading.Thread):
    """Runs from `start()` until `stop()`. `on_picture`, `on_sound` and `on_end(error)` are called in this thread."""

    def __init__(
        self,
        source: Source,
        slate: av.VideoFrame,
        frame_rate: int,
        gop: int,
        on_picture: Callable[[Picture], None],
        on_sound: Callable[[Sound], None],
        on_end: Callable[[Exception | None], None],
        clock: Clock,
    ) -> None:
        super().__init__(name="program", daemon=True)
        self.pictures = 0  # made so far: program time is this over the frame rate
        self.tick_late_s = 0.0  # the newest tick: the machine had better to do
        self._rate = frame_rate
        self._clock = clock
        self._source = source
        self.slate = slate  # shown while the source has nothing; another one may take its place at any time
        self._on_picture = on_picture
        self._on_sound = on_sound
        self._on_end = on_end
        self._keyframes = Keyframes(gop, frame_rate)
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._grid = Grid(0.0, frame_rate * _TICKS_A_PICTURE)

    @property
    def duration_s(self) -> float:
        """Length of the program so far."""
        return self.pictures / self._rate

    def moment(self, program_s: float) -> float:
        """When the program is, or was, at this time; on the clock."""
        return self._grid.moment(program_s)

    def request_keyframe(self) -> None:
        """An IDR soon; at most one a second is made."""
        self._wanted.set()

    def stop(self) -> None:
        """Ends the program after the picture that is showing. Returns at once."""
        self._stopping.set()

    def start_at(self, epoch_s: float) -> None:
        """Starts the thread; program time 0 is `epoch_s` of the clock."""
        self._grid = Grid(epoch_s, self._rate * _TICKS_A_PICTURE)
        self.start()

    def run(self) -> None:
        error: Exception | None = None
        try:
            self._run()
        except Exception as problem:  # noqa: BLE001 - whatever ends this thread must reach the session
            error = problem
        self._on_end(error)

    def _run(self) -> None:
        tick_rate = self._rate * _TICKS_A_PICTURE
        block = AUDIO_CLOCK // tick_rate
        grid = self._grid
        tick = 0
        while True:
            while (wait := grid.wait_s(tick, self._clock.now())) > 0:
                self._clock.sleep(wait)
            self.tick_late_s = self._clock.now() - grid.at(tick)
            if tick:
                # The sound of the tick that is over now: so all of it can have arrived.
                self._on_sound(Sound((tick - 1) * block, self._source.sound(grid.at(tick - 1), block)))
            if tick % _TICKS_A_PICTURE == 0:
                if self._stopping.is_set() and tick:
                    return
                self._make_picture(tick // _TICKS_A_PICTURE, grid.at(tick))
            tick += 1

    def _make_picture(self, number: int, now_s: float) -> None:
        if self._wanted.is_set():
            self._wanted.clear()
            self._keyframes.request()
        frame = self._source.picture(now_s)
        self._on_picture(Picture(number, frame or self.slate, self._keyframes.at(number)))
        self.pictures = number + 1
