"""SQL of agendas, speakers and the ticks of a run sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from webinar.base.db import Connection, Pool
from webinar.events.plan.model import AgendaItem, NewAgendaItem, NewSpeaker, Speaker

_ITEM: Final = "id, event_id, position, title, note, speakers, starts_at, ends_at"
_SPEAKER: Final = "id, event_id, position, name, role, about"


class PlanStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def agenda(self, event_id: uuid.UUID, connection: Connection | None = None) -> list[AgendaItem]:
        """In the host's order."""
        rows = await (connection or self.pool).fetch(
            f"select {_ITEM} from agenda_item where event_id = $1 order by position, id",  # noqa: S608
            event_id,
        )
        return [AgendaItem(**dict(row)) for row in rows]

    async def speakers(self, event_id: uuid.UUID) -> list[Speaker]:
        """In the host's order."""
        rows = await self.pool.fetch(
            f"select {_SPEAKER} from speaker where event_id = $1 order by position, id",  # noqa: S608
            event_id,
        )
        return [Speaker(**dict(row)) for row in rows]

    async def replace_agenda(self, connection: Connection, event_id: uuid.UUID, items: Sequence[NewAgendaItem]) -> None:
        """The whole agenda; an item that is kept keeps its row. An id of another event is a new item."""
        kept = [item.id for item in items if item.id is not None]
        await connection.execute(
            "delete from agenda_item where event_id = $1 and not (id = any($2::uuid[]))", event_id, kept
        )
        left = await connection.fetch("select id from agenda_item where event_id = $1", event_id)
        ours = {row["id"] for row in left}
        for position, item in enumerate(items):
            values = (item.title.strip(), item.note, item.speakers.strip(), item.starts_at, item.ends_at)
            if item.id in ours:
                await connection.execute(
                    """
                    update agenda_item set position = $3, title = $4, note = $5, speakers = $6, starts_at = $7,
                        ends_at = $8
                    where id = $1 and event_id = $2
                    """,
                    item.id,
                    event_id,
                    position,
                    *values,
                )
            else:
                await connection.execute(
                    """
                    insert into agenda_item (event_id, position, title, note, speakers, starts_at, ends_at)
                    values ($1, $2, $3, $4, $5, $6, $7)
                    """,
                    event_id,
                    position,
                    *values,
                )

    async def replace_speakers(
        self, connection: Connection, event_id: uuid.UUID, speakers: Sequence[NewSpeaker]
    ) -> None:
        """All of them; who is kept keeps their row. An id of another event is somebody new."""
        kept = [one.id for one in speakers if one.id is not None]
        await connection.execute(
            "delete from speaker where event_id = $1 and not (id = any($2::uuid[]))", event_id, kept
        )
        left = await connection.fetch("select id from speaker where event_id = $1", event_id)
        ours = {row["id"] for row in left}
        for position, one in enumerate(speakers):
            values = (one.name.strip(), one.role.strip(), one.about)
            if one.id in ours:
                await connection.execute(
                    """
                    update speaker set position = $3, name = $4, role = $5, about = $6
                    where id = $1 and event_id = $2
                    """,
                    one.id,
                    event_id,
                    position,
                    *values,
                )
            else:
                await connection.execute(
                    "insert into speaker (event_id, position, name, role, about) values ($1, $2, $3, $4, $5)",
                    event_id,
                    position,
                    *values,
                )

    async def move_items(self, connection: Connection, items: Sequence[AgendaItem]) -> None:
        """To the times they have."""
        await connection.executemany(
            "update agenda_item set starts_at = $2, ends_at = $3 where id = $1",
            [(item.id, item.starts_at, item.ends_at) for item in items],
        )

    async def shift_agenda(self, connection: Connection, event_id: uuid.UUID, by: timedelta) -> None:
        """The agenda moves with its event."""
        await connection.execute(
            "update agenda_item set starts_at = starts_at + $2, ends_at = ends_at + $2 where event_id = $1",
            event_id,
            by,
        )

    async def copy(self, connection: Connection, source: uuid.UUID, target: uuid.UUID, by: timedelta) -> None:
        """Agenda, that much later, and speakers of one event for another that has none."""
        await connection.execute(
            """
            insert into agenda_item (event_id, position, title, note, speakers, starts_at, ends_at)
            select $2, position, title, note, speakers, starts_at + $3, ends_at + $3
            from agenda_item where event_id = $1
            """,
            source,
            target,
            by,
        )
        await connection.execute(
            """
            insert into speaker (event_id, position, name, role, about)
            select $2, position, name, role, about from speaker where event_id = $1
            """,
            source,
            target,
        )

    async def ticks(self, event_id: uuid.UUID) -> set[str]:
        rows = await self.pool.fetch("select step from event_tick where event_id = $1", event_id)
        return {row["step"] for row in rows}

    async def tick(self, event_id: uuid.UUID, step: str, done: bool) -> None:
        if done:
            await self.pool.execute(
                "insert into event_tick (event_id, step) values ($1, $2) on conflict do nothing", event_id, step
            )
        else:
            await self.pool.execute("delete from event_tick where event_id = $1 and step = $2", event_id, step)
