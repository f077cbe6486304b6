"""How much the publisher may send: estimated from the trend of the delay (REMB, draft-alvestrand-rmcat-remb-03).

The trend filter and the overuse detector are aiortc's (they follow draft-ietf-rmcat-gcc-02, sections 5.2-5.4). The
rate is ours: aiortc's knows nothing before 3 s, has no ceiling, and shrinks with a still picture that needs little.
The detector takes jitter for a growing queue and a full queue for none, so it is believed only together with how long
packets wait: in a queue even the luckiest one does.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from aiortc.rate import (
    INTER_ARRIVAL_SHIFT,
    TIMESTAMP_GROUP_LENGTH_MS,
    TIMESTAMP_TO_MS,
    BandwidthUsage,
    InterArrival,
    OveruseDetector,
    OveruseEstimator,
)

from ingest.accept.sequence import Unwrapper
from ingest.accept.statistics import SecondRate

FLOOR: Final = 250_000  # bit/s: less carries no picture worth showing
_GROW: Final = 1.08  # a second, near what was too much
_GROW_FAST: Final = 1.2  # a second, when nothing was too much for `_CALM_S`
_CALM_S: Final = 3.0
# For so long after a cut, what nobody sends is not promised: the way was narrower than that.
_UNPROVEN_S: Final = 30.0
_BEYOND: Final = 1.5  # times what comes
_CUT: Final = 0.85
# At most this much at once: a short stall of a still picture says little about what the way can carry.
_CUT_MOST: Final = 0.7
# The queue is still full after that: the way has become narrow. Less would keep the picture frozen for seconds.
_CUT_MORE: Final = 0.5
_IN_A_ROW_S: Final = 1.0
_CUT_EVERY_S: Final = 0.3
_OUTAGE_S: Final = 2.0
_HOLD_S: Final = 1.0  # after a cut, until it may grow again


# Packets that wait less than this stand in no queue; longer than that, in one that does not shrink by itself.
_NO_QUEUE_S: Final = 0.025
_FULL_QUEUE_S: Final = 0.1
_RECENT_S: Final = 0.1  # a bucket of the least delay; the last three count
_BASE_S: Final = 1.0
_BASE_BUCKETS: Final = 30  # the way itself may become longer


class _Queue:
    """How long packets wait on the way: the least delay of the last moments over the least of the last half minute."""

    def __init__(self) -> None:
        self._sent = Unwrapper(24)
        self._recent: deque[tuple[int, float]] = deque(maxlen=3)
        self._base: deque[tuple[int, float]] = deque(maxlen=_BASE_BUCKETS)

    def add(self, send_time: int, now: float) -> float:
        """A packet with its abs-send-time; the wait, s."""
        delay = now - self._sent.unwrap(send_time) / (1 << 18)
        for buckets, length in ((self._recent, _RECENT_S), (self._base, _BASE_S)):
            number = int(now / length)
            if buckets and buckets[-1][0] == number:
                buckets[-1] = (number, min(buckets[-1][1], delay))
            else:
                buckets.append((number, delay))
        return min(least for _, least in self._recent) - min(least for _, least in self._base)


class _Filters:
    """aiortc's three stages, from one packet to whether the queue grows."""

    def __init__(self) -> None:
        self._arrivals = InterArrival((TIMESTAMP_GROUP_LENGTH_MS << INTER_ARRIVAL_SHIFT) // 1000, TIMESTAMP_TO_MS)
        self._trend = OveruseEstimator()
        self._detector = OveruseDetector()

    def add(self, send_time: int, size: int, now_ms: int) -> BandwidthUsage:
        deltas = self._arrivals.compute_deltas(send_time << 8, now_ms, size)
        if deltas is not None:
            sent_ms = deltas.timestamp * TIMESTAMP_TO_MS
            self._trend.update(deltas.arrival_time, sent_ms, deltas.size, self._detector.state(), now_ms)
            self._detector.detect(self._trend.offset(), sent_ms, self._trend.num_of_deltas(), now_ms)
        return self._detector.state()


class DelayEstimate:
    """Bits a second the way from the publisher carries without a growing queue. Pure: the time comes in."""

    def __init__(self, start: int, cap: int) -> None:
        self._cap = cap
        self._estimate = float(min(start, cap))
        self._filters = _Filters()
        self._queue = _Queue()
        self._heard_at: float | None = None
        self._incoming = SecondRate()
        self._grown_at: float | None = None
        self._cut_at: float | None = None
        self.cuts = 0

    @property
    def bitrate(self) -> int:
        return int(self._estimate)

    def add(self, send_time: int, size: int, now: float) -> bool:
        """A packet of `size` bytes with its abs-send-time (24 bits, 6.18 s); true when the estimate was just cut."""
        now_ms = int(now * 1000)
        self._incoming.add(size * 8, now)
        if self._heard_at is not None and now - self._heard_at > _OUTAGE_S:
            # Send times wrap every 64 s: after a long silence older and newer cannot be told apart.
            self._filters, self._queue = _Filters(), _Queue()
        self._heard_at = now
        growing = self._filters.add(send_time, size, now_ms) is BandwidthUsage.OVERUSING
        return self._update(growing, self._queue.add(send_time, now), now)

    def _update(self, growing: bool, waits_s: float, now: float) -> bool:
        if self._grown_at is None:
            self._grown_at = now
        if waits_s > (_NO_QUEUE_S if growing else _FULL_QUEUE_S):
            self._grown_at = now
            if self._cut_at is not None and now - self._cut_at < _CUT_EVERY_S:
                return False
            before = self._estimate
            carried = self._incoming.value(now) or self._estimate
            again = waits_s > _FULL_QUEUE_S and self._cut_at is not None and now - self._cut_at < _IN_A_ROW_S
            most = _CUT_MORE if again else _CUT_MOST
            self._estimate = max(FLOOR, most * before, min(before, _CUT * carried))
            self._cut_at = now
            self.cuts += 1
            return self._estimate < before
        calm_s = now - self._cut_at if self._cut_at is not None else _HOLD_S
        if waits_s <= _NO_QUEUE_S and calm_s >= _HOLD_S:
            growth = _GROW_FAST if calm_s >= _CALM_S else _GROW
            grown = min(self._cap, self._estimate * growth ** min(1.0, now - self._grown_at))
            if self._cut_at is not None and calm_s < _UNPROVEN_S:
                grown = min(grown, _BEYOND * self._incoming.value(now))
            self._estimate = max(self._estimate, grown)
        self._grown_at = now
        return False
