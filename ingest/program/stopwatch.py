"""How much of its time a thread is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ingest.program.clock import Clock


class Stopwatch:
    """Started and stopped by one thread, read by any: right to within a piece of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent_s = 0.0
        self._since_s: float | None = None  # of what is being done now

    @property
    def spent_s(self) -> float:
        """Seconds at work so far, what is being done now included."""
        since_s = self._since_s
        return self._spent_s + (0.0 if since_s is None else self._clock.now() - since_s)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts until the block is left, however."""
        started_s = self._since_s = self._clock.now()
        try:
            yield
        finally:
            self._since_s = None
            self._spent_s += self._clock.now() - started_s
