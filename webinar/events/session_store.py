"""SQL of live sessions: which ingest ran an event's program, from when to when, and whether its segments are kept."""

from __future__ import annotations

import uuid
from datetime import timedelta

from webinar.base.db import Pool
from webinar.events.model import LiveSession
from webinar.events.turned import put_down


class SessionStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(self, session: LiveSession) -> None:
        """Notes a live session, with which the event may have begun; an older one of the event that was left open is
        closed: its ingest is gone.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            # One after the other: two that insert the same session at the same moment meet at its prefix, which is
            # unique too, and to that index `on conflict (id)` does not apply.
            await connection.execute("select from event where id = $1 for update", session.event_id)
            await connection.execute(
                "update live_session set ended_at = now() where event_id = $1 and id <> $2 and ended_at is null",
                session.event_id,
                session.id,
            )
            await connection.execute(
                """
                insert into live_session (id, event_id, hls_prefix, started_at) values ($1, $2, $3, $4)
                on conflict (id) do nothing
                """,
                session.id,
                session.event_id,
                session.hls_prefix,
                session.started_at,
            )
            await put_down(connection, session.event_id)

    async def close(self, event_id: uuid.UUID, duration_s: float | None) -> None:
        """Closes what is open of an event; the duration belongs to the newest session."""
        await self._pool.execute(
            """
            update live_session set ended_at = coalesce(ended_at, now()),
                duration_s = coalesce(duration_s, case when id = newest.id_ then $2::float8 end)
            from (select id as id_ from live_session where event_id = $1 order by started_at desc limit 1) newest
            where event_id = $1 and (ended_at is null or id = newest.id_)
            """,
            event_id,
            duration_s,
        )

    async def of_event(self, event_id: uuid.UUID) -> list[LiveSession]:
        rows = await self._pool.fetch(
            """
            select id, event_id, hls_prefix, started_at, ended_at, duration_s from live_session
            where event_id = $1 order by started_at
            """,
            event_id,
        )
        return [LiveSession(**dict(row)) for row in rows]

    async def with_segments(self, older_than: timedelta, most: int, recorded: bool) -> list[LiveSession]:
        """Sessions of events over for longer than that whose segments were not removed yet, oldest first.

        `recorded`: only of events whose recording is ready.
        """
        rows = await self._pool.fetch(
            """
            select s.id, s.event_id, s.hls_prefix, s.started_at, s.ended_at, s.duration_s
            from live_session s join event e on e.id = s.event_id
            where s.segments_removed_at is null and s.ended_at is not null
                and e.state = 'ended' and e.ended_at <= now() - $1::interval
                and (not $3 or exists (select from recording r where r.event_id = e.id and r.state = 'ready'))
            order by e.ended_at, s.started_at limit $2
            """,
            older_than,
            most,
            recorded,
        )
        return [LiveSession(**dict(row)) for row in rows]

    async def segments_removed(self, session_id: str) -> None:
        await self._pool.execute("update live_session set segments_removed_at = now() where id = $1", session_id)

    async def of_ended_events(self) -> list[uuid.UUID]:
        """Events that are over, of which no ingest has yet said so."""
        rows = await self._pool.fetch(
            """
            select distinct e.id from event e join live_session s on s.event_id = e.id
            where e.state = 'ended' and s.ended_at is null
            """
        )
        return [row["id"] for row in rows]
