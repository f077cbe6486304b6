"""SQL of the log of attendance, which is only ever added to: a trigger holds that."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webinar.attendance.model import LogEntry
from webinar.base import chain
from webinar.base.db import Connection, Pool


@dataclass(frozen=True, slots=True)
class Chain:
    """Of one event. `unsealed`: something is newer than the last seal."""

    last_seq: int
    head: str
    unsealed: bool


class LogStore:
    """Queries over one pool; those that take a connection belong to a transaction."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def lock_chain(self, connection: Connection, event_id: uuid.UUID) -> Chain:
        """The event's; others wait until the transaction ends."""
        (row,) = await connection.fetch(
            """
            insert into attendance_chain (event_id, head) values ($1, $2)
            on conflict (event_id) do update set event_id = excluded.event_id
            returning last_seq, head, changed or sealed_at is null as unsealed
            """,
            event_id,
            chain.GENESIS,
        )
        return Chain(**dict(row))

    async def add_entries(self, connection: Connection, event_id: uuid.UUID, entries: Sequence[LogEntry]) -> None:
        await connection.executemany(
            """
            insert into attendance_log (event_id, seq, at, type, body, prev, hash)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            [(event_id, e.seq, e.at, e.type, chain.canonical(e.body).decode(), e.prev, e.hash) for e in entries],
        )
        await connection.execute(
            "update attendance_chain set last_seq = $2, head = $3 where event_id = $1",
            event_id,
            entries[-1].seq,
            entries[-1].hash,
        )

    async def mark_changed(self, connection: Connection, attendees: Sequence[uuid.UUID]) -> None:
        """Something of these people is newer than the seal of their event's log."""
        await connection.execute(
            """
            insert into attendance_chain (event_id, head, changed)
            select distinct event_id, $2, true from attendee where id = any($1) order by event_id
            on conflict (event_id) do update set changed = true, changed_at = clock_timestamp()
            where not attendance_chain.changed
            """,
            attendees,
            chain.GENESIS,
        )

    async def sealed(self, connection: Connection, event_id: uuid.UUID) -> None:
        await connection.execute(
            "update attendance_chain set changed = false, sealed_at = clock_timestamp() where event_id = $1", event_id
        )

    async def log(self, event_id: uuid.UUID) -> list[LogEntry]:
        rows = await self.pool.fetch(
            "select seq, at, type, body, prev, hash from attendance_log where event_id = $1 order by seq", event_id
        )
        return [LogEntry(**{**dict(row), "body": json.loads(row["body"])}) for row in rows]

    async def last_words(self, connection: Connection, event_id: uuid.UUID) -> dict[str, Any]:
        """The newest entry about each person, by their id."""
        rows = await connection.fetch(
            """
            select distinct on (body::jsonb ->> 'attendee') body from attendance_log
            where event_id = $1 and type = 'person' order by body::jsonb ->> 'attendee', seq desc
            """,
            event_id,
        )
        bodies = [json.loads(row["body"]) for row in rows]
        return {body["attendee"]: body for body in bodies}

    async def to_seal(self) -> list[uuid.UUID]:
        """Events that are over whose log was never sealed, or before the last change."""
        rows = await self.pool.fetch(
            """
            select e.id from event e join attendance_chain c on c.event_id = e.id
            where e.state = 'ended' and (c.changed or c.sealed_at is null) limit 50
            """
        )
        return [row["id"] for row in rows]
