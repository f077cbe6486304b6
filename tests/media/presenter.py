"""A presenter without a network: H.264 and Opus with a flash and a beep at each full second, fed in time.

Picture: a moving grey gradient, white for the first 100 ms of each second. Sound: silence, and a 1 kHz tone for the
same 100 ms. `Clip.frames` is what the receiver would hand on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext

from ingest.accept.sink import CodecName, EncodedFrame, PublisherSink, PublisherState

FLASH_S = 0.1
_RATE = 48_000


class Moments(Protocol):
    """A clock for coroutines: conducted, or the machine's."""

    def now(self) -> float: ...

    async def reach(self, moment: float) -> None: ...


@dataclass(frozen=True)
class Clip:
    """Frames of a presenter, capture times from 0, in the order of capture."""

    frames: tuple[EncodedFrame, ...]
    duration_s: float

    def at(self, start_s: float) -> Iterator[EncodedFrame]:
        for frame in self.frames:
            yield replace(frame, capture_time_s=frame.capture_time_s + start_s)


def make(
    duration_s: float, width: int = 320, height: int = 180, fps: int = 30, codec: CodecName = "h264", audio: bool = True
) -> Clip:
    """Encodes a clip."""
    frames = list(_video(duration_s, width, height, fps, codec))
    if audio:
        frames += _audio(duration_s)
    return Clip(tuple(sorted(frames, key=lambda f: f.capture_time_s)), duration_s)


def picture(number: int, fps: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Luma of a frame."""
    if number % fps < FLASH_S * fps:
        return np.full((height, width), 235, np.uint8)
    ramp = (np.arange(width) + 3 * number) % 64 + 40
    return np.tile(ramp.astype(np.uint8), (height, 1))


def _video(duration_s: float, width: int, height: int, fps: int, codec: CodecName) -> Iterator[EncodedFrame]:
    context: VideoCodecContext = CodecContext.create("libx264" if codec == "h264" else "libvpx", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.bit_rate, context.gop_size, context.thread_count = 500_000, 2 * fps, 1
    context.options = (
        {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
        if codec == "h264"
        else {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    )
    for number in range(round(duration_s * fps)):
        luma = picture(number, fps, width, height)
        grey = np.full((height // 2, width), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.vstack((luma, grey)), "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        for packet in context.encode(frame):
            yield EncodedFrame(codec, bytes(packet), (packet.pts or 0) / fps, packet.is_keyframe, 0.0)


def tone(duration_s: float) -> npt.NDArray[np.float32]:
    """The sound, float32 [n]."""
    t = np.arange(round(duration_s * _RATE)) / _RATE
    return np.where(t % 1.0 < FLASH_S, 0.5 * np.sin(2 * np.pi * 1000 * t), 0.0).astype(np.float32)


def _audio(duration_s: float) -> Iterator[EncodedFrame]:
    context: AudioCodecContext = CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = _RATE, "stereo", "flt"
    context.bit_rate, context.time_base = 64_000, Fraction(1, _RATE)
    samples = np.repeat(tone(duration_s), 2)
    for start in range(0, len(samples) // 2 - 959, 960):
        frame = av.AudioFrame.from_ndarray(samples[None, 2 * start : 2 * start + 1920], "flt", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = _RATE, start, Fraction(1, _RATE)
        for packet in context.encode(frame):
            yield EncodedFrame("opus", bytes(packet), (packet.pts or 0) / _RATE, True, 0.0)


async def present(
    sink: PublisherSink, clip: Clip, clock: Moments, *, delay_s: float = 0.02, audio_delay_s: float = 0.01
) -> None:
    """Connects, sends the clip in the clock's time, leaves. A frame arrives `delay_s` after it was captured whole."""
    sink.on_state(PublisherState.CONNECTED, "")
    start_s = clock.now()

    def due(frame: EncodedFrame) -> float:
        return frame.capture_time_s + (0.02 + audio_delay_s if frame.codec == "opus" else delay_s)

    for frame in sorted(clip.at(start_s), key=due):
        await clock.reach(due(frame))
        arrived = replace(frame, arrival_s=clock.now())
        (sink.on_audio if frame.codec == "opus" else sink.on_video)(arrived)
    sink.on_state(PublisherState.GONE, "deleted")
