"""Entries of a log, for tests of what is folded from them."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

from chat.entry import Entry

START = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


class Log:
    """Numbers what it is given, a second after each other."""

    def __init__(self) -> None:
        self._seqs = itertools.count(1)
        self.entries: list[Entry] = []

    def add(self, type_: str, person: str = "ann", role: str = "attendee", **content: Any) -> Entry:
        seq = next(self._seqs)
        at = START + dt.timedelta(seconds=seq)
        cid = str(uuid.UUID(int=seq))
        entry = Entry(seq, type_, at, cid, person, {"name": person.title(), "role": role, **content})
        self.entries.append(entry)
        return entry
