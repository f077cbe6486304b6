"""When the ladder is lowered because the machine cannot keep up, and when it is raised again. Pure: time comes in.

Down a step after a second in which an encoder or the decoder had no pause, raw frames were dropped, or the program was
late. A decoder that is late in spite of two steps is too slow for what the presenter sends, and counts no more.

Up a step after quiet time, and only when the rung that is made more of would leave its encoder a pause: what it takes
now tells what it would take. Where that is little, the quiet time is short. A step up that goes wrong doubles it until
the next, short or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.encode.pace import Effort, steps

LOOK_EVERY: Final = 15  # pictures of the program: half a second
_FULL_SHARE: Final = 0.95  # of the time spent encoding: this encoder has no pause
_SPARE_SHARE: Final = 0.7  # expected after a step up: this leaves one
_EASY_SHARE: Final = 0.35  # expected after a step up: the load has gone
_LATE_S: Final = 0.15  # of the program thread, which has next to nothing to do
_BAD_LOOKS: Final = 2
_SETTLE_S: Final = 1.5  # what was queued before a step is still being encoded
_UP_AFTER_S: Final = 10.0
_UP_SOON_S: Final = 3.0
_UP_AFTER_MAX_S: Final = 120.0
_TRIAL_S: Final = 20.0  # a step down so soon after a step up was the step's fault
_FOR_DECODER: Final = 2  # steps down for its sake alone


@dataclass(frozen=True, slots=True)
class Look:
    """The last half second. `shares`: of it, what each rung's encoder spent encoding, top first.

    `decoding`: of it, what the decoder of the presenter's pictures spent on them.
    """

    shares: Sequence[float]
    dropped: int = 0  # raw frames that the encoders were too late for
    late_s: float = 0.0  # the most that the program was behind its clock
    decoding: float = 0.0

    @property
    def bad(self) -> bool:
        return self.dropped > 0 or self.late_s >= _LATE_S or max(self.shares) >= _FULL_SHARE

    @property
    def decoding_late(self) -> bool:
        return self.decoding >= _FULL_SHARE


class Governor:
    """One a program. `step` counts from 0, full effort."""

    def __init__(self, rungs: int, now_s: float) -> None:
        """From `now_s` on; encoders that are just being opened say nothing yet."""
        self.step = 0
        self._steps = steps(rungs)
        self._bad = 0
        self._changed_s = now_s
        self._quiet_since_s: float | None = None
        self._up_s = float("-inf")
        self._up_after_s = _UP_AFTER_S
        self._for_decoder = 0  # steps down that nothing but the decoder asked for, since it was last well

    @property
    def efforts(self) -> tuple[Effort, ...]:
        """Of each rung now, top first."""
        return self._steps[self.step]

    def look(self, now_s: float, look: Look) -> bool:
        """Judges a look; True when the step became another."""
        if now_s - self._changed_s < _SETTLE_S:
            return False
        for_decoder = look.decoding_late and not look.bad
        if look.bad or (for_decoder and self._for_decoder < _FOR_DECODER):
            self._bad += 1
            self._quiet_since_s = None
            return self._bad >= _BAD_LOOKS and self._down(now_s, for_decoder)
        self._bad = 0
        if look.decoding < _SPARE_SHARE:
            self._for_decoder = 0
        if self._quiet_since_s is None:
            self._quiet_since_s = now_s
        return self._up(now_s, now_s - self._quiet_since_s, look)

    def _down(self, now_s: float, for_decoder: bool) -> bool:
        if self.step == len(self._steps) - 1:
            return False
        self._for_decoder += for_decoder
        failed = now_s - self._up_s < _TRIAL_S
        self._up_after_s = min(self._up_after_s * 2, _UP_AFTER_MAX_S) if failed else _UP_AFTER_S
        return self._go(self.step + 1, now_s)

    def _up(self, now_s: float, quiet_s: float, look: Look) -> bool:
        if self.step == 0:
            return False
        growth = [b.pictures / a.pictures for a, b in zip(self.efforts, self._steps[self.step - 1], strict=True)]
        expected = max(s * more for s, more in zip(look.shares, growth, strict=True) if more > 1)
        # Nothing has gone wrong lately, and there is plenty: it is not the load's pause between two breaths.
        easy = expected <= _EASY_SHARE and look.decoding <= _EASY_SHARE and self._up_after_s == _UP_AFTER_S
        if expected > _SPARE_SHARE or quiet_s < (_UP_SOON_S if easy else self._up_after_s):
            return False
        self._up_s = now_s
        return self._go(self.step - 1, now_s)

    def _go(self, step: int, now_s: float) -> bool:
        self.step = step
        self._changed_s = now_s
        self._bad = 0
        self._quiet_since_s = None
        return True
