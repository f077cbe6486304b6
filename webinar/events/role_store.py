"""SQL of links by role, and of whose an event is."""

from __future__ import annotations

import uuid
from typing import Any, Final

from webinar.base.db import Pool
from webinar.events.role_model import LinkRole, RoleLink

_COLUMNS: Final = "id, event_id, role, name, made_by, created_at, last_used_at, revoked_at"


def _link(row: Any) -> RoleLink:
    return RoleLink(**{**dict(row), "role": LinkRole(row["role"])})


class RoleStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self, event_id: uuid.UUID, role: LinkRole, name: str, most: int, made_by: uuid.UUID | None
    ) -> RoleLink | None:
        """None when there is no such event, or it has `most` links that work."""
        row = await self._pool.fetchrow(
            f"""
            insert into role_link (event_id, role, name, made_by)
            select id, $2, $3, $5 from event
            where id = $1 and (select count(*) from role_link where event_id = $1 and revoked_at is null) < $4
            returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            role,
            name,
            most,
            made_by,
        )
        return None if row is None else _link(row)

    async def get(self, link_id: uuid.UUID) -> RoleLink | None:
        row = await self._pool.fetchrow(f"select {_COLUMNS} from role_link where id = $1", link_id)  # noqa: S608
        return None if row is None else _link(row)

    async def working(self, event_id: uuid.UUID) -> list[RoleLink]:
        """Those that were not revoked, in the order they were made."""
        rows = await self._pool.fetch(
            f"select {_COLUMNS} from role_link where event_id = $1 and revoked_at is null order by created_at, id",  # noqa: S608
            event_id,
        )
        return [_link(row) for row in rows]

    async def revoke(self, event_id: uuid.UUID, link_id: uuid.UUID) -> list[RoleLink]:
        """It and those that were made by it; empty when there is none of that event, or it was revoked before."""
        rows = await self._pool.fetch(
            f"""
            update role_link set revoked_at = now()
            where event_id = $1 and revoked_at is null and (id = $2 or made_by = $2)
                and exists (select from role_link where id = $2 and event_id = $1 and revoked_at is null)
            returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            link_id,
        )
        return [_link(row) for row in rows]

    async def used(self, link_id: uuid.UUID) -> None:
        """At most one write a minute a link."""
        await self._pool.execute(
            """
            update role_link set last_used_at = now()
            where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')
            """,
            link_id,
        )

    async def events_of(self, account: uuid.UUID) -> list[uuid.UUID]:
        rows = await self._pool.fetch("select id from event where created_by = $1 order by created_at", account)
        return [row["id"] for row in rows]

    async def owned_by(self, event_id: uuid.UUID, account: uuid.UUID) -> bool:
        """Whether this host made the event."""
        found = await self._pool.fetchval("select created_by = $2 from event where id = $1", event_id, account)
        return bool(found)

    async def give_to(self, event_id: uuid.UUID, account: uuid.UUID) -> None:
        await self._pool.execute("update event set created_by = $2 where id = $1", event_id, account)
