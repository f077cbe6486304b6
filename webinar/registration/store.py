"""SQL of attendees. Of the event's row it reads what a seat depends on, and locks it while seats are counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.registration.model import Attendee, Door, NewAttendee, Seats, Status

_COLUMNS: Final = (
    "id, event_id, name, email, answers, status, link_version, language, registered_at, decided_at, first_joined_at"
)


def _attendee(row: Any) -> Attendee:
    fields = dict(row)
    fields["status"] = Status(fields["status"])
    return Attendee(**fields)


def _maybe(row: Any) -> Attendee | None:
    return None if row is None else _attendee(row)


class RegistrationStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def lock_door(self, connection: Connection, event_id: uuid.UUID) -> Door | None:
        """The event, its row locked: whoever gives a seat waits here, so that no two give the last one."""
        row = await connection.fetchrow(
            "select id as event_id, state, registration, capacity, language from event where id = $1 for no key update",
            event_id,
        )
        return None if row is None else Door(**dict(row))

    async def approved(self, connection: Connection, event_id: uuid.UUID) -> int:
        count = await connection.fetchval(
            "select count(*) from attendee where event_id = $1 and status = 'approved'", event_id
        )
        return int(count)

    async def seats(self, event_id: uuid.UUID) -> Seats | None:
        row = await self.pool.fetchrow(
            """
            select e.capacity, count(a.id) filter (where a.status = 'approved') as approved,
                count(a.id) filter (where a.status = 'pending') as pending,
                count(a.id) filter (where a.status = 'waitlisted') as waitlisted
            from event e left join attendee a on a.event_id = e.id where e.id = $1 group by e.id
            """,
            event_id,
        )
        return None if row is None else Seats(**dict(row))

    async def waiting_place(self, attendee: Attendee) -> int:
        count = await self.pool.fetchval(
            """
            select count(*) from attendee
            where event_id = $1 and status = 'waitlisted' and (registered_at, id) <= ($2, $3)
            """,
            attendee.event_id,
            attendee.registered_at,
            attendee.id,
        )
        return int(count)

    async def by_email(self, connection: Connection, event_id: uuid.UUID, email: str) -> Attendee | None:
        return _maybe(
            await connection.fetchrow(
                f"select {_COLUMNS} from attendee where event_id = $1 and email = $2",  # noqa: S608
                event_id,
                email,
            )
        )

    async def add(self, connection: Connection, door: Door, new: NewAttendee, status: Status) -> Attendee:
        row = await connection.fetchrow(
            f"""
            insert into attendee (event_id, name, email, answers, status, language, decided_at)
            values ($1, $2, $3, $4, $5, $6, case when $5 = 'approved' then now() end) returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            door.event_id,
            " ".join(new.name.split()),
            new.email.lower(),
            new.answers,
            status,
            new.language or door.language,
        )
        return _attendee(row)

    async def come_back(
        self, connection: Connection, attendee: uuid.UUID, new: NewAttendee, status: Status
    ) -> Attendee:
        """A cancelled person registers again: at the end of the queue, with a new link."""
        row = await connection.fetchrow(
            f"""
            update attendee set name = $2, answers = $3, status = $4, registered_at = now(),
                link_version = link_version + 1, decided_at = case when $4 = 'approved' then now() end
            where id = $1 returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            attendee,
            " ".join(new.name.split()),
            new.answers,
            status,
        )
        return _attendee(row)

    async def get(
        self, event_id: uuid.UUID, attendee: uuid.UUID, connection: Connection | None = None
    ) -> Attendee | None:
        return _maybe(
            await (connection or self.pool).fetchrow(
                f"select {_COLUMNS} from attendee where id = $2 and event_id = $1",  # noqa: S608
                event_id,
                attendee,
            )
        )

    async def by_id(self, attendee: uuid.UUID) -> Attendee | None:
        return _maybe(await self.pool.fetchrow(f"select {_COLUMNS} from attendee where id = $1", attendee))  # noqa: S608

    async def set_status(
        self, connection: Connection, attendees: Sequence[uuid.UUID], status: Status
    ) -> list[Attendee]:
        rows = await connection.fetch(
            f"update attendee set status = $2, decided_at = now() where id = any($1) returning {_COLUMNS}",  # noqa: S608
            attendees,
            status,
        )
        return [_attendee(row) for row in rows]

    async def next_waiting(self, connection: Connection, event_id: uuid.UUID, count: int) -> list[uuid.UUID]:
        rows = await connection.fetch(
            """
            select id from attendee where event_id = $1 and status = 'waitlisted'
            order by registered_at, id limit $2
            """,
            event_id,
            count,
        )
        return [row["id"] for row in rows]

    async def page(
        self, event_id: uuid.UUID, after: tuple[datetime, uuid.UUID] | None, limit: int, status: Status | None
    ) -> list[Attendee]:
        """In the order of registration, from behind `after` = (registered_at, id)."""
        rows = await self.pool.fetch(
            f"""
            select {_COLUMNS} from attendee
            where event_id = $1 and ($2::timestamptz is null or (registered_at, id) > ($2, $3::uuid))
                and ($5::text is null or status = $5)
            order by registered_at, id limit $4
            """,  # noqa: S608 - a constant list of columns
            event_id,
            None if after is None else after[0],
            None if after is None else after[1],
            limit,
            status,
        )
        return [_attendee(row) for row in rows]

    async def renew_link(self, event_id: uuid.UUID, attendee: uuid.UUID) -> Attendee | None:
        return _maybe(
            await self.pool.fetchrow(
                f"""
                update attendee set link_version = link_version + 1
                where id = $2 and event_id = $1 returning {_COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                event_id,
                attendee,
            )
        )

    async def joined(self, attendee: uuid.UUID) -> None:
        await self.pool.execute(
            "update attendee set first_joined_at = now() where id = $1 and first_joined_at is null", attendee
        )
