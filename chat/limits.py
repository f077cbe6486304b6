"""Who may do how much in what time. Pure: the caller brings the clock (seconds, monotonic)."""

from __future__ import annotations

from collections import deque


class TokenBucket:
    """Lets `rate` a second through on average, `burst` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, now

    def take(self, now: float) -> float:
        """0.0 when this one may pass, else the seconds until the next one could."""
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) / self._rate


class Pause:
    """How long each of many people has to wait after they said something (slow mode)."""

    _LONGEST = 120.0

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def wait(self, person: str, seconds: float, now: float) -> float:
        """Seconds until they may again, 0.0 for at once."""
        said = self._said.get(person)
        return 0.0 if said is None else max(0.0, said + seconds - now)

    def note(self, person: str, now: float) -> None:
        self._said[person] = now

    def forget(self, person: str) -> None:
        """What they said was not taken."""
        self._said.pop(person, None)

    def forget_idle(self, now: float) -> None:
        """Drops those whom no pause can concern any more."""
        for person in [person for person, said in self._said.items() if said <= now - self._LONGEST]:
            del self._said[person]


class Window:
    """At most `count` in any `seconds`, by each of many people. Remembers nobody longer than that."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._times: dict[str, deque[float]] = {}

    def wait(self, person: str, now: float) -> float:
        """0.0 when `person` may, else the seconds until then. Does not count."""
        times = self._times.get(person)
        if times is None:
            return 0.0
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if not times:
            del self._times[person]
            return 0.0
        return 0.0 if len(times) < self._count else times[0] + self._seconds - now

    def count(self, person: str, now: float) -> None:
        self._times.setdefault(person, deque(maxlen=self._count)).append(now)

    def forget_idle(self, now: float) -> None:
        """Drops those whose window has passed."""
        for person in [p for p, times in self._times.items() if not times or times[-1] <= now - self._seconds]:
            del self._times[person]

    def __len__(self) -> int:
        return len(self._times)
