"""Which pictures of the program a rung is made of, and what an overloaded machine leaves out. Pure.

Whatever is left out, each part begins with a picture: so the grid of parts and segments, PART-TARGET, the keyframes at
the segments' starts and the recording stay as they are. Only pictures become fewer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ingest.encode.ladder import FRAME_RATE, PART_FRAMES
from ingest.program.raw import Picture


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a rung is worked on: one picture in `every` is encoded, counted from each part's first.

    `resting`: the rung is still made, for LL-HLS players on it and for the recording, at the least cost; viewers over
    WebRTC are better off one rung below and are moved there.
    """

    every: int
    resting: bool = False

    @property
    def pictures(self) -> int:
        """In one part."""
        return PART_FRAMES // self.every

    @property
    def frame_rate(self) -> float:
        """Pictures a second."""
        return self.pictures * FRAME_RATE / PART_FRAMES


FULL: Final = Effort(1)  # 30 a second
HALF: Final = Effort(2)  # 15
FEW: Final = Effort(5)  # 6
RESTING: Final = Effort(5, resting=True)
STILL: Final = Effort(PART_FRAMES, resting=True)  # 3: one a part


def steps(rungs: int) -> tuple[tuple[Effort, ...], ...]:
    """What overload takes, step by step: the effort of each rung, top first; the first step is full effort.

    The top rung's frame rate, then the rung, then the same of the next. The lowest never rests: somebody must move.
    """
    now = [FULL] * rungs
    found = [tuple(now)]
    for rung in range(rungs):
        now[rung] = HALF
        found.append(tuple(now))
        if rung < rungs - 1:
            now[rung] = RESTING
            found.append(tuple(now))
    now[:-1] = [STILL] * (rungs - 1)
    if rungs > 1:
        found.append(tuple(now))
    now[-1] = FEW
    found.append(tuple(now))
    return tuple(found)


class Pace:
    """Thins out one rung's pictures. Another effort begins with a part; a keyframe moves to the next picture taken."""

    def __init__(self) -> None:
        self.effort = FULL  # wanted, from the next part on
        self._every = 1
        self._keyframe = False

    def take(self, picture: Picture) -> Picture | None:
        """The picture as it is to be encoded, and for how long it stands; None when it is left out."""
        at = picture.number % PART_FRAMES
        if at == 0:
            self._every = self.effort.every
        if self._every == 1 and not self._keyframe:
            return picture
        keyframe = picture.keyframe or self._keyframe
        # A part's last sample may not be shorter than those before it: they would fill the part without it.
        left = PART_FRAMES - at
        taken = at % self._every == 0 and left >= self._every
        self._keyframe = keyframe and not taken
        span = left if left < 2 * self._every else self._every
        return replace(picture, keyframe=keyframe, span=span) if taken else None
