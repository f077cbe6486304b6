"""SQL of events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from webinar.base.db import Connection, Pool
from webinar.events.fields import NewEvent
from webinar.events.model import Event, EventState, Registration

COLUMNS: Final = (
    "id, slug, title, description, language, starts_at, ends_at, timezone, capacity, registration, state,"
    " stream_key_version, presenter_link_version, created_at, updated_at, started_at, ended_at,"
    " paused, moderator_link_version, organizer, accent, series_id, sent_at, ended_itself,"
    " names_shown"
)
# Columns that a change may name: the only ones that ever reach the text of a statement.
_CHANGEABLE: Final = frozenset(
    (
        *("title", "description", "language", "starts_at", "ends_at", "timezone", "capacity", "registration", "state"),
        *("organizer", "accent", "names_shown"),
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
    "sent_at": None,
    "ended_itself": False,
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
                    organizer, accent, names_shown)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, ''), $13) returning {COLUMNS}
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
                new.names_shown,
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
        id_: uuid.UUID,
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
            "id": str(id_),
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

    async def lock_series(self, connection: Connection, series: uuid.UUID) -> None:
        """Keeps its events' rows for the caller's transaction: who else does is waited for."""
        await connection.execute("select id from event where series_id = $1 order by id for no key update", series)

    async def series(self, series: uuid.UUID, connection: Connection | None = None) -> list[Event]:
        """By date."""
        rows = await (connection or self.pool).fetch(
            f"select {COLUMNS} from event where series_id = $1 order by starts_at, id",  # noqa: S608
            series,
        )
        return [event_of(row) for row in rows]

    async def set_state(
        self,
        connection: Connection | Pool,
        event_id: uuid.UUID,
        before: EventState,
        after: EventState,
        *,
        itself: bool = False,
    ) -> Event | None:
        """The changed event, or None when it was not in the state `before`. `itself`: nobody asked for it."""
        row = await connection.fetchrow(
            f"""
            update event set state = $3, updated_at = now(), paused = false, ended_itself = $4,
                started_at = case when $3 = 'live' then now() when $3 = 'scheduled' then null else started_at end,
                ended_at = case when $3 = 'ended' then now() else null end
            where id = $1 and state = $2 returning {COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            before,
            after,
            itself,
        )
        return None if row is None else event_of(row)

    async def sent(self, events: Sequence[uuid.UUID], now: datetime) -> None:
        """Somebody sends to these live events."""
        await self.pool.execute("update event set sent_at = $2 where id = any($1) and state = 'live'", events, now)

    async def promised(self, event_id: uuid.UUID, connection: Connection | None = None) -> datetime | None:
        """The earliest date that somebody of the event was told for the end of their data; None: nobody was."""
        found: datetime | None = await (connection or self.pool).fetchval(
            "select min(destroy_by) from attendee where event_id = $1", event_id
        )
        return found

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

    async def delete(self, connection: Connection, event_id: uuid.UUID) -> None:
        await connection.execute("delete from event where id = $1", event_id)

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
