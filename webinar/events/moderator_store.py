"""SQL of the moderators' link, and of who came by it."""

from __future__ import annotations

import uuid

from webinar.base.db import Pool
from webinar.events.model import Event, Moderator
from webinar.events.store import COLUMNS, event_of


class ModeratorStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def renew_link(self, event_id: uuid.UUID) -> tuple[Event, list[Moderator]] | None:
        """The event, and who came by the links from before: they are forgotten."""
        async with self._pool.acquire() as connection, connection.transaction():
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

    async def add(self, event_id: uuid.UUID, name: str, link_version: int, most: int) -> Moderator | None:
        """None when the link has been renewed meanwhile, or `most` people have come by it."""
        row = await self._pool.fetchrow(
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

    async def all(self, event_id: uuid.UUID) -> list[Moderator]:
        """In the order they came."""
        rows = await self._pool.fetch(
            "select id, event_id, name, link_version from moderator where event_id = $1 order by created_at, id",
            event_id,
        )
        return [Moderator(**dict(row)) for row in rows]

    async def get(self, moderator_id: uuid.UUID) -> Moderator | None:
        row = await self._pool.fetchrow(
            "select id, event_id, name, link_version from moderator where id = $1", moderator_id
        )
        return None if row is None else Moderator(**dict(row))
