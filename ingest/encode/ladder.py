"""Which renditions a live session makes, by setting or by the machine's cores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from webinar.base.errors import BadSetting

FRAME_RATE: Final = 30
GOP_FRAMES: Final = 60  # 2 s: one segment
PART_FRAMES: Final = 10  # 1/3 s: one part
AAC_BITRATE: Final = 128_000
OPUS_BITRATE: Final = 64_000


@dataclass(frozen=True, slots=True)
class Rung:
    """One video rendition to make. `bitrate` in bit/s, `level` as in H.264 annex A (31 is 3.1)."""

    name: str
    width: int
    height: int
    bitrate: int
    level: int = 31  # what WebRTC offers name: 42e01f


RUNGS: Final[dict[str, Rung]] = {
    rung.name: rung
    for rung in (
        Rung("1080p", 1920, 1080, 3_500_000, level=40),
        Rung("720p", 1280, 720, 1_800_000),
        Rung("480p", 854, 480, 900_000),
        Rung("360p", 640, 360, 600_000),
        Rung("240p", 426, 240, 300_000),
        Rung("144p", 256, 144, 150_000),
    )
}


@dataclass(frozen=True, slots=True)
class Ladder:
    """All video renditions, top first, and how much work the encoder may spend on each frame."""

    rungs: tuple[Rung, ...]
    preset: str  # of libx264

    @property
    def top(self) -> Rung:
        return self.rungs[0]


AUTO: Final = "auto"
_SIZES: Final = (("1080p", "720p", "480p", "240p"), ("720p", "480p", "240p"), ("480p", "240p"))


def candidates() -> Iterator[Ladder]:
    """What `auto` may choose, best first; the last one is for machines that are too slow for all others."""
    for names in _SIZES:
        for preset in ("veryfast", "superfast"):
            yield Ladder(tuple(RUNGS[name] for name in names), preset)
    yield Ladder(tuple(RUNGS[name] for name in _SIZES[-1]), "ultrafast")


def choose(names: Sequence[str], cores: int | None = None) -> Ladder:
    """The ladder of `WEBINAR_LADDER`, or without names what `cores` (default: this process's) can encode in real time.

    Raises `BadSetting` for a name we do not know, a repeated one, or an order other than top first.
    """
    cores = len(os.sched_getaffinity(0)) if cores is None else cores
    # Measured on 2 cores of an AMD EPYC: veryfast takes 39 % of a core for 720p30, superfast 23 %, ultrafast 11 %.
    preset = "veryfast" if cores >= 4 else "superfast" if cores >= 2 else "ultrafast"
    if not names:
        names = ("720p", "480p", "240p") if cores >= 2 else ("480p", "240p")
    unknown = [name for name in names if name not in RUNGS]
    if unknown:
        raise BadSetting(f"WEBINAR_LADDER: {', '.join(unknown)} is not known; choose from {', '.join(RUNGS)}.")
    rungs = tuple(RUNGS[name] for name in names)
    heights = [rung.height for rung in rungs]
    if heights != sorted(set(heights), reverse=True):
        raise BadSetting("WEBINAR_LADDER: name each rendition once, the largest first.")
    return Ladder(rungs, preset)
