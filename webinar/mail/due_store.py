"""SQL of letters that the clock brings about: reminders, follow-ups, and to hosts before data is destroyed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from webinar.base.db import Connection, Pool
from webinar.mail.model import Kind
from webinar.mail.store import post


class DueStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def remind(self, connection: Connection, kind: Kind, lead: timedelta, on: bool, now: datetime) -> int:
        """Reminders of this kind that are due at `now`, to those who had a seat for a while when they became due.

        Whoever got it less than a quarter of the lead before (at least 15 minutes) was told just then.
        Once an event's start: when it is moved, they are due again, but nobody is reminded twice within half of the
        lead. One that is late by more than a quarter of its lead (at least three minutes) is left out.
        """
        rows = await connection.fetch(
            """
            with due as (
                select e.id, e.starts_at, e.starts_at - l.lead as at, l.lead
                from event e
                left join mail_choice c on c.event_id = e.id and c.kind = $1
                cross join lateral (select coalesce(make_interval(mins => c.minutes), $2::interval) as lead) l
                where e.state in ('scheduled', 'live') and coalesce(c.enabled, $3)
                    and e.starts_at > $4 and e.starts_at - l.lead <= $4
                    and e.starts_at - l.lead > $4 - greatest(l.lead / 4, interval '3 minutes')
            )
            insert into letter (event_id, attendee_id, kind, language, occasion, created_at)
            select due.id, a.id, $1, a.language, to_char(due.starts_at, 'YYYYMMDD"T"HH24MISS'), $4
            from due join attendee a on a.event_id = due.id
            where a.status = 'approved' and a.forgotten_at is null
                and greatest(a.registered_at, coalesce(a.decided_at, a.registered_at))
                    <= due.at - greatest(due.lead / 4, interval '15 minutes')
                and not exists (select from no_more_mail n where n.attendee_id = a.id)
                and not exists (
                    select from letter l where l.attendee_id = a.id and l.kind = $1 and l.created_at > $4 - due.lead / 2
                )
            on conflict (attendee_id, kind, occasion) where occasion is not null do nothing
            returning id
            """,
            kind,
            lead,
            on,
            now,
        )
        await post(connection, rows)
        return len(rows)

    async def followups_due(self, kind: Kind, wait: timedelta, on: bool, now: datetime) -> list[uuid.UUID]:
        """Events whose follow-up of this kind is due and was not written to anybody yet; none that ended long ago."""
        rows = await self.pool.fetch(
            """
            select e.id from event e left join mail_choice c on c.event_id = e.id and c.kind = $1
            where e.state = 'ended' and coalesce(c.enabled, $3)
                and e.ended_at + coalesce(make_interval(mins => c.minutes), $2::interval)
                    between $4::timestamptz - interval '2 days' and $4
                and not exists (select from told_afterwards t where t.event_id = e.id and t.kind = $1)
            order by e.ended_at limit 50
            """,
            kind,
            wait,
            on,
            now,
        )
        return [row["id"] for row in rows]

    async def follow_up(
        self, connection: Connection, event_id: uuid.UUID, kind: Kind, people: Sequence[uuid.UUID]
    ) -> int:
        """To those of `people` who hold a seat; once a person."""
        rows = await connection.fetch(
            """
            insert into letter (event_id, attendee_id, kind, language, occasion)
            select $1, a.id, $2, a.language, 'once' from attendee a
            where a.event_id = $1 and a.status = 'approved' and a.forgotten_at is null
                and a.id = any($3)
                and not exists (select from no_more_mail n where n.attendee_id = a.id)
            on conflict (attendee_id, kind, occasion) where occasion is not null do nothing
            returning id
            """,
            event_id,
            kind,
            people,
        )
        await connection.execute(
            "insert into told_afterwards (event_id, kind) values ($1, $2) on conflict do nothing", event_id, kind
        )
        await post(connection, rows)
        return len(rows)

    async def foretold(
        self, connection: Connection, event_id: uuid.UUID, what: str, at: datetime, again: timedelta
    ) -> bool:
        """Marks an event as told that this comes at `at`; False when it is gone, or was told of a time that is not
        earlier by more than `again`."""
        done = await connection.execute(
            """
            insert into told_afterwards (event_id, kind, at) select id, $2, $3 from event where id = $1
            on conflict (event_id, kind) do update set at = excluded.at
                where told_afterwards.at < excluded.at - $4::interval
            """,
            event_id,
            what,
            at,
            again,
        )
        return bool(done == "INSERT 0 1")

    async def ended_themselves(self, connection: Connection, kind: str, since: datetime, most: int) -> list[uuid.UUID]:
        """Events that nobody ended, over since then, whose host was not told so; marked as told."""
        rows = await connection.fetch(
            """
            insert into told_afterwards (event_id, kind)
            select id, $1 from event e where state = 'ended' and ended_itself and ended_at > $2
                and not exists (select from told_afterwards t where t.event_id = e.id and t.kind = $1)
            order by ended_at limit $3
            on conflict do nothing returning event_id
            """,
            kind,
            since,
            most,
        )
        return [row["event_id"] for row in rows]

    async def destroyed_soon(
        self, connection: Connection, now: datetime, before: timedelta, most: int
    ) -> list[uuid.UUID]:
        """Events that will be destroyed within `before`, marked as told. An event is told once for a date: a mark from
        before that time is of an earlier date, which was put off."""
        rows = await connection.fetch(
            """
            with due as (
                select id, destroyed_at(event) as at from event
                where state = 'ended'
                    or (state <> 'live' and exists (select from attendee a where a.event_id = event.id))
            )
            insert into told_afterwards (event_id, kind, at)
            select d.id, 'destroyed_soon', $1 from due d
            where d.at > $1 and d.at - $2::interval <= $1
                and not exists (
                    select from told_afterwards t
                    where t.event_id = d.id and t.kind = 'destroyed_soon' and t.at >= d.at - $2::interval
                )
            order by d.at limit $3
            on conflict (event_id, kind) do update set at = excluded.at
                where told_afterwards.at < excluded.at - interval '1 hour'
            returning event_id
            """,
            now,
            before,
            most,
        )
        return [row["event_id"] for row in rows]
