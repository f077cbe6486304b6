"""Measuring finished media: when it flashes, when it beeps, whether it decodes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

_BRIGHT = 170
_LOUD = 0.1


@dataclass(frozen=True)
class Watched:
    """Everything of a file, decoded. Times in s."""

    video_times: list[float]
    luma: list[float]  # mean of the middle of each picture
    corner: list[float]  # mean luma of the left edge
    size: tuple[int, int]
    audio_start: float
    audio: npt.NDArray[np.float32]  # mono, 48 kHz
    duration: float  # as the container says

    @property
    def flashes(self) -> list[float]:
        """Times at which the picture turned white."""
        was, found = False, []
        for at, luma in zip(self.video_times, self.luma, strict=True):
            if luma > _BRIGHT and not was:
                found.append(at)
            was = luma > _BRIGHT
        return found

    @property
    def beeps(self) -> list[float]:
        """Times at which sound began after at least 0.3 s of silence."""
        loud = np.flatnonzero(np.abs(self.audio) > _LOUD)
        starts = loud[np.flatnonzero(np.diff(loud, prepend=-48_000) > 14_400)]
        return [self.audio_start + float(i) / 48_000 for i in starts]

    @property
    def video_end(self) -> float:
        return self.video_times[-1] + self.video_times[1] - self.video_times[0]

    @property
    def audio_end(self) -> float:
        return self.audio_start + len(self.audio) / 48_000

    def lip_sync(self) -> list[float]:
        """Beep minus flash, for each flash that has a beep near it."""
        pairs = [(f, min(self.beeps, key=lambda b: abs(b - f), default=1e9)) for f in self.flashes]
        return [b - f for f, b in pairs if abs(b - f) < 0.4]


def watch(media: bytes | Path) -> Watched:
    """Decodes all of it; raises `av.FFmpegError` on damage."""
    with av.open(io.BytesIO(media) if isinstance(media, bytes) else str(media), "r") as container:
        times: list[float] = []
        luma: list[float] = []
        corner: list[float] = []
        sound: list[npt.NDArray[np.float32]] = []
        size, audio_start = (0, 0), None
        for stream in container.streams:
            stream.codec_context.options = {"err_detect": "explode"}
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                plane = frame.to_ndarray(format="gray")
                times.append(frame.time or 0.0)
                luma.append(
                    float(plane[frame.height // 3 : -frame.height // 3, frame.width // 3 : -frame.width // 3].mean())
                )
                corner.append(float(plane[frame.height // 4 : -frame.height // 4, :8].mean()))
                size = (frame.width, frame.height)
            elif isinstance(frame, av.AudioFrame):
                audio_start = frame.time if audio_start is None else audio_start
                heard = sum(map(len, sound)) / 48_000 + (audio_start or 0.0)
                if (frame.time or 0.0) - heard > 0.005:  # a player is silent for this long
                    sound.append(np.zeros(round(((frame.time or 0.0) - heard) * 48_000), np.float32))
                sound.append(frame.to_ndarray()[0].astype(np.float32))
        duration = (container.duration or 0) / 1_000_000
    samples = np.concatenate(sound) if sound else np.zeros(0, np.float32)
    return Watched(times, luma, corner, size, audio_start or 0.0, samples, duration)
