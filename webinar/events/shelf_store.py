"""SQL of the host's list of events: by where they stand and date, searched, counted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from webinar.base.db import Pool
from webinar.events.model import Event, EventState
from webinar.events.store import COLUMNS, event_of

# What was planned and never held is past, too.
_SHELF: Final = "case when state = 'scheduled' and ends_at < now() then 'ended' else state end"
_LIKE: Final = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


class ShelfStore:
    """Queries over one pool. `made_by`: only of that host; `search`: words of title or organizer."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def counts(self, search: str, made_by: uuid.UUID | None) -> dict[EventState, int]:
        rows = await self.pool.fetch(
            f"""
            select {_SHELF} as shelf, count(*) as events from event
            where (title ilike $1 or organizer ilike $1) and ($2::uuid is null or created_by = $2) group by shelf
            """,  # noqa: S608 - constant words
            _pattern(search),
            made_by,
        )
        return {EventState(row["shelf"]): row["events"] for row in rows}

    async def listed(
        self,
        state: EventState,
        search: str,
        made_by: uuid.UUID | None,
        after: tuple[datetime, uuid.UUID] | None,
        limit: int,
    ) -> list[Event]:
        """Soonest first; of those that are over the latest first. From behind `after` = (starts_at, id)."""
        down = state is EventState.ENDED
        order, behind = ("desc", "<") if down else ("asc", ">")
        rows = await self.pool.fetch(
            f"""
            select {COLUMNS} from event
            where {_SHELF} = $1 and (title ilike $2 or organizer ilike $2) and ($3::uuid is null or created_by = $3)
                and ($4::timestamptz is null or (starts_at, id) {behind} ($4, $5::uuid))
            order by starts_at {order}, id {order} limit $6
            """,  # noqa: S608 - constant words
            state,
            _pattern(search),
            made_by,
            None if after is None else after[0],
            None if after is None else after[1],
            limit,
        )
        return [event_of(row) for row in rows]

    async def dates(self, series: list[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
        """The ids of all events of these series, by date."""
        rows = await self.pool.fetch(
            "select series_id, id from event where series_id = any($1) order by starts_at, id", series
        )
        found: dict[uuid.UUID, list[uuid.UUID]] = {}
        for row in rows:
            found.setdefault(row["series_id"], []).append(row["id"])
        return found


def _pattern(search: str) -> str:
    """Its words in this order, whatever stands between them."""
    return "%" + "%".join(word.translate(_LIKE) for word in search.split()) + "%"
