"""A live session for tests of the fan-out: units as ingest makes them, from a moving picture and a tone."""

from __future__ import annotations

import asyncio
import fractions
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import av
import numpy as np

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK, InitSegment, Rendition, Unit

FPS: Final = 30
GOP: Final = 60
OPUS_SAMPLES: Final = 960


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded once, played in a loop: access units by rendition, all with IDRs at the same frames, and Opus packets."""

    video: Mapping[str, list[tuple[bytes, bool]]]
    audio: list[bytes]


def picture(n: int, width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Frame `n` as RGB: a gradient that moves and a square that runs across."""
    x = np.arange(width, dtype=np.uint16)[None, :]
    y = np.arange(height, dtype=np.uint16)[:, None]
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0] = x + 3 * n & 255
    image[..., 1] = y + 2 * n & 255
    image[..., 2] = (x * y >> 7) + n & 255
    left = n * 8 % max(width - 64, 1)
    image[height // 3 : height // 3 + 48, left : left + 48] = 255
    return image


def encode(sizes: Mapping[str, tuple[int, int, int]], seconds: int = 4) -> Clip:
    """`sizes`: rendition → (width, height, bit/s)."""
    return Clip({name: _video(*size, seconds) for name, size in sizes.items()}, _audio(seconds))


def _video(width: int, height: int, bitrate: int, seconds: int) -> list[tuple[bytes, bool]]:
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.framerate, codec.time_base = fractions.Fraction(FPS), fractions.Fraction(1, FPS)
    codec.bit_rate = bitrate
    codec.thread_count = 1
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:vbv-maxrate={bitrate // 1000}"
        f":vbv-bufsize={bitrate // 2000}:nal-hrd=cbr:repeat-headers=1",
    }
    units = []
    for n in range(seconds * FPS):
        frame = av.VideoFrame.from_ndarray(picture(n, width, height), format="rgb24").reformat(format="yuv420p")
        frame.pts = n
        units += [(bytes(p), p.is_keyframe) for p in codec.encode(frame)]
    units += [(bytes(p), p.is_keyframe) for p in codec.encode(None)]
    return units


def _audio(seconds: int) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = AUDIO_CLOCK, "stereo", "s16"
    codec.bit_rate = 64_000
    packets = []
    for n in range(seconds * AUDIO_CLOCK // OPUS_SAMPLES):
        t = (np.arange(OPUS_SAMPLES) + n * OPUS_SAMPLES) / AUDIO_CLOCK
        tone = (np.sin(2 * np.pi * 440 * t) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None, :], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = AUDIO_CLOCK, n * OPUS_SAMPLES
        packets += [bytes(p) for p in codec.encode(frame)]
    return packets


class Source:
    """Plays a clip as the live session `session_id` of `event_id`, in real time, until cancelled.

    `request_keyframe` makes the next frame an IDR, as ingest does: here by going to the next GOP of the clip.
    """

    def __init__(
        self,
        clip: Clip,
        push: Callable[[Unit], None],
        *,
        event_id: str = "event",
        session_id: str = "session",
    ) -> None:
        self.clip = clip
        self.event_id = event_id
        self.session_id = session_id
        self.keyframes_requested = 0
        self.frames = 0  # pushed of each rendition
        self._push = push
        self._at = 0  # in the clip
        self._force = False

    def request_keyframe(self, event_id: str, rendition: str) -> None:
        self.keyframes_requested += 1
        self._force = True

    def init_segment(self) -> InitSegment:
        """Tells the ladder, as every session does first."""
        ladder = (*self.clip.video, "audio")
        rendition = Rendition(name=ladder[0], kind="video", codecs="avc1.42c01f", bitrate=1)
        return InitSegment(
            self.session_id, self.event_id, rendition, ladder, 0.5, 2.0, "2026-01-01T00:00:00Z", "prefix", b""
        )

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        sounds = 0
        while True:
            await asyncio.sleep(max(0.0, began_s + self.frames / FPS - loop.time()))
            self.step()
            while sounds * OPUS_SAMPLES / AUDIO_CLOCK <= self.frames / FPS:
                packet = self.clip.audio[sounds % len(self.clip.audio)]
                pts = sounds * OPUS_SAMPLES
                self._push(Unit(self.session_id, self.event_id, "opus", pts, True, packet))
                sounds += 1

    def step(self) -> None:
        """Push one frame of every rendition, top first."""
        first = next(iter(self.clip.video.values()))
        if self._force:
            self._force = False
            length = len(first)
            self._at = next(n % length for n in range(self._at, self._at + length) if first[n % length][1])
        pts = self.frames * VIDEO_CLOCK // FPS
        for name, units in self.clip.video.items():
            data, keyframe = units[self._at]
            self._push(Unit(self.session_id, self.event_id, name, pts, keyframe, data))
        self._at = (self._at + 1) % len(first)
        self.frames += 1
