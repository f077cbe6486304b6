"""Large frames go out in slices: what arrives at once is lost at the end of a short queue, in a router or on Wi-Fi."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

GAP_S: Final = 0.004  # between the slices of one viewer; with at most five a frame (`packetizer`) 16 ms in all


class Sliced(Protocol):
    """What is needed of a stream."""

    def go_on(self) -> tuple[int, bool]:
        """Send the next slice: (packets sent, whether more wait)."""


class Pacer:
    """The streams with slices that wait, first come, first served. Each is here once at most, so it is bounded by them.

    Slices that are due come before the first slices of further viewers. So with many viewers the time in which one
    waits is the time in which others are sent to, and none is lost; with few, the sender rests.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[], None]) -> None:
        """`wake` is called when something waits where nothing did: by then the sender may be at rest."""
        self._clock = clock
        self._wake = wake
        self._waiting: deque[tuple[float, Sliced]] = deque()

    def add(self, stream: Sliced) -> None:
        """Its next slice is due in 4 ms."""
        if not self._waiting:
            self._wake()
        self._waiting.append((self._clock() + GAP_S, stream))

    def due_s(self) -> float | None:
        """Seconds until the next slice is due, not below 0; None when nothing waits."""
        return max(self._waiting[0][0] - self._clock(), 0.0) if self._waiting else None

    def send_due(self, budget: int) -> int:
        """Send slices that are due until `budget` packets are used up. Gives the packets sent."""
        sent, now_s = 0, self._clock()
        while self._waiting and sent < budget and self._waiting[0][0] <= now_s:
            _, stream = self._waiting.popleft()
            packets, more = stream.go_on()
            sent += packets
            if more:
                self.add(stream)
        return sent
