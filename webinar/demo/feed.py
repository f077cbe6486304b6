"""A program as two tracks of encoded packets, made on demand and released on one clock.

aiortc sends packets that a track returns as they are. Nothing is queued: each `recv` waits for its slot, makes one unit
in a thread and returns it. aiortc's sender reports pair the time of sending with the RTP timestamp, so both tracks
release a packet at `start + pts + RELEASE_S`: lip sync at the receiver is as good as that pacing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from webinar.base.errors import WebinarError
from webinar.demo.encoders import AudioEncoder, VideoEncoder
from webinar.demo.source import BLOCK, FRAME_RATE, SAMPLE_RATE, Program

if TYPE_CHECKING:
    from av import Packet as _Packet

    Packet = _Packet[Any]  # a type of the stubs alone, not subscriptable when run

RELEASE_S: Final = 0.015  # between the time of a frame and its sending: room for the encoder
_MAX_LATE_S: Final = 0.1  # what is later than this is skipped, not sent late
_KEYFRAME_GAP_S: Final = 0.5  # requests within it are answered by one IDR


class Pace:
    """The clock of a feed: program time 0 is the first moment anyone waits on it."""

    def __init__(self) -> None:
        self._start: float | None = None  # monotonic, s

    async def wait(self, due_s: float) -> float:
        """Waits until `due_s` of program time and returns the seconds by which that was missed."""
        now = time.monotonic()
        if self._start is None:
            self._start = now
        late = now - (self._start + due_s)
        if late < 0:
            await asyncio.sleep(-late)
        return max(late, 0.0)

    def wall_ms(self, due_s: float) -> int:
        """The wall time of a moment of program time, ms since the epoch. The wall clock may be set while we run."""
        start = time.monotonic() if self._start is None else self._start
        return round((time.time() - time.monotonic() + start + due_s) * 1000)


@dataclass(slots=True)
class Sent:
    """What a track has given to the sender so far."""

    units: int = 0
    bytes: int = 0
    skipped: int = 0  # units never made because the machine was late


class PacedTrack(MediaStreamTrack):
    """A track of packets, unit n of which is due at n * `every` s of program time."""

    def __init__(self, kind: str, every: Fraction, pace: Pace, make: Callable[[int], Awaitable[Packet]]) -> None:
        super().__init__()
        self.kind = kind
        self.sent = Sent()
        self.failure: WebinarError | None = None  # of the source; the track has ended then
        self._every = float(every)
        self._pace = pace
        self._make = make
        self._next = 0

    async def recv(self) -> Packet:
        if self.readyState != "live":
            raise MediaStreamError
        late = await self._pace.wait(self._next * self._every)
        if late > _MAX_LATE_S:
            skip = int(late / self._every)
            self._next += skip
            self.sent.skipped += skip
        try:
            packet = await self._make(self._next)
        except WebinarError as error:
            self.failure = error
            raise MediaStreamError from error
        self._next += 1
        self.sent.units += 1
        self.sent.bytes += packet.size
        if packet.pts is not None and packet.time_base is not None:
            await self._pace.wait(float(packet.pts * packet.time_base) + RELEASE_S)
        return packet


class Feed:
    """Runs one program from the first `recv` of either track on. `close` it once the tracks are stopped."""

    def __init__(self, program: Program) -> None:
        self.keyframe_requests = 0
        self._program = program
        self._pace = Pace()
        self._video = VideoEncoder()
        self._audio = AudioEncoder()
        # A thread for each: a slow picture must not hold up the sound.
        self._video_thread = ThreadPoolExecutor(1, thread_name_prefix="demo-video")
        self._audio_thread = ThreadPoolExecutor(1, thread_name_prefix="demo-audio")
        self._keyframe_wanted = False
        self._last_keyframe_s = 0.0
        self.video = PacedTrack("video", Fraction(1, FRAME_RATE), self._pace, self._picture)
        self.audio = PacedTrack("audio", Fraction(BLOCK, SAMPLE_RATE), self._pace, self._sound)

    def request_keyframe(self) -> None:
        """The receiver asks for an IDR (PLI, RFC 4585 section 6.3.1; FIR, RFC 5104 section 4.3.1)."""
        self.keyframe_requests += 1
        self._keyframe_wanted = True

    async def _picture(self, n: int) -> Packet:
        due_s = n / FRAME_RATE
        keyframe = self._keyframe_wanted and due_s - self._last_keyframe_s >= _KEYFRAME_GAP_S
        if keyframe:
            self._keyframe_wanted, self._last_keyframe_s = False, due_s
        wall_ms = self._pace.wall_ms(due_s)

        def make() -> Packet:
            return self._video.encode(self._program.picture(n, wall_ms), n, keyframe=keyframe)

        return await asyncio.get_running_loop().run_in_executor(self._video_thread, make)

    async def _sound(self, k: int) -> Packet:
        def make() -> Packet:
            return self._audio.encode(self._program.sound(k), k)

        return await asyncio.get_running_loop().run_in_executor(self._audio_thread, make)

    async def close(self) -> None:
        """Stops the tracks, waits for the encoder threads and closes the program."""
        self.video.stop()
        self.audio.stop()
        for thread in (self._video_thread, self._audio_thread):
            await asyncio.to_thread(thread.shutdown, wait=True, cancel_futures=True)
        self._program.close()
