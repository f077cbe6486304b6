"""Applause of a room: counted, not listed, not logged. Pure: the caller brings the clock.

What this process took goes out three ways, each in its own time: to its members and to the other processes (once a
second), and to the totals a minute in the database.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Final

from chat import wire
from chat.limits import Window

LIMIT: Final = (5, 2.0)  # of one person, in so many seconds; what is above is dropped without a word
_MAX_MINUTES: Final = 60  # of totals that could not be written yet

Totals = Counter[tuple[dt.datetime, str]]


class Reactions:
    """Of one room in one process."""

    def __init__(self) -> None:
        self._rate = Window(*LIMIT)
        self._to_show: Counter[str] = Counter()
        self._to_tell: Counter[str] = Counter()
        self._to_write: Totals = Counter()

    def take(self, person: str, kind: str, now: float, at: dt.datetime) -> bool:
        """One of a member here; False when it is one too many. `now`: seconds, monotonic; `at`: its moment, UTC."""
        if self._rate.wait(person, now):
            return False
        self._rate.count(person, now)
        self._to_show[kind] += 1
        self._to_tell[kind] += 1
        self._to_write[at.replace(second=0, microsecond=0), kind] += 1
        return True

    def hear(self, counts: Mapping[str, int]) -> None:
        """Those that another process took."""
        self._to_show.update({kind: count for kind, count in counts.items() if kind in wire.KINDS_OF_REACTION})

    def forget_idle(self, now: float) -> None:
        self._rate.forget_idle(now)

    def to_show(self) -> dict[str, int]:
        """What members have not been shown; empty when there is nothing."""
        counts, self._to_show = dict(self._to_show), Counter()
        return counts

    def to_tell(self) -> dict[str, int]:
        """What other processes have not been told."""
        counts, self._to_tell = dict(self._to_tell), Counter()
        return counts

    def to_write(self) -> Totals:
        """What has to be added to the totals: by minute and kind. `put_back` when that failed."""
        totals, self._to_write = self._to_write, Counter()
        return totals

    def put_back(self, totals: Totals) -> int:
        """Returns how many were dropped, of the oldest minutes, because there are too many to keep."""
        self._to_write.update(totals)
        minutes = sorted({minute for minute, _ in self._to_write})
        kept = set(minutes[-_MAX_MINUTES:])
        dropped = Counter({key: count for key, count in self._to_write.items() if key[0] not in kept})
        self._to_write -= dropped
        return dropped.total()
