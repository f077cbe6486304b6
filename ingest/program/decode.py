"""Decoders: what the presenter's encoder made, to pictures on the canvas and sound. A thread a kind.

Encoded frames are never dropped one by one, since others hang on them: when a decoder is far behind, raw pictures are
not put on the canvas any more (the cheap way to catch up), and only if ten seconds wait is everything up to the next
keyframe given up and a keyframe asked for.
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Final, cast

import av
from av.codec.context import CodecContext, Flags, ThreadType
from av.video.codeccontext import VideoCodecContext
from prometheus_client import Counter

from ingest.accept.sink import EncodedFrame
from ingest.contract import AUDIO_CLOCK
from ingest.program.canvas import Canvas
from ingest.program.clock import Clock
from ingest.program.opus import Libopus, OpusDecoder, UndecodablePacket
from ingest.program.raw import Samples
from ingest.program.source import Source
from ingest.program.stopwatch import Stopwatch
from webinar.base import log

_log = log.get(__name__)

SKIPPED: Final = Counter("webinar_ingest_decoder_skipped_total", "Decoded pictures skipped because decoding was late")
OVERFLOWED: Final = Counter("webinar_ingest_decoder_overflow_total", "Encoded frames given up by a stalled decoder")
UNDECODABLE: Final = Counter("webinar_ingest_undecodable_total", "Encoded frames that could not be decoded", ["codec"])
REPAIRED: Final = Counter("webinar_ingest_repaired_sound_seconds_total", "Sound made for packets that were lost")

_BEHIND: Final = 5  # frames waiting: pictures in between are not worth scaling
_MOST: Final = 300
_MICRO: Final = Fraction(1, 1_000_000)
_DECODERS: Final = {"h264": "h264", "vp8": "vp8"}


class _Decoder(threading.Thread):
    """The queue and the life of a decoding thread."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name=name, daemon=True)
        self._clock = clock
        self._work = Stopwatch(clock)
        self._busy = True  # until it waits for the first time
        self._queue: deque[tuple[int, EncodedFrame]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._until_keyframe = False
        self._last_failure = ""

    def put(self, generation: int, frame: EncodedFrame) -> bool:
        """Queues a frame of publisher `generation`. False: given up, a keyframe is needed."""
        with self._wake:
            if self._until_keyframe and not frame.keyframe:
                OVERFLOWED.inc()
                return False
            self._until_keyframe = False
            if len(self._queue) >= _MOST:
                OVERFLOWED.inc(len(self._queue) + 1)
                self._queue.clear()
                self._until_keyframe = True
                return False
            self._queue.append((generation, frame))
            self._wake.notify()
            return True

    @property
    def idle(self) -> bool:
        """Whether everything that was put has been decoded."""
        with self._wake:
            return not self._queue and not self._busy

    @property
    def spent_s(self) -> float:
        """Time spent decoding so far; from any thread, and right to within a frame."""
        return self._work.spent_s

    def close(self) -> None:
        """Ends the thread soon; what waits is given up. `join()` waits for it."""
        with self._wake:
            self._closed = True
            self._queue.clear()
            self._wake.notify()

    def _failed(self, frame: EncodedFrame, error: Exception) -> None:
        """One frame is given up. What no decoder should say is logged loudly, once as long as it repeats."""
        UNDECODABLE.labels(frame.codec).inc()
        if isinstance(error, av.FFmpegError | UndecodablePacket):
            _log.info("frame cannot be decoded", codec=frame.codec, error=str(error))
        elif repr(error) != self._last_failure:
            self._last_failure = repr(error)
            _log.error("decoder replaced", codec=frame.codec, error=repr(error))

    def _next(self) -> tuple[int, EncodedFrame, int] | None:
        with self._wake:
            while not self._queue and not self._closed:
                self._busy = False
                self._wake.wait()
            self._busy = True
            if self._closed:
                return None
            return (*self._queue.popleft(), len(self._queue))


class VideoDecoder(_Decoder):
    """H.264 and VP8. `on_broken()` is called in the thread when only a keyframe can help."""

    def __init__(self, canvas: Canvas, source: Source, clock: Clock, on_broken: Callable[[], None]) -> None:
        super().__init__("decode-video", clock)
        self.size = (0, 0)  # of the last decoded picture
        self._canvas = canvas
        self._source = source
        self._on_broken = on_broken

    def run(self) -> None:
        context: VideoCodecContext | None = None
        stream: tuple[int, str] | None = None
        while (item := self._next()) is not None:
            generation, frame, waiting = item
            try:
                if stream != (generation, frame.codec):
                    stream, context = (generation, frame.codec), None
                if context is None:
                    context = _video_context(frame.codec, frame.keyframe)
                with self._work.running():
                    self._decode(context, generation, frame, waiting)
            except Exception as error:  # noqa: BLE001 - a thread that dies here would do so unseen
                self._failed(frame, error)
                if not isinstance(error, av.FFmpegError):
                    context = None  # who knows what state it is in
                self._on_broken()

    def _decode(self, context: VideoCodecContext, generation: int, frame: EncodedFrame, waiting: int) -> None:
        packet = av.Packet(frame.data)
        packet.pts = packet.dts = round(frame.capture_time_s / _MICRO)
        packet.time_base = _MICRO
        for picture in context.decode(packet):
            self.size = (picture.width, picture.height)
            if waiting > _BEHIND:
                SKIPPED.inc()
                continue
            capture_s = float(picture.pts * _MICRO) if picture.pts is not None else frame.capture_time_s
            self._source.put_picture(generation, capture_s, self._canvas.place(picture), self._clock.now())


class AudioDecoder(_Decoder):
    """Opus, to 48 kHz stereo. Lost packets are repaired as far as the next one and concealment can."""

    def __init__(self, source: Source, clock: Clock, library: Libopus) -> None:
        super().__init__("decode-audio", clock)
        self._source = source
        self._library = library

    def run(self) -> None:
        decoder: OpusDecoder | None = None
        current = -1
        end_s = 0.0  # capture time at which what was decoded so far ends
        while (item := self._next()) is not None:
            generation, frame, _ = item
            try:
                if decoder is None or generation != current:
                    current, decoder, end_s = generation, OpusDecoder(self._library), frame.capture_time_s
                start_s = frame.capture_time_s
                if frame.gap and start_s > end_s:
                    repaired = decoder.repair(round((start_s - end_s) * AUDIO_CLOCK), frame.data)
                    REPAIRED.inc(len(repaired) / AUDIO_CLOCK)
                    self._put(generation, start_s - len(repaired) / AUDIO_CLOCK, repaired)
                samples = decoder.decode(frame.data)
                end_s = start_s + len(samples) / AUDIO_CLOCK
                self._put(generation, start_s, samples)
            except Exception as error:  # noqa: BLE001 - a thread that dies here would do so unseen
                self._failed(frame, error)
                if not isinstance(error, UndecodablePacket):
                    decoder = None

    def _put(self, generation: int, capture_s: float, samples: Samples) -> None:
        if len(samples):
            self._source.put_sound(generation, capture_s, samples, self._clock.now())


def _video_context(codec: str, keyframe: bool) -> VideoCodecContext:
    """For the frames from a keyframe on; raises `av.InvalidDataError` for any other."""
    if not keyframe:
        raise av.InvalidDataError(errno.EINVAL, "a decoder begins with a keyframe")
    context = cast("VideoCodecContext", CodecContext.create(_DECODERS[codec], "r"))
    context.thread_count = 1
    context.thread_type = ThreadType.NONE  # frame threads would hold pictures back
    context.flags |= Flags.low_delay
    return context
