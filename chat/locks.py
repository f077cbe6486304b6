"""Which moderator is looking at what, so that two do not decide the same. Pure; a lock binds nobody."""

from __future__ import annotations

from typing import Final

LIFE_S: Final = 30.0  # unless renewed
_MOST: Final = 5  # of one person: the oldest goes


class Locks:
    def __init__(self) -> None:
        self._held: dict[tuple[int, str], tuple[str, float]] = {}  # (target, person) → (name, until)

    def lock(self, target: int, person: str, name: str, now: float) -> bool:
        """Takes or renews; True when the list is another one now. `now`: s, monotonic."""
        known = self._held.pop((target, person), None)
        mine = [key for key in self._held if key[1] == person]
        for key in mine[: max(0, len(mine) + 1 - _MOST)]:
            del self._held[key]
        self._held[target, person] = (name, now + LIFE_S)
        return known is None

    def unlock(self, target: int, person: str) -> bool:
        return self._held.pop((target, person), None) is not None

    def leave(self, person: str) -> list[int]:
        """What this person held and gave up."""
        targets = [target for target, holder in self._held if holder == person]
        for target in targets:
            del self._held[target, person]
        return targets

    def expire(self, now: float) -> bool:
        """Drops those that were not renewed; True when there were any."""
        old = [key for key, (_, until) in self._held.items() if until <= now]
        for key in old:
            del self._held[key]
        return bool(old)

    def list(self) -> list[dict[str, object]]:
        return [{"target": t, "by": {"id": person, "name": name}} for (t, person), (name, _) in self._held.items()]
