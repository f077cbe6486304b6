"""The generated talk: slides that change every 8 s, clocks, the burned-in time, a flash with a beep every 5 s, speech.

Everything is drawn by copying ready planes and patching a few rows: the whole costs a few per cent of a core. Chroma of
the strip stays as the slides have it; clocks, code and lamp are luma alone.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from webinar.demo import burned_time
from webinar.demo.slides import SLIDES, STRIP_TOP, Digits, Plane, Planes, blend, load
from webinar.demo.source import BLOCK, FRAME_RATE, MAX_HEIGHT, MAX_WIDTH, SAMPLE_RATE, Samples, pixels

SLIDE_SECONDS: Final = 8
FLASH_SECONDS: Final = 5  # a flash and a beep begin at each whole multiple of program time
FLASH_FRAMES: Final = 2
BEEP_HZ: Final = 1000
BEEP_SECONDS: Final = 0.08


@dataclass(frozen=True, slots=True)
class Lamp:
    """The area that flashes, in px of the 1280x720 canvas, and its luma levels."""

    left: int = 1104
    top: int = 608
    width: int = 152
    height: int = 96
    dark: int = 38
    bright: int = 235


LAMP: Final = Lamp()

_FADE_FRAMES: Final = 9
_PAPER: Final = 33  # luma of the strip's #0c1618 in video range
_CLOCK_LEFT: Final = 780
_PROGRESS: Final = 4  # px of height


class Talk:
    """The source. It goes on where its clock is when it is begun again after a lost connection."""

    def __init__(self) -> None:
        self._slides = load()
        self._speech = _decode_speech()
        self._began: float | None = None

    def begin(self) -> TalkProgram:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        # A tenth of a second is a whole number of frames (3) and of sound blocks (5).
        return TalkProgram(self._slides, self._speech, start_tenths=round((now - self._began) * 10))


class TalkProgram:
    """The talk from `start_tenths` (of a second) of program time on."""

    def __init__(self, slides: tuple[Planes, ...], speech: Samples, *, start_tenths: int = 0) -> None:
        self._slides = slides
        self._speech = speech
        self._first_frame = start_tenths * FRAME_RATE // 10
        self._first_block = start_tenths * SAMPLE_RATE // BLOCK // 10
        self._beep, self._duck = _beep_and_duck()
        self._big = Digits("0123456789:.", 38, ink=225, paper=_PAPER)
        self._small = Digits("0123456789:+UTCms ", 24, ink=150, paper=_PAPER)

    def picture(self, n: int, wall_ms: int) -> av.VideoFrame:
        n += self._first_frame
        frame = av.VideoFrame(MAX_WIDTH, MAX_HEIGHT, "yuv420p")
        ready = self._slide(n)
        y, u, v = (pixels(plane) for plane in frame.planes)
        y[:], u[:], v[:] = ready.y, ready.u, ready.v
        self._strip(y, n, wall_ms)
        return frame

    def _slide(self, n: int) -> Planes:
        number, step = divmod(n, SLIDE_SECONDS * FRAME_RATE)
        now = self._slides[number % SLIDES]
        if number == 0 or step >= _FADE_FRAMES:
            return now
        return blend(self._slides[(number - 1) % SLIDES], now, step + 1, _FADE_FRAMES + 1)

    def _strip(self, y: Plane, n: int, wall_ms: int) -> None:
        in_slide = n % (SLIDE_SECONDS * FRAME_RATE)
        done = round(MAX_WIDTH * (in_slide + 1) / (SLIDE_SECONDS * FRAME_RATE))
        y[STRIP_TOP : STRIP_TOP + _PROGRESS, :done] = 160
        burned_time.draw(y, wall_ms)
        self._small.draw(y, burned_time.LEFT, 670, f"{wall_ms} ms")
        at = datetime.fromtimestamp(wall_ms // 1000, UTC)
        self._big.draw(y, _CLOCK_LEFT, 612, f"{at:%H:%M:%S}.{wall_ms % 1000:03}")
        seconds = n // FRAME_RATE
        elapsed = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        self._small.draw(y, _CLOCK_LEFT, 670, f"UTC   T+{elapsed}")
        lit = n % (FLASH_SECONDS * FRAME_RATE) < FLASH_FRAMES
        y[LAMP.top : LAMP.top + LAMP.height, LAMP.left : LAMP.left + LAMP.width] = LAMP.bright if lit else LAMP.dark

    def sound(self, k: int) -> Samples:
        start = (k + self._first_block) * BLOCK
        speech = self._speech[start % len(self._speech) :][:BLOCK]
        at = start % len(self._beep)
        mono = self._beep[at : at + BLOCK] + speech * self._duck[at : at + BLOCK]
        return np.repeat(mono.astype(np.int16)[:, None], 2, axis=1)

    def close(self) -> None:
        """Nothing is held open."""


def _beep_and_duck() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Five seconds that begin with the beep, and the gain that keeps the speech away from it."""
    length = FLASH_SECONDS * SAMPLE_RATE
    at = np.arange(length) / SAMPLE_RATE
    beep = np.where(at < BEEP_SECONDS, 12_000 * np.sin(2 * math.pi * BEEP_HZ * at), 0.0)
    # Silent from 60 ms before to 60 ms after the beep, with ramps of 40 ms; the pattern is cyclic.
    since = np.where(at > FLASH_SECONDS / 2, at - FLASH_SECONDS, at)
    away = np.maximum(-0.06 - since, since - (BEEP_SECONDS + 0.06))
    duck = np.clip(away / 0.04, 0.0, 1.0)
    return beep.astype(np.float32), duck.astype(np.float32)


def _decode_speech() -> Samples:
    """The committed speech, one whole loop of the slides, shape (samples,), 48 kHz mono."""
    file = resources.files("webinar.demo") / "assets" / "speech.opus"
    length = SLIDES * SLIDE_SECONDS * SAMPLE_RATE
    with file.open("rb") as stream, av.open(stream, "r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    whole = np.concatenate([frame.to_ndarray().ravel() for frame in frames])[:length]
    return np.pad(whole, (0, length - len(whole)))
