"""SQL of events and their live sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from webinar.base.db import Connection, Pool
from webinar.events.model import Event, EventState, LiveSession, Moderator, NewEvent, Registration

COLUMNS: Final = (
    "id, slug, title, description, language, starts_at, ends_at, timezone, capacity, registration, state,"
    " stream_key_version, presenter_link_version, created_at, updated_at, started_at, ended_at,"
    " paused, moderator_link_version, organizer, accent, series_id"
)
# Columns that a change may name: the only ones that ever reach the text of a statement.
_CHANGEABLE: Final = frozenset(
    (
        *("title", "description", "language", "starts_at", "ends_at", "timezone", "capacity", "registration", "state"),
        *("organizer", "accent"),
    )
)


# How an event begins that was copied: on no air, and with links that nobody has.
_UNTOUCHED: Final = {
    "stream_key_version": 1,
    "presenter_link_version": 1,
    "moderator_link_version": 1,
    "paused": False,
    "started_at": None,
    "ended_at": None,
    "locked_at": None,
}


def event_of(row: Any) -> Event:
    fields = dict(row)
    fields["state"] = EventState(fields["state"])
    fields["registration"] = Registration(fields["registration"])
    return Event(**fields)


class SlugTaken(Exception):
    """Another event has this slug; choose again."""


class EventStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def add(self, slug: str, new: NewEvent, ends_at: datetime) -> Event:
        """Raises `SlugTaken`."""
        try:
            row = await self.pool.fetchrow(
                f"""
                insert into event
                    (slug, title, description, language, starts_at, ends_at, timezone, capacity, registration, state,
                    organizer, accent)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, '')) returning {COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                slug,
                new.title.strip(),
                new.description,
                new.language,
                new.starts_at,
                ends_at,
                new.timezone,
                new.capacity,
                new.registration,
                new.state,
                new.organizer.strip(),
                new.accent,
            )
        except asyncpg.UniqueViolationError as error:
            raise SlugTaken(slug) from error
        return event_of(row)

    async def get(
        self, event_id: uuid.UUID, connection: Connection | None = None, *, lock: bool = False
    ) -> Event | None:
        """With `lock` the row is kept for the caller's transaction."""
        row = await (connection or self.pool).fetchrow(
            f"select {COLUMNS} from event where id = $1" + (" for no key update" if lock else ""),  # noqa: S608
            event_id,
        )
        return None if row is None else event_of(row)

    async def by_slug(self, slug: str) -> Event | None:
        row = await self.pool.fetchrow(f"select {COLUMNS} from event where slug = $1", slug)  # noqa: S608
        return None if row is None else event_of(row)

    async def many(self, ids: Sequence[uuid.UUID]) -> list[Event]:
        rows = await self.pool.fetch(f"select {COLUMNS} from event where id = any($1)", ids)  # noqa: S608
        return [event_of(row) for row in rows]

    async def in_state(self, state: EventState) -> list[Event]:
        rows = await self.pool.fetch(
            f"select {COLUMNS} from event where state = $1 order by starts_at",  # noqa: S608
            state,
        )
        return [event_of(row) for row in rows]

    async def page(
        self,
        after: tuple[datetime, uuid.UUID] | None,
        limit: int,
        state: EventState | None,
        made_by: uuid.UUID | None,
    ) -> list[Event]:
        """Newest first, from below `after` = (created_at, id); with `made_by` only of that host."""
        rows = await self.pool.fetch(
            f"""
            select {COLUMNS} from event
            where ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid)) and ($4::text is null or state = $4)
                and ($5::uuid is null or created_by = $5)
            order by created_at desc, id desc limit $3
            """,  # noqa: S608 - a constant list of columns
            None if after is None else after[0],
            None if after is None else after[1],
            limit,
            state,
            made_by,
        )
        return [event_of(row) for row in rows]

    async def change(self, connection: Connection, event_id: uuid.UUID, values: dict[str, Any]) -> Event:
        names = [name for name in values if name in _CHANGEABLE]
        sets = "".join(f"{name} = ${n}, " for n, name in enumerate(names, start=2))
        row = await connection.fetchrow(
            f"update event set {sets}updated_at = now() where id = $1 returning {COLUMNS}",  # noqa: S608
            event_id,
            *(values[name] for name in names),
        )
        return event_of(row)

    async def copy(
        self,
        connection: Connection,
        source: uuid.UUID,
        slug: str,
        title: str,
        starts_at: datetime,
        ends_at: datetime,
        state: EventState,
        series: uuid.UUID | None,
    ) -> Event:
        """Every column of the event's row, but for what makes it another event and what happened to the old one."""
        now = datetime.now(UTC).isoformat()
        fresh = {
            "id": str(uuid.uuid4()),
            "created_at": now,
            "updated_at": now,
            "slug": slug,
            "title": title,
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "state": state.value,
            "series_id": None if series is None else str(series),
            **_UNTOUCHED,
        }
        row = await connection.fetchrow(
            f"""
            insert into event
            select (jsonb_populate_record(e, $2)).* from event e where id = $1
            returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            source,
            fresh,
        )
        return event_of(row)

    async def join_series(self, connection: Connection, event_id: uuid.UUID, series: uuid.UUID) -> bool:
        """False when it belongs to one already."""
        done = await connection.execute(
            "update event set series_id = $2, updated_at = now() where id = $1 and series_id is null", event_id, series
        )
        return bool(done == "UPDATE 1")

    async def series(self, series: uuid.UUID) -> list[Event]:
        """By date."""
        rows = await self.pool.fetch(
            f"select {COLUMNS} from event where series_id = $1 order by starts_at, id",  # noqa: S608
            series,
        )
        return [event_of(row) for row in rows]

    async def set_state(
        self, connection: Connection | Pool, event_id: uuid.UUID, before: EventState, after: EventState
    ) -> Event | None:
        """The changed event, or None when it was not in the state `before`."""
        row = await connection.fetchrow(
            f"""
            update event set state = $3, updated_at = now(), paused = false,
                started_at = case when $3 = 'live' then now() when $3 = 'scheduled' then null else started_at end,
                ended_at = case when $3 = 'ended' then now() else null end
            where id = $1 and state = $2 returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            before,
            after,
        )
        return None if row is None else event_of(row)

    async def set_paused(self, event_id: uuid.UUID, paused: bool) -> Event | None:
        """The event as it is now, or None when it is not live."""
        row = await self.pool.fetchrow(
            f"""
            update event set paused = $2, updated_at = now() where id = $1 and state = 'live' returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            paused,
        )
        return None if row is None else event_of(row)

    async def take_back_start(self, event_id: uuid.UUID) -> Event | None:
        """From live to scheduled again, unless an ingest has taken the event meanwhile."""
        async with self.pool.acquire() as connection, connection.transaction():
            # First the lock, then the look: `open_session` holds it until its session can be seen.
            await self.get(event_id, connection, lock=True)
            row = await connection.fetchrow(
                f"""
                update event set state = 'scheduled', started_at = null, updated_at = now()
                where id = $1 and state = 'live' and not exists (select from live_session where event_id = $1)
                returning {COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                event_id,
            )
        return None if row is None else event_of(row)

    async def delete(self, event_id: uuid.UUID) -> None:
        await self.pool.execute("delete from event where id = $1", event_id)

    async def renew_presenter_link(self, event_id: uuid.UUID) -> Event | None:
        row = await self.pool.fetchrow(
            f"""
            update event set presenter_link_version = presenter_link_version + 1, updated_at = now()
            where id = $1 returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
        )
        return None if row is None else event_of(row)

    async def renew_stream_key(self, event_id: uuid.UUID) -> Event | None:
        row = await self.pool.fetchrow(
            f"""
            update event set stream_key_version = stream_key_version + 1, updated_at = now()
            where id = $1 returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
        )
        return None if row is None else event_of(row)

    async def renew_moderator_link(self, event_id: uuid.UUID) -> tuple[Event, list[Moderator]] | None:
        """The event, and who came by the links from before: they are forgotten."""
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"""
                update event set moderator_link_version = moderator_link_version + 1, updated_at = now()
                where id = $1 returning {COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                event_id,
            )
            if row is None:
                return None
            gone = await connection.fetch(
                "delete from moderator where event_id = $1 returning id, event_id, name, link_version", event_id
            )
        return event_of(row), [Moderator(**dict(one)) for one in gone]

    async def add_moderator(self, event_id: uuid.UUID, name: str, link_version: int, most: int) -> Moderator | None:
        """None when the link has been renewed meanwhile, or `most` people have come by it."""
        row = await self.pool.fetchrow(
            """
            insert into moderator (event_id, name, link_version)
            select id, $2, $3 from event
            where id = $1 and moderator_link_version = $3
                and (select count(*) from moderator where event_id = $1) < $4
            returning id, event_id, name, link_version
            """,
            event_id,
            name,
            link_version,
            most,
        )
        return None if row is None else Moderator(**dict(row))

    async def moderators(self, event_id: uuid.UUID) -> list[Moderator]:
        """In the order they came."""
        rows = await self.pool.fetch(
            "select id, event_id, name, link_version from moderator where event_id = $1 order by created_at, id",
            event_id,
        )
        return [Moderator(**dict(row)) for row in rows]

    async def moderator(self, moderator_id: uuid.UUID) -> Moderator | None:
        row = await self.pool.fetchrow(
            "select id, event_id, name, link_version from moderator where id = $1", moderator_id
        )
        return None if row is None else Moderator(**dict(row))

    async def open_session(self, session: LiveSession) -> None:
        """Notes a live session; an older one of the event that was left open is closed: its ingest is gone."""
        async with self.pool.acquire() as connection, connection.transaction():
            # One after the other: two that insert the same session at the same moment meet at its prefix, which is
            # unique too, and to that index `on conflict (id)` does not apply.
            await self.get(session.event_id, connection, lock=True)
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

    async def close_sessions(self, event_id: uuid.UUID, duration_s: float | None) -> None:
        """Closes what is open of an event; the duration belongs to the newest session."""
        await self.pool.execute(
            """
            update live_session set ended_at = coalesce(ended_at, now()),
                duration_s = coalesce(duration_s, case when id = newest.id_ then $2::float8 end)
            from (select id as id_ from live_session where event_id = $1 order by started_at desc limit 1) newest
            where event_id = $1 and (ended_at is null or id = newest.id_)
            """,
            event_id,
            duration_s,
        )

    async def sessions(self, event_id: uuid.UUID) -> list[LiveSession]:
        rows = await self.pool.fetch(
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
        rows = await self.pool.fetch(
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
        await self.pool.execute("update live_session set segments_removed_at = now() where id = $1", session_id)

    async def ended_with_open_session(self) -> list[uuid.UUID]:
        """Events that are over, of which no ingest has yet said so."""
        rows = await self.pool.fetch(
            """
            select distinct e.id from event e join live_session s on s.event_id = e.id
            where e.state = 'ended' and s.ended_at is null
            """
        )
        return [row["id"] for row in rows]
