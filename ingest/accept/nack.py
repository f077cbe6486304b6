"""Which packets to ask for again, and when (RFC 4585, 6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# A packet overtaken on the way is not lost yet.
REORDER_S: Final = 0.01
RETRY_S: Final = 0.1
GIVE_UP_S: Final = 1.0
# More at once is an outage: asking for it all would make it worse, a keyframe mends it in one go.
MISSING_LIMIT: Final = 200


@dataclass(slots=True)
class _Missing:
    since: float
    ask_at: float
    asked: bool = False


class NackTracker:
    """Holes in one stream's extended sequence numbers. Pure: the time comes in."""

    def __init__(self, retry_s: float = RETRY_S, give_up_s: float = GIVE_UP_S, limit: int = MISSING_LIMIT) -> None:
        self._retry_s = retry_s
        self._give_up_s = give_up_s
        self._limit = limit
        self._missing: dict[int, _Missing] = {}
        self._highest: int | None = None
        self.overflows = 0
        self.given_up = 0

    def received(self, seq: int, now: float) -> bool:
        """Takes note of a packet; true when it had been asked for again."""
        if self._highest is None:
            self._highest = seq
            return False
        if seq <= self._highest:
            missing = self._missing.pop(seq, None)
            return missing is not None and missing.asked
        hole = seq - self._highest - 1
        if hole + len(self._missing) > self._limit:
            self.overflows += 1
            self.given_up += hole + len(self._missing)
            self._missing.clear()
        elif hole:
            for number in range(self._highest + 1, seq):
                self._missing[number] = _Missing(now, now + REORDER_S)
        self._highest = seq
        return False

    def due(self, now: float) -> list[int]:
        """Sequence numbers to ask for now, ascending; each comes up again after `retry_s` until it is given up."""
        asked: list[int] = []
        for seq, missing in list(self._missing.items()):
            if now - missing.since > self._give_up_s:
                del self._missing[seq]
                self.given_up += 1
            elif now >= missing.ask_at:
                missing.ask_at = now + self._retry_s
                missing.asked = True
                asked.append(seq)
        return asked

    def forget_before(self, seq: int) -> None:
        """Nothing before `seq` is of use any more."""
        for useless in [s for s in self._missing if s < seq]:
            del self._missing[useless]
            self.given_up += 1

    def __len__(self) -> int:
        return len(self._missing)
