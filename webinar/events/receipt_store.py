"""SQL of what is due to be destroyed, and of the receipts of what was."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from webinar.base.db import Pool
from webinar.events.receipts import Receipt

_COLUMNS: Final = "r.event_id, r.title, r.timezone, r.ended_at, r.destroyed_at, r.why, r.counts, r.log_head"
_GONE: Final = "not exists (select from event e where e.id = r.event_id)"


def _receipt(row: Any) -> Receipt:
    return Receipt(**dict(row))


class ReceiptStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def due(self, now: datetime, most: int) -> list[uuid.UUID]:
        """Events that know people and whose date has come, the longest due first. One that is live has none yet."""
        rows = await self._pool.fetch(
            """
            select id from event
            where (state = 'ended' or (state <> 'live' and exists (select from attendee a where a.event_id = event.id)))
                and destroyed_at(event) <= $1
            order by destroyed_at(event), id limit $2
            """,
            now,
            most,
        )
        return [row["id"] for row in rows]

    async def date(self, event_id: uuid.UUID) -> datetime | None:
        found: datetime | None = await self._pool.fetchval(
            "select destroyed_at(event) from event where id = $1", event_id
        )
        return found

    async def put(self, event_id: uuid.UUID, why: str, counts: dict[str, int], log_head: str | None) -> None:
        """Before the event is deleted; written again when that was cut off."""
        await self._pool.execute(
            """
            insert into destroyed_event (event_id, title, timezone, ended_at, created_by, why, counts, log_head, slug)
            select id, title, timezone, ended_at, created_by, $2, $3, $4, case when state <> 'draft' then slug end
            from event where id = $1
            on conflict (event_id) do update set destroyed_at = now(), counts = excluded.counts,
                log_head = excluded.log_head, slug = excluded.slug
            """,
            event_id,
            why,
            counts,
            log_head,
        )

    async def all(
        self, account: uuid.UUID | None, after: tuple[datetime, uuid.UUID] | None, most: int
    ) -> list[Receipt]:
        """Newest first, those behind `after`; of one host's events, or (None) of all. Only of what is really gone, here
        as below.
        """
        rows = await self._pool.fetch(
            f"""
            select {_COLUMNS} from destroyed_event r
            where {_GONE}
                and ($1::uuid is null or r.created_by = $1)
                and ($2::timestamptz is null or (r.destroyed_at, r.event_id) < ($2, $3))
            order by r.destroyed_at desc, r.event_id desc limit $4
            """,  # noqa: S608 - a constant list of columns
            account,
            None if after is None else after[0],
            None if after is None else after[1],
            most,
        )
        return [_receipt(row) for row in rows]

    async def of_id(self, first: uuid.UUID, last: uuid.UUID, account: uuid.UUID | None) -> Receipt | None:
        """Of the event whose id lies between these, both included; of one host's events, or (None) of all."""
        row = await self._pool.fetchrow(
            f"""
            select {_COLUMNS} from destroyed_event r
            where {_GONE} and r.event_id between $1 and $2 and ($3::uuid is null or r.created_by = $3)
            order by r.destroyed_at desc limit 1
            """,  # noqa: S608 - constant words
            first,
            last,
            account,
        )
        return None if row is None else _receipt(row)

    async def of_slug(self, slug: str) -> Receipt | None:
        row = await self._pool.fetchrow(
            f"""
            select {_COLUMNS} from destroyed_event r where {_GONE} and r.slug = $1
            order by r.destroyed_at desc limit 1
            """,  # noqa: S608 - constant words
            slug,
        )
        return None if row is None else _receipt(row)
