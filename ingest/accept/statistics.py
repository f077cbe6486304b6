"""Reception figures: what a receiver report says (RFC 3550, 6.4 and appendix A.3, A.8), and rates for people."""

from __future__ import annotations

from collections import deque

from webinar.base.rtc.rtcp import ReportBlock


class ReceptionStatistics:
    """Of one SSRC's own packets; retransmissions do not count. Pure: the time comes in."""

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._base: int | None = None
        self._highest = 0
        self._received = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._transit: float | None = None
        self._jitter = 0.0  # timestamp units
        self._sr_middle = 0
        self._sr_at: float | None = None

    @property
    def jitter_ms(self) -> float:
        return self._jitter / self._rate * 1000

    @property
    def expected(self) -> int:
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def received(self) -> int:
        return self._received

    def add(self, seq: int, timestamp: int, now: float) -> None:
        """One packet, with extended sequence number and timestamp."""
        if self._base is None:
            self._base = self._highest = seq
        self._received += 1
        self._highest = max(self._highest, seq)
        transit = now * self._rate - timestamp
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """Remembers the middle 32 bits of a report's NTP time, which the next report of ours sends back."""
        self._sr_middle = (ntp >> 16) & 0xFFFFFFFF
        self._sr_at = now

    def report(self, ssrc: int, now: float) -> ReportBlock:
        """The report block since the last call."""
        expected, received = self.expected - self._expected_prior, self._received - self._received_prior
        self._expected_prior, self._received_prior = self.expected, self._received
        lost = expected - received
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=lost / expected if expected > 0 and lost > 0 else 0.0,
            total_lost=self.expected - self._received,
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            last_sr=self._sr_middle if self._sr_at is not None else 0,
            delay=min(int((now - self._sr_at) * 65536), 0xFFFFFFFF) if self._sr_at is not None else 0,
        )


class SecondRate:
    """Amount a second over the last second, in 10 steps. Pure: the time comes in."""

    _STEP_S = 0.1

    def __init__(self) -> None:
        self._steps: deque[tuple[int, float]] = deque(maxlen=11)

    def add(self, amount: float, now: float) -> None:
        step = int(now / self._STEP_S)
        if self._steps and self._steps[-1][0] == step:
            self._steps[-1] = (step, self._steps[-1][1] + amount)
        else:
            self._steps.append((step, amount))

    def value(self, now: float) -> float:
        """Of the ten whole steps before this one."""
        step = int(now / self._STEP_S)
        return sum(amount for s, amount in self._steps if step - 10 <= s < step)
