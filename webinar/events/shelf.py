"""The host's list of events: by state and date, searched, counted."""

from __future__ import annotations

import uuid

from webinar.base import cursor as cursors
from webinar.base.db import Pool
from webinar.events.model import EventState, Page
from webinar.events.shelf_store import ShelfStore


class Shelf:
    """One a process. `search`: words of title or organizer; `made_by`: a host's own."""

    def __init__(self, pool: Pool) -> None:
        self._store = ShelfStore(pool)

    async def counts(self, *, search: str = "", made_by: uuid.UUID | None = None) -> dict[EventState, int]:
        """How many there are of each state; what was planned and never held counts among those that are over."""
        return await self._store.counts(search, made_by)

    async def listed(
        self,
        state: EventState,
        *,
        search: str = "",
        made_by: uuid.UUID | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Soonest first; of those that are over the latest first. Raises `BadRequest` for a wrong cursor."""
        after = None if cursor is None else cursors.read(cursor)
        found = await self._store.listed(state, search, made_by, after, limit + 1)
        items = tuple(found[:limit])
        return Page(items, cursors.write(items[-1].starts_at, items[-1].id) if len(found) > limit else None)

    async def dates(self, series: list[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
        """The ids of all events of these series, by date."""
        return await self._store.dates(series)
