"""When to try again what could not be stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

_FIRST_PAUSE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 900.0


class Patience:
    """What failed again is tried less and less often, for as long as it is there: an upload is gigabytes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: dict[Path, tuple[int, float]] = {}  # times in a row, when the next try is due

    def prune(self) -> None:
        """Forgets what is not there any more."""
        self._failed = {path: when for path, when in self._failed.items() if path.exists()}

    def holds(self, path: Path) -> bool:
        """Whether it is to be left alone just now."""
        return path in self._failed and self._clock() < self._failed[path][1]

    def failed(self, path: Path) -> float:
        """Seconds until the next try: with the next sweep, then a minute, two, … at most a quarter of an hour."""
        times = self._failed.get(path, (0, 0.0))[0] + 1
        pause_s = min(_FIRST_PAUSE_S * 2 ** (times - 2), _LONGEST_PAUSE_S) if times > 1 else 0.0
        self._failed[path] = times, self._clock() + pause_s
        return pause_s

    def done(self, path: Path) -> None:
        """It did not fail: what happens to it next time is new."""
        self._failed.pop(path, None)
