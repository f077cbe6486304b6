"""Which rendition a viewer gets: a pure rule fed with its receiver reports.

Start at the top. Down at once on heavy loss or when its own estimate (REMB) no longer holds what we send; up one step
after quiet time. A step up that goes wrong doubles the quiet time it takes until the next, up to a minute.
REMB cannot lead upwards: a browser's estimate never exceeds 1.5 times what it receives.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

# Browsers report up to five times a second, and a fifth of a second says little: reports are judged a second at a time.
JUDGED_EVERY_S: Final = 0.9
HEAVY_LOSS: Final = 0.10  # one second is enough
LIGHT_LOSS: Final = 0.05  # three in a row: retransmission repairs less than that
LOW_ESTIMATES: Final = 3  # in a row: one moment's jitter lowers the estimate, too
QUIET_LOSS: Final = 0.015
SETTLE_S: Final = 2.5  # after a change reports still speak of before
UP_AFTER_S: Final = 8.0
UP_AFTER_MAX_S: Final = 60.0
TRIAL_S: Final = 10.0  # a step down so soon after a step up was the step's fault
REMB_HEADROOM: Final = 0.8
HOPELESS_LOSS: Final = 0.30
HOPELESS_S: Final = 12.0


class Advice(enum.StrEnum):
    STAY = "stay"
    CHANGE = "change"  # see `target`
    GOODBYE = "goodbye"  # even the lowest rung does not get through


class LayerChooser:
    """State of one viewer. `ladder` is always names top first; `rates` their measured bit/s in the same order."""

    def __init__(self) -> None:
        self.target = ""
        self.pinned = ""
        self._quiet_since_s: float | None = None
        self._changed_s = float("-inf")
        self._up_s = float("-inf")
        self._up_after_s = UP_AFTER_S
        self._light_losses = 0
        self._low_estimates = 0
        self._hopeless_since_s: float | None = None
        self._losses: list[float] = []  # reported since `_judged_s`
        self._judged_s = float("-inf")

    def start(self, ladder: Sequence[str]) -> str:
        """The first rung. `ladder` has one at least."""
        self.target = self.pinned if self.pinned in ladder else ladder[0]
        return self.target

    def pin(self, name: str, ladder: Sequence[str], now_s: float) -> Advice:
        """The player chooses a rung itself; an empty name gives the choice back."""
        self.pinned = name
        return self._go(name, now_s) if name in ladder and name != self.target else Advice.STAY

    def keep(self, ladder: Sequence[str], now_s: float) -> Advice:
        """Call when the ladder changed: a viewer of a rung that is no more takes the top one that is."""
        if not ladder or self.target in ladder:
            return Advice.STAY
        return self._go(ladder[0], now_s)

    def relieve(self, ladder: Sequence[str], now_s: float) -> Advice:
        """The server cannot keep up: one rung down, unless the viewer was changed just now or is at the bottom."""
        if self.target not in ladder or now_s - self._changed_s < SETTLE_S:
            return Advice.STAY
        return self._down(ladder.index(self.target), None, ladder, (), now_s)

    def report(
        self, loss: float, estimate: int | None, ladder: Sequence[str], rates: Sequence[int], now_s: float
    ) -> Advice:
        """A receiver report: `loss` 0..1 since the last one, `estimate` bit/s of REMB or None."""
        if self.target not in ladder:
            return self.keep(ladder, now_s)
        self._losses.append(loss)
        if now_s - self._judged_s < JUDGED_EVERY_S:
            return Advice.STAY
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        self._judged_s = now_s
        return self._judge(loss, estimate, ladder, rates, now_s)

    def _judge(
        self, loss: float, estimate: int | None, ladder: Sequence[str], rates: Sequence[int], now_s: float
    ) -> Advice:
        """What a second's loss and the newest estimate say."""
        rung = ladder.index(self.target)
        if self._hopeless(loss, rung == len(ladder) - 1, now_s):
            return Advice.GOODBYE
        if self.pinned in ladder or now_s - self._changed_s < SETTLE_S:
            return Advice.STAY
        self._light_losses = self._light_losses + 1 if loss >= LIGHT_LOSS else 0
        short = estimate is not None and 0 < estimate < rates[rung] * REMB_HEADROOM
        self._low_estimates = self._low_estimates + 1 if short else 0
        if loss > QUIET_LOSS or short:
            self._quiet_since_s = None
        elif self._quiet_since_s is None:
            self._quiet_since_s = now_s
        if loss >= HEAVY_LOSS or self._light_losses >= 3 or self._low_estimates >= LOW_ESTIMATES:
            return self._down(rung, estimate, ladder, rates, now_s)
        return self._up(rung, ladder, now_s)

    def _hopeless(self, loss: float, lowest: bool, now_s: float) -> bool:
        if not lowest or loss < HOPELESS_LOSS:
            self._hopeless_since_s = None
            return False
        if self._hopeless_since_s is None:
            self._hopeless_since_s = now_s
        return now_s - self._hopeless_since_s >= HOPELESS_S

    def _down(
        self, rung: int, estimate: int | None, ladder: Sequence[str], rates: Sequence[int], now_s: float
    ) -> Advice:
        lower = rung + 1
        while estimate and lower < len(ladder) - 1 and rates[lower] > estimate:
            lower += 1
        if lower >= len(ladder):
            return Advice.STAY
        failed = now_s - self._up_s < TRIAL_S
        self._up_after_s = min(self._up_after_s * 2, UP_AFTER_MAX_S) if failed else UP_AFTER_S
        return self._go(ladder[lower], now_s)

    def _up(self, rung: int, ladder: Sequence[str], now_s: float) -> Advice:
        if rung == 0 or self._quiet_since_s is None or now_s - self._quiet_since_s < self._up_after_s:
            return Advice.STAY
        self._up_s = now_s
        return self._go(ladder[rung - 1], now_s)

    def _go(self, name: str, now_s: float) -> Advice:
        self.target = name
        self._changed_s = now_s
        self._quiet_since_s = None
        self._light_losses = self._low_estimates = 0
        return Advice.CHANGE
