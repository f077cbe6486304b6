"""Whether more would get through: packets sent a second time, at a rising rate, while loss and delay are watched.

A browser's own estimate cannot say it (see `layers.py`). What is sent again goes on the RTX stream, where the receiver
drops it as a duplicate, and repairs what was lost by chance; so a probe that fails costs no picture. Pure.
"""

from __future__ import annotations

from typing import Final

from webinar.base.rtc.rtcp import ReportBlock

RAMP_S: Final = 1.5  # to the whole rate: a slow line's queue grows slowly enough to be seen before it hurts
PROBE_S: Final = 3.5
GIVE_UP_S: Final = 6.0  # without enough reports by then
REPORTS: Final = 2
MARGIN: Final = 1.15  # above the next rung's mean rate
STEP_S: Final = 0.1  # of sending at most at a time
MAX_QUEUE_S: Final = 0.12  # of round trip above the best one before, in `STEADY` reports in a row over this long:
STEADY: Final = 3
STEADY_S: Final = 0.35  # jitter of a moment stands in every report of that moment, and there may be 40 a second
MORE_LOSS: Final = 0.05  # than before
SUDDEN_LOSS: Final = 0.20
ENOUGH: Final = 20  # packets for a fraction to mean anything


class Probe:
    """One try. `current` and `goal` are bit/s, `loss` and `round_trip_s` what is usual on this way."""

    def __init__(self, current: int, goal: int, loss: float, round_trip_s: float | None, now_s: float) -> None:
        self._extra = max(goal * MARGIN - current, 0.0)
        self._usual_loss = loss
        self._usual_s = round_trip_s
        self._due = 0.0  # bytes
        self._began_s = self._stepped_s = now_s
        # Highest sequence number and packets lost of the RTX stream.
        self._first: tuple[int, int] | None = None
        self._newest = (0, 0)
        self._losses: list[tuple[float, int]] = []  # packets lost, packets
        self._late: list[float] = []  # when the late reports came that are the newest

    def budget(self, now_s: float) -> int:
        """Bytes to send now on top of the media; call it at every frame, and then `spent`."""
        share = min((now_s - self._began_s) / RAMP_S, 1.0)
        step_s = min(now_s - self._stepped_s, STEP_S)
        self._stepped_s = now_s
        self._due += self._extra * share * step_s / 8
        return max(int(self._due), 0)

    def spent(self, size: int) -> None:
        """Bytes that were sent of the budget: whole packets, so often more. What could not be sent is let go."""
        self._due = min(self._due - size, self._extra * STEP_S / 8)

    def expired(self, now_s: float) -> bool:
        """Nothing was heard that would settle it."""
        return now_s - self._began_s >= GIVE_UP_S

    def again(self, block: ReportBlock) -> None:
        """A report on the RTX stream."""
        if self._first is None:
            self._first = (block.highest_sequence, block.total_lost)
        self._newest = (block.highest_sequence, block.total_lost)

    def report(self, loss: float, packets: int, round_trip_s: float | None, now_s: float) -> bool | None:
        """A report on `packets` of the picture. True: it got through. False: it did not. None: go on."""
        if packets:
            self._losses.append((loss * packets, packets))
        if round_trip_s is not None and self._usual_s is not None:
            late = round_trip_s - self._usual_s > MAX_QUEUE_S
            self._late = [*self._late, now_s] if late else []
        if len(self._late) >= STEADY and now_s - self._late[0] >= STEADY_S:
            return False
        lost, expected = self._repeated()
        again = lost / expected if expected >= ENOUGH else 0.0
        if max(again, self._share(ENOUGH)) >= self._usual_loss + SUDDEN_LOSS:
            return False
        took_s = now_s - self._began_s
        if took_s < PROBE_S:
            return None
        if len(self._losses) < REPORTS:
            return None
        return max(again, self._share(None)) < self._usual_loss + MORE_LOSS

    def _share(self, least: int | None) -> float:
        """Of the newest packets that were lost: of `least` at least, or of all."""
        lost = packets = 0.0
        for n, (some, of) in enumerate(reversed(self._losses)):
            lost, packets = lost + some, packets + of
            if least is not None and packets >= least and n > 0:
                return lost / packets
        return lost / packets if packets and least is None else 0.0

    def _repeated(self) -> tuple[int, int]:
        """(lost, expected) on the RTX stream since its first report."""
        if self._first is None:
            return 0, 0
        return self._newest[1] - self._first[1], self._newest[0] - self._first[0]
