"""SQL of the files that hosts hand out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from webinar.base.db import Connection, Pool

_COLUMNS: Final = "id, event_id, name, key, sha256, bytes, created_at"


@dataclass(frozen=True, slots=True)
class Handout:
    """One row; the bytes are in the store below `key`. `name` is clean: a file name with a known ending."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    key: str
    sha256: str
    bytes: int
    created_at: datetime

    def of(self, event_id: uuid.UUID, id_: uuid.UUID, key: str) -> Handout:
        """The same file of another event."""
        return replace(self, event_id=event_id, id=id_, key=key)


class HandoutStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self, event_id: uuid.UUID) -> list[Handout]:
        """The oldest first."""
        rows = await self._pool.fetch(
            f"select {_COLUMNS} from handout where event_id = $1 order by created_at, id",  # noqa: S608
            event_id,
        )
        return [Handout(**row) for row in rows]

    async def one(self, event_id: uuid.UUID, handout_id: uuid.UUID) -> Handout | None:
        row = await self._pool.fetchrow(
            f"select {_COLUMNS} from handout where event_id = $1 and id = $2",  # noqa: S608
            event_id,
            handout_id,
        )
        return None if row is None else Handout(**row)

    async def add(self, handout: Handout, most: int) -> bool:
        """False when the event has `most` already, or is gone. Of several at once each counts: its row is locked."""
        async with self._pool.acquire() as connection, connection.transaction():
            locked = "select true from event where id = $1 for no key update"
            if await connection.fetchval(locked, handout.event_id) is None:
                return False
            if await connection.fetchval("select count(*) from handout where event_id = $1", handout.event_id) >= most:
                return False
            await self.keep(connection, [handout])
            return True

    async def keep(self, connection: Connection, handouts: Sequence[Handout]) -> None:
        """New rows."""
        await connection.executemany(
            "insert into handout (id, event_id, name, key, sha256, bytes, created_at)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            [(one.id, one.event_id, one.name, one.key, one.sha256, one.bytes, one.created_at) for one in handouts],
        )

    async def remove(self, event_id: uuid.UUID, handout_id: uuid.UUID) -> str | None:
        """The key of what is to be deleted; None when there was no such row."""
        key = await self._pool.fetchval(
            "delete from handout where event_id = $1 and id = $2 returning key", event_id, handout_id
        )
        return None if key is None else str(key)
