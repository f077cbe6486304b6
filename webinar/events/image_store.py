"""SQL of the pictures of events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.events.pictures import Kind

_COLUMNS: Final = "event_id, kind, type, key, sha256, bytes, width, height"


@dataclass(frozen=True, slots=True)
class EventImage:
    """One row; the bytes are in the store below `key`."""

    event_id: uuid.UUID
    kind: Kind
    type: str  # media type
    key: str
    sha256: str
    bytes: int
    width: int
    height: int

    def of(self, event_id: uuid.UUID, key: str) -> EventImage:
        """The same picture of another event."""
        return replace(self, event_id=event_id, key=key)


def _image(row: Any) -> EventImage:
    return EventImage(**{**dict(row), "kind": Kind(row["kind"])})


class ImageStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def all(self, event_id: uuid.UUID) -> list[EventImage]:
        rows = await self.pool.fetch(
            f"select {_COLUMNS} from event_image where event_id = $1 order by kind",  # noqa: S608
            event_id,
        )
        return [_image(row) for row in rows]

    async def one(self, event_id: uuid.UUID, kind: Kind) -> EventImage | None:
        row = await self.pool.fetchrow(
            f"select {_COLUMNS} from event_image where event_id = $1 and kind = $2",  # noqa: S608
            event_id,
            kind,
        )
        return None if row is None else _image(row)

    async def by_slug(self, slug: str, kind: Kind) -> EventImage | None:
        columns = ", ".join(f"i.{name}" for name in _COLUMNS.split(", "))
        row = await self.pool.fetchrow(
            f"select {columns} from event_image i join event e on e.id = i.event_id where e.slug = $1 and i.kind = $2",  # noqa: S608
            slug,
            kind,
        )
        return None if row is None else _image(row)

    async def put(self, image: EventImage) -> EventImage | None:
        """Returns the one whose place it took."""
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"select {_COLUMNS} from event_image where event_id = $1 and kind = $2 for update",  # noqa: S608
                image.event_id,
                image.kind,
            )
            await connection.execute(
                """
                insert into event_image (event_id, kind, type, key, sha256, bytes, width, height)
                values ($1, $2, $3, $4, $5, $6, $7, $8)
                on conflict (event_id, kind) do update set type = excluded.type, key = excluded.key,
                    sha256 = excluded.sha256, bytes = excluded.bytes, width = excluded.width, height = excluded.height,
                    created_at = now()
                """,
                image.event_id,
                image.kind,
                image.type,
                image.key,
                image.sha256,
                image.bytes,
                image.width,
                image.height,
            )
        return None if row is None else _image(row)

    async def keep(self, connection: Connection, images: Sequence[EventImage]) -> None:
        """Of events that have none."""
        await connection.executemany(
            """
            insert into event_image (event_id, kind, type, key, sha256, bytes, width, height)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                (one.event_id, one.kind, one.type, one.key, one.sha256, one.bytes, one.width, one.height)
                for one in images
            ],
        )

    async def remove(self, event_id: uuid.UUID, kind: Kind) -> EventImage | None:
        """Returns the one that was there."""
        row = await self.pool.fetchrow(
            f"delete from event_image where event_id = $1 and kind = $2 returning {_COLUMNS}",  # noqa: S608
            event_id,
            kind,
        )
        return None if row is None else _image(row)
