"""What was said in a room before: out of memory when it is there, else out of the log, and as it looks now."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from chat.entry import Entry
from chat.room import PAGE_BYTES, Room
from chat.store import Store


def oldest(events: Sequence[bytes]) -> list[bytes]:
    """The first of them, as many as one frame may hold, and at least one."""
    size = 0
    for number, event in enumerate(events):
        size += len(event)
        if number and size > PAGE_BYTES:
            return list(events[:number])
    return list(events)


def newest(events: Sequence[bytes]) -> list[bytes]:
    """The last of them, likewise."""
    return oldest(events[::-1])[::-1]


class Recall:
    """Of one room. What is more than a frame holds is left for the next page. Every method raises `StoreDown` when it
    needs the log and cannot reach it.
    """

    def __init__(self, event_id: uuid.UUID, room: Room[Any], store: Store) -> None:
        self._event_id, self._room, self._store = event_id, room, store

    async def entry(self, seq: int) -> Entry | None:
        """One entry of the log, out of memory when it is there. Raises `StoreDown`."""
        for event in self._room.slice(seq - 1, seq):
            return event.entry
        return await self._store.entry(self._event_id, seq) if 0 < seq < self._room.oldest else None

    async def said(self, person: str, cid: str) -> Entry | None:
        """What this person stored under that `cid`, perhaps in another process. Raises `StoreDown`."""
        return await self._store.said(self._event_id, person, cid)

    async def before(self, seq: int, limit: int, *, staff: bool) -> list[bytes]:
        """Events below `seq` as they look now, out of memory when they are there. Raises `StoreDown`."""
        seq = min(seq, self._room.last + 1)
        first = seq - limit
        if first >= self._room.oldest or self._room.oldest == 1:
            return newest([event.data[staff] for event in self._room.slice(max(0, first - 1), seq - 1)])
        return newest(self._look(await self._store.before(self._event_id, seq, limit), staff))

    async def after(self, seq: int, limit: int, *, staff: bool) -> list[bytes]:
        """The first events after `seq`, likewise. Raises `StoreDown`."""
        if seq >= self._room.oldest - 1:
            return oldest([event.data[staff] for event in self._room.slice(seq, seq + limit)])
        return oldest(self._look(await self._store.since(self._event_id, seq, limit), staff))

    async def until(self, moment: dt.datetime, limit: int, *, staff: bool) -> list[bytes]:
        """The last events of that moment or before. Raises `StoreDown`."""
        return newest(self._look(await self._store.until(self._event_id, moment, limit), staff))

    def _look(self, entries: Sequence[Entry], staff: bool) -> list[bytes]:
        # Only what the state has taken: of a later one it cannot say how it looks.
        return [self._room.state.encode(entry)[staff] for entry in entries if entry.seq <= self._room.last]
