"""SQL of seats. Of the event's row it reads what a seat depends on, and locks it while seats are counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from webinar.base.db import Connection, Pool
from webinar.registration.model import Attendee, Door, Seats, Taken


class SeatStore:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lock_door(self, connection: Connection, event_id: uuid.UUID) -> Door | None:
        """The event, its row locked: whoever gives a seat waits here, so that no two give the last one."""
        row = await connection.fetchrow(
            """
            select e.id as event_id, e.state, e.registration, e.capacity, e.language, e.ends_at,
                coalesce(r.domains, '{}') as domains, coalesce(r.others, 'pending') as others, r.closes_at
            from event e left join registration_rules r on r.event_id = e.id where e.id = $1 for no key update of e
            """,
            event_id,
        )
        return None if row is None else Door(**{**dict(row), "domains": tuple(row["domains"])})

    async def taken(self, connection: Connection, event_id: uuid.UUID) -> Taken:
        row = await connection.fetchrow(
            """
            select count(*) filter (where status = 'approved') as approved,
                count(*) filter (where status = 'waitlisted') as waitlisted
            from attendee where event_id = $1 and status in ('approved', 'waitlisted')
            """,
            event_id,
        )
        return Taken(**dict(row or {}))

    async def of_event(self, event_id: uuid.UUID) -> Seats | None:
        row = await self._pool.fetchrow(
            """
            select e.capacity, count(a.id) filter (where a.status = 'approved') as approved,
                count(a.id) filter (where a.status = 'pending') as pending,
                count(a.id) filter (where a.status = 'waitlisted') as waitlisted
            from event e left join attendee a on a.event_id = e.id where e.id = $1 group by e.id
            """,
            event_id,
        )
        return None if row is None else Seats(**dict(row))

    async def of_events(self, events: Sequence[uuid.UUID]) -> dict[uuid.UUID, Seats]:
        """Of many events at once; those that exist."""
        rows = await self._pool.fetch(
            """
            select e.id, e.capacity, count(a.id) filter (where a.status = 'approved') as approved,
                count(a.id) filter (where a.status = 'pending') as pending,
                count(a.id) filter (where a.status = 'waitlisted') as waitlisted
            from event e left join attendee a on a.event_id = e.id where e.id = any($1) group by e.id
            """,
            events,
        )
        return {row["id"]: Seats(*list(row.values())[1:]) for row in rows}

    async def waiting_place(self, attendee: Attendee) -> int:
        count = await self._pool.fetchval(
            """
            select count(*) from attendee
            where event_id = $1 and status = 'waitlisted' and (registered_at, id) <= ($2, $3)
            """,
            attendee.event_id,
            attendee.registered_at,
            attendee.id,
        )
        return int(count)
