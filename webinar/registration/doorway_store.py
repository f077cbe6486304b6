"""SQL of the event's door: since when it is locked, who knocks, who was let in. An event that is over has none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from webinar.base.db import Pool
from webinar.registration.model import Knocking


class DoorwayStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lock(self, event_id: uuid.UUID, locked: bool) -> bool:
        """A door that is locked stays locked since then. False when there is no such event, or it is over."""
        done = await self._pool.fetchval(
            """
            update event set locked_at = case when $2 then coalesce(locked_at, now()) end
            where id = $1 and state <> 'ended' returning true
            """,
            event_id,
            locked,
        )
        return bool(done)

    async def locked_at(self, event_id: uuid.UUID) -> datetime | None:
        """None while it is open, and once the event is over: what there is then, the replay's gate keeps."""
        at: datetime | None = await self._pool.fetchval(
            "select locked_at from event where id = $1 and state <> 'ended'", event_id
        )
        return at

    async def exists(self, event_id: uuid.UUID) -> bool:
        return await self._pool.fetchval("select true from event where id = $1", event_id) is True

    async def passes(self, attendee: uuid.UUID) -> bool:
        """The door is open, or they were inside before it was locked, or they were let in."""
        found = await self._pool.fetchval(
            """
            select e.locked_at is null or a.let_in_at is not null or coalesce(a.entered_at <= e.locked_at, false)
            from attendee a join event e on e.id = a.event_id where a.id = $1
            """,
            attendee,
        )
        return bool(found)

    async def enter(self, entered: Mapping[uuid.UUID, datetime]) -> None:
        """Since when people are inside; what was written earlier stays."""
        people = sorted(entered)
        await self._pool.execute(
            """
            update attendee a set entered_at = t.at from unnest($1::uuid[], $2::timestamptz[]) as t (id, at)
            where a.id = t.id and (a.entered_at is null or a.entered_at > t.at)
            """,
            people,
            [entered[person] for person in people],
        )

    async def knock(self, attendee: uuid.UUID) -> None:
        await self._pool.execute("update attendee set knocked_at = now() where id = $1", attendee)

    async def knocking(self, event_id: uuid.UUID, within: timedelta, most: int) -> list[Knocking]:
        """Who knocked lately and still waits, by name."""
        rows = await self._pool.fetch(
            """
            select a.id, a.name from attendee a join event e on e.id = a.event_id
            where a.event_id = $1 and e.locked_at is not null and a.status = 'approved'
                and a.knocked_at > now() - $2::interval and a.let_in_at is null
            order by a.name, a.id limit $3
            """,
            event_id,
            within,
            most,
        )
        return [Knocking(row["id"], row["name"]) for row in rows]

    async def let_in(self, event_id: uuid.UUID, attendee: uuid.UUID | None, within: timedelta) -> int:
        """One, or (None) all who knock; how many."""
        rows = await self._pool.fetch(
            """
            update attendee set let_in_at = now(), knocked_at = null
            where event_id = $1 and let_in_at is null
                and case when $2::uuid is null then knocked_at > now() - $3::interval else id = $2 end
            returning id
            """,
            event_id,
            attendee,
            within,
        )
        return len(rows)
