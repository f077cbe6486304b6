"""Entries of a log for tests, numbered from 1."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from chat.entry import Entry

START = dt.datetime(2026, 5, 1, 9, 0, tzinfo=dt.UTC)


class Log:
    """Grows one entry at a time."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, type_: str, by: str = "guest", role: str = "attendee", /, **content: Any) -> Entry:
        seq = len(self.entries) + 1
        at = START + dt.timedelta(seconds=seq)
        cid = str(uuid.UUID(int=seq))
        entry = Entry(seq, type_, at, cid, by, {"name": by.title(), "role": role, **content})
        self.entries.append(entry)
        return entry

    def say(self, body: str, person: str = "guest", **content: Any) -> Entry:
        return self.add("message", person, body=body, **content)

    def order(self, type_: str, target: Entry | None = None, /, **content: Any) -> Entry:
        """By a moderator; about an entry, if there is one."""
        if target is not None:
            content["target"] = target.seq
            if type_ in ("approve", "restore", "pin"):
                content["message"] = target.copy()
        return self.add(type_, "mod", "moderator", **content)
