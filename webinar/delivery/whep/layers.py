"""Which rendition a viewer gets: a pure rule fed with what its receiver reports say.

Start at the top. Down at once on heavy loss, when its own estimate (REMB) falls below what we send, or when a queue
builds up on its way; up one step after quiet time and a probe (`probe.py`) that went well. A probe or a step that goes
wrong doubles the quiet time until the next, up to a minute.

REMB cannot lead upwards: a browser's estimate never exceeds 1.5 times what it receives and grows by 8 % a second at
most. So a low one says nothing, and one that *fell* says that the network was overused.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

AUDIO_ONLY: Final = "audio"  # what a player pins for no picture at all

# Browsers report up to five times a second, and a fifth of a second says little: reports are judged a second at a time.
JUDGED_EVERY_S: Final = 0.9
ALARM_LOSS: Final = 0.25  # over two reports and this long:
ALARM_AFTER_S: Final = 0.35
HEAVY_LOSS: Final = 0.10  # one second is enough
LIGHT_LOSS: Final = 0.05  # four in a row: retransmission repairs less than that
LIGHT_LOSSES: Final = 4
LOW_ESTIMATES: Final = 3  # in a row
QUEUE_SEEN_S: Final = 0.1  # jitter alone lowers a browser's estimate as well: a queue must be seen beside it
REMB_HEADROOM: Final = 0.8
REMB_SHORT: Final = 0.6  # so far below counts twice
REMB_FALL: Final = 0.97
QUEUE_S: Final = 0.4  # of round trip above the best one: that is a queue, not jitter
QUEUED: Final = 2  # seconds in a row
ROUND_TRIP_DRIFT_S: Final = 0.002  # a second: a longer route is believed after some minutes
QUIET_LOSS: Final = 0.05  # on average; the probe tells loss by chance from loss by crowding
LOSS_SMOOTHING: Final = 0.2
SETTLE_S: Final = 2.5  # after a change reports still speak of before
ALARM_SETTLE_S: Final = 1.2  # but not longer than this when nothing gets through
UP_AFTER_S: Final = 8.0
UP_AFTER_MAX_S: Final = 60.0
TRIAL_S: Final = 10.0  # a step down so soon after a step up was the step's fault
HOPELESS_LOSS: Final = 0.30
HOPELESS_S: Final = 12.0


class Advice(enum.StrEnum):
    STAY = "stay"
    CHANGE = "change"  # to `target`, at its next IDR
    DROP = "drop"  # to `target`, and stop at once what is being sent: it does not get through
    PROBE = "probe"  # find out whether the rung above would get through, and call `probed`
    GOODBYE = "goodbye"  # even the lowest rung does not get through


@dataclass(frozen=True, slots=True)
class Report:
    """What one RTCP compound says of the picture. `estimate` in bit/s of REMB, `round_trip_s` of LSR and DLSR."""

    loss: float  # since the last one; below 0 when packets came late that were lost to that one
    estimate: int | None = None
    round_trip_s: float | None = None
    packets: int = 1  # that `loss` is a share of


class LayerChooser:
    """State of one viewer. `ladder` is always names top first; `rates` their measured bit/s in the same order."""

    def __init__(self) -> None:
        self.target = ""
        self.pinned = ""
        self.loss = 0.0  # smoothed
        self.round_trip_s: float | None = None  # the best one
        self._video = ""  # the rung before AUDIO_ONLY
        self._quiet_since_s: float | None = None
        self._changed_s = float("-inf")
        self._up_s = float("-inf")
        self._up_after_s = UP_AFTER_S
        self._trying = False  # a step up was taken and is not proven yet
        self._light_losses = 0
        self._low_estimates = 0
        self._queued = 0
        self._hopeless_since_s: float | None = None
        self._losses: list[tuple[float, int]] = []  # reported since `_judged_s`, with the packets
        self._round_trips: list[float] = []
        self._judged_s = float("-inf")
        self._estimate: int | None = None
        self._fell = False  # since the last change, and not risen above what is sent

    def start(self, ladder: Sequence[str]) -> str:
        """The first rung, or the one to go on with after a pause. `ladder` has one at least."""
        if self.pinned == AUDIO_ONLY:
            return AUDIO_ONLY
        again = self.target if self.target in ladder else ladder[0]
        self.target = self.pinned if self.pinned in ladder else again
        return self.target

    def pin(self, name: str, ladder: Sequence[str], now_s: float) -> Advice:
        """The player chooses a rung itself or `AUDIO_ONLY`; an empty name gives the choice back."""
        self.pinned = name
        if name == AUDIO_ONLY and self.target != AUDIO_ONLY:
            self._video = self.target
            return self._go(AUDIO_ONLY, now_s)
        if name in ladder and name != self.target:
            return self._go(name, now_s)
        if self.target == AUDIO_ONLY != name and ladder:
            return self._go(self._video if self._video in ladder else ladder[0], now_s)
        return Advice.STAY

    def keep(self, ladder: Sequence[str], now_s: float) -> Advice:
        """Call when the ladder changed: a viewer of a rung that is no more takes the top one that is."""
        if not ladder or self.pinned == AUDIO_ONLY:
            return Advice.STAY
        if self.pinned in ladder:
            return self._go(self.pinned, now_s) if self.target != self.pinned else Advice.STAY
        return Advice.STAY if self.target in ladder else self._go(ladder[0], now_s)

    def relieve(self, ladder: Sequence[str], now_s: float) -> Advice:
        """The server cannot keep up: one rung down, unless the viewer was changed just now or is at the bottom."""
        if self.pinned in ladder or self.target not in ladder or now_s - self._changed_s < SETTLE_S:
            return Advice.STAY  # of a choice of the player's own nothing would bring it up again
        return self._down(ladder.index(self.target), None, ladder, (), now_s)

    def report(self, report: Report, ladder: Sequence[str], rates: Sequence[int], now_s: float) -> Advice:
        """A receiver report."""
        if self.target not in ladder:
            return self.keep(ladder, now_s)
        if not self._losses and now_s - self._judged_s > 2 * JUDGED_EVERY_S:
            self._judged_s = now_s - JUDGED_EVERY_S  # the first one, or the first for long
        rung = ladder.index(self.target)
        self._take(report, rates[rung])
        packets = sum(packets for _, packets in self._losses)
        loss = max(sum(loss * packets for loss, packets in self._losses) / max(packets, 1), 0.0)
        since_s = now_s - self._judged_s
        alarm = since_s >= ALARM_AFTER_S and len(self._losses) > 1 and loss >= ALARM_LOSS
        if since_s < JUDGED_EVERY_S and not alarm:
            return Advice.STAY
        worst, queue_s = max(loss for loss, _ in self._losses), self._queue_s()
        self._losses.clear()
        self._judged_s = now_s
        if alarm and not self.pinned and now_s - self._changed_s >= ALARM_SETTLE_S:
            estimate = round(rates[rung] * (1 - worst))
            if self._estimate is not None and self._fell:
                estimate = min(estimate, self._estimate)
            advice = self._down(rung, estimate, ladder, rates, now_s, drop=True)
            if advice is not Advice.STAY:
                return advice
        return self._judge(loss, queue_s, rung, ladder, rates, now_s)

    def probed(self, good: bool, ladder: Sequence[str], now_s: float) -> Advice:
        """What came of the probe that `Advice.PROBE` asked for."""
        self._quiet_since_s = None
        if not good:
            self._up_after_s = min(self._up_after_s * 2, UP_AFTER_MAX_S)
            return Advice.STAY
        if self.pinned or self.target not in ladder[1:]:
            return Advice.STAY
        self._up_s, self._trying = now_s, True
        return self._go(ladder[ladder.index(self.target) - 1], now_s)

    def _take(self, report: Report, rate: int) -> None:
        self._losses.append((report.loss, report.packets))
        if report.round_trip_s is not None:
            self._round_trips.append(report.round_trip_s)
            self.round_trip_s = min(report.round_trip_s, self.round_trip_s or report.round_trip_s)
        if report.estimate is not None:
            if self._estimate is not None and report.estimate < self._estimate * REMB_FALL:
                self._fell = True
            if report.estimate >= rate * REMB_HEADROOM:
                self._fell = False
        self._estimate = report.estimate

    def _queue_s(self) -> float:
        """How much longer than the best round trip the best one of the last second was."""
        if not self._round_trips or self.round_trip_s is None:
            return 0.0
        queue_s = min(self._round_trips) - self.round_trip_s
        self._round_trips.clear()
        self.round_trip_s += ROUND_TRIP_DRIFT_S
        return queue_s

    def _judge(
        self, loss: float, queue_s: float, rung: int, ladder: Sequence[str], rates: Sequence[int], now_s: float
    ) -> Advice:
        """What a second's loss and delay and the newest estimate say."""
        self.loss += (loss - self.loss) * LOSS_SMOOTHING
        if self._hopeless(loss, rung == len(ladder) - 1, now_s):
            return Advice.GOODBYE
        if self.pinned in ladder or not self._settled(now_s):
            return Advice.STAY
        queue_seen = queue_s >= QUEUE_SEEN_S or self.round_trip_s is None
        estimate = self._estimate if self._fell and queue_seen else None
        if self._trying and now_s - self._up_s >= TRIAL_S:  # the step up was a good one
            self._trying = False
            self._up_after_s = UP_AFTER_S
        self._light_losses = self._light_losses + 1 if loss >= LIGHT_LOSS else 0
        weight = 2 if estimate is not None and estimate < rates[rung] * REMB_SHORT else 1
        self._low_estimates = self._low_estimates + weight if estimate is not None else 0
        self._queued = self._queued + 1 if queue_s >= QUEUE_S else 0
        if self.loss > QUIET_LOSS or estimate is not None or self._queued:
            self._quiet_since_s = None
        elif self._quiet_since_s is None:
            self._quiet_since_s = now_s
        if loss >= ALARM_LOSS and estimate is None:
            estimate = round(rates[rung] * (1 - loss))
        if (
            loss >= HEAVY_LOSS
            or self._light_losses >= LIGHT_LOSSES
            or self._low_estimates >= LOW_ESTIMATES
            or self._queued >= QUEUED
        ):
            drop = loss >= ALARM_LOSS or self._queued >= QUEUED
            return self._down(rung, estimate, ladder, rates, now_s, drop=drop)
        waited = self._quiet_since_s is not None and now_s - self._quiet_since_s >= self._up_after_s
        return Advice.PROBE if rung > 0 and waited else Advice.STAY

    def _settled(self, now_s: float) -> bool:
        return now_s - self._changed_s >= SETTLE_S

    def _hopeless(self, loss: float, lowest: bool, now_s: float) -> bool:
        if not lowest or loss < HOPELESS_LOSS:
            self._hopeless_since_s = None
            return False
        if self._hopeless_since_s is None:
            self._hopeless_since_s = now_s
        return now_s - self._hopeless_since_s >= HOPELESS_S

    def _down(
        self,
        rung: int,
        estimate: int | None,
        ladder: Sequence[str],
        rates: Sequence[int],
        now_s: float,
        *,
        drop: bool = False,
    ) -> Advice:
        lower = rung + 1
        while estimate and lower < len(ladder) - 1 and rates[lower] > estimate:
            lower += 1
        if lower >= len(ladder):
            return Advice.STAY
        if self._trying and now_s - self._up_s < TRIAL_S:
            self._up_after_s = min(self._up_after_s * 2, UP_AFTER_MAX_S)
        self._trying = False
        self._go(ladder[lower], now_s)
        return Advice.DROP if drop else Advice.CHANGE

    def _go(self, name: str, now_s: float) -> Advice:
        self.target = name
        self._changed_s = now_s
        self._quiet_since_s = None
        self._light_losses = self._low_estimates = self._queued = 0
        self._fell = False
        self.loss = 0.0
        return Advice.CHANGE
