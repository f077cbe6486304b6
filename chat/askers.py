"""Who asked which question, for as long as this process lives: known nowhere else, written down nowhere. Pure.

A moderator who has enough of an anonymous asker names the question; the process that took it knows whom that is for. Of
an asker who is muted so nothing shows but to themselves: neither the log nor the list of people says it, or the one
would lead to the other. After a restart nobody knows any more.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

_MOST_ASKED: Final = 1000  # questions, as many as a room keeps
_MOST_MUTED: Final = 1000


class Askers:
    def __init__(self) -> None:
        self._of: OrderedDict[int, str] = OrderedDict()
        self._until: OrderedDict[str, dt.datetime] = OrderedDict()

    def asked(self, seq: int, person: str) -> None:
        """The first who is told of a question is who asked it."""
        self._of.setdefault(seq, person)
        if len(self._of) > _MOST_ASKED:
            self._of.popitem(last=False)

    def of(self, seq: int) -> str | None:
        return self._of.get(seq)

    def mute(self, person: str, until: dt.datetime) -> None:
        """The last order holds."""
        self._until.pop(person, None)
        self._until[person] = until
        if len(self._until) > _MOST_MUTED:
            self._until.popitem(last=False)

    def muted_until(self, person: str, now: dt.datetime) -> dt.datetime | None:
        """None when this person may ask."""
        until = self._until.get(person)
        return until if until is not None and until > now else None

    def muted(self, now: dt.datetime) -> Iterable[tuple[str, dt.datetime]]:
        """All whom it holds for; the others are forgotten."""
        for person in [person for person, until in self._until.items() if until <= now]:
            del self._until[person]
        return list(self._until.items())
