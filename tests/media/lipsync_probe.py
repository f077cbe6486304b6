"""Measures lip sync on the flashes and beeps of the demo talk in a decoded file.

`python -m tests.media.lipsync_probe FILE` prints an offset a line, in ms.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any, Final

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from webinar.demo.source import MAX_HEIGHT, MAX_WIDTH, pixels
from webinar.demo.talk import BEEP_HZ, BEEP_SECONDS, FLASH_SECONDS, LAMP

_LIT: Final = 140  # luma of the lamp: halfway between dark and bright
_WINDOW_S: Final = 0.004  # four periods of the beep
_PURE: Final = 0.5  # share of the energy that must be at the beep's frequency
_STRETCH_S: Final = 10
_LOUD: Final = 0.05  # amplitude, 1 is full scale

Openable = str | Path | IO[bytes] | InputContainer


def flash_beep_offsets(media: Openable) -> list[float]:
    """Audio minus video, in s, of each flash that has a beep: positive when the sound comes late.

    A flash is dated by the presentation time of its first bright picture, so with 30 pictures a second one value is
    exact to the picture, not finer. Takes a path, a binary file or an open container (which is read to its end).
    """
    if isinstance(media, InputContainer):
        return match(*_onsets(media))
    with av.open(str(media) if isinstance(media, Path) else media, "r") as container:
        return match(*_onsets(container))


def match(flashes: list[float], beeps: list[float]) -> list[float]:
    """Each flash with its nearest beep, when one is nearer than half the distance of two flashes."""
    offsets = []
    for flash in flashes:
        nearest = min(beeps, key=lambda beep: abs(beep - flash), default=None)
        if nearest is not None and abs(nearest - flash) < FLASH_SECONDS / 2:
            offsets.append(nearest - flash)
    return offsets


def lamp_is_lit(picture: NDArray[np.uint8]) -> bool:
    """Whether the talk's lamp flashes in a luma picture of shape (height, width), any size, without bars."""
    height, width = picture.shape
    top, left = LAMP.top / MAX_HEIGHT * height, LAMP.left / MAX_WIDTH * width
    tall, wide = LAMP.height / MAX_HEIGHT * height, LAMP.width / MAX_WIDTH * width
    inner = picture[
        round(top + tall / 4) : round(top + tall * 3 / 4), round(left + wide / 4) : round(left + wide * 3 / 4)
    ]
    return bool(inner.mean() > _LIT)


def beep_onsets(samples: NDArray[np.float32], rate: int) -> list[float]:
    """Where beeps begin, in s from the first sample; mono, -1..1."""
    window = round(_WINDOW_S * rate)
    at = np.arange(len(samples))
    tone = _mean(samples * np.exp(-2j * np.pi * BEEP_HZ / rate * at), window)
    amplitude = 2 * np.abs(tone)
    energy = _mean(samples.astype(np.float64) ** 2, window)
    beeping = (amplitude > _LOUD) & (amplitude**2 / 2 > _PURE * energy)
    onsets = []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], beeping, [False])).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start > BEEP_SECONDS / 2 * rate:
            # The mean over a window centred on the onset is half the beep's: exact, whatever its level.
            half = float(np.median(amplitude[start:end])) / 2
            before = max(0, int(start) - window)
            onsets.append((before + int(np.argmax(amplitude[before:end] >= half))) / rate)
    return onsets


def _mean(values: NDArray[Any], window: int) -> NDArray[Any]:
    """Centred moving mean of the same length."""
    total = np.concatenate(([0], np.cumsum(np.pad(values, (window // 2, window - window // 2 - 1)))))
    return (total[window:] - total[:-window]) / window


class _Listener:
    """Beeps of a stream of any length, heard in stretches that overlap by a second."""

    def __init__(self, rate: int) -> None:
        self.onsets: list[float] = []  # s from the first sample
        self._rate = rate
        self._samples = np.zeros(0, np.float32)
        self._begins = 0  # samples before the stretch

    def hear(self, samples: NDArray[np.float32], at: int) -> None:
        """Sound whose first sample has the number `at`; silence stands in where timestamps leave a gap."""
        gap = at - self._begins - len(self._samples)
        silence = np.zeros(gap if gap > self._rate // 1000 else 0, np.float32)
        self._samples = np.concatenate((self._samples, silence, samples))
        while len(self._samples) >= (_STRETCH_S + 1) * self._rate:
            self._listen(_STRETCH_S + 0.5)
            self._samples = self._samples[_STRETCH_S * self._rate :]
            self._begins += _STRETCH_S * self._rate

    def finish(self) -> None:
        self._listen(_STRETCH_S + 1.0)

    def _listen(self, until_s: float) -> None:
        since_s = 0.5 if self._begins else 0.0
        for onset in beep_onsets(self._samples, self._rate):
            if since_s <= onset < until_s:
                self.onsets.append(self._begins / self._rate + onset)


def _onsets(container: InputContainer) -> tuple[list[float], list[float]]:
    """Times of flashes and of beeps on the container's own clock, s."""
    video, audio = container.streams.video[0], container.streams.audio[0]
    flashes: list[float] = []
    lit = False
    first_s: float | None = None
    rate = audio.codec_context.sample_rate
    listener = _Listener(rate)
    mono = av.AudioResampler(format="flt", layout="mono")
    for packet in container.demux(video, audio):
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                was, lit = lit, lamp_is_lit(pixels(frame.planes[0]))
                if lit and not was and frame.time is not None:
                    flashes.append(frame.time)
            elif isinstance(frame, av.AudioFrame) and frame.time is not None:
                first_s = frame.time if first_s is None else first_s
                for out in mono.resample(frame):
                    listener.hear(out.to_ndarray().ravel().astype(np.float32), round((frame.time - first_s) * rate))
    listener.finish()
    return flashes, [(first_s or 0.0) + onset for onset in listener.onsets]


if __name__ == "__main__":
    for offset in flash_beep_offsets(sys.argv[1]):
        sys.stdout.write(f"{offset * 1000:+.1f}\n")
