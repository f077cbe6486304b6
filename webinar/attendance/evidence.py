"""What this process itself saw of people: their players asked it something. Beside what browsers tell, never instead.

Kept in memory until it is written, and while PostgreSQL is away. A person is one span until they fall silent.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter

from webinar.attendance.intervals import Spans, union

# Players ask at least every 25 s.
_SILENT: Final = timedelta(seconds=40)
_MOST_PEOPLE: Final = 20_000
_MOST_SPANS: Final = 200  # of one person between two writes

FORGOTTEN: Final = Counter("webinar_attendance_seen_forgotten_total", "People whose evidence found no room")


class Evidence:
    """One a process; bounded, who was heard of longest ago is forgotten first."""

    def __init__(self) -> None:
        self._open: OrderedDict[uuid.UUID, tuple[datetime, datetime]] = OrderedDict()
        self._closed: dict[uuid.UUID, Spans] = {}
        self._news: set[uuid.UUID] = set()

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._news)

    def saw(self, person: uuid.UUID, now: datetime) -> None:
        known = self._open.pop(person, None)
        if known is None or now - known[1] > _SILENT:
            if known is not None and known[0] < known[1]:
                self._close(person, (known,))
            known = (now, now)
        self._open[person] = (known[0], max(known[1], now))
        self._news.add(person)
        if len(self._open) > _MOST_PEOPLE:
            forgotten, _ = self._open.popitem(last=False)
            self._closed.pop(forgotten, None)
            self._news.discard(forgotten)
            FORGOTTEN.inc()

    def _close(self, person: uuid.UUID, spans: Spans) -> None:
        self._closed[person] = union(self._closed.get(person, ()), spans)[-_MOST_SPANS:]

    def take(self) -> dict[uuid.UUID, Spans]:
        """What is new. The caller writes it, or gives it back."""
        found = {}
        for person in self._news:
            spans = union(self._closed.pop(person, ()), (self._open[person],))
            if spans:
                found[person] = spans
        self._news.clear()
        return found

    def give_back(self, taken: Mapping[uuid.UUID, Spans]) -> None:
        """It could not be written."""
        for person, spans in taken.items():
            if person in self._open:
                self._close(person, spans)
                self._news.add(person)
