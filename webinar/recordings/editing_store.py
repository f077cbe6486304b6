"""SQL of what hosts make of a recording: chapters, captions, the gate of its replay; and marks of the programme."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webinar.base.db import Connection, Pool
from webinar.recordings.cut_store import CutStore
from webinar.recordings.cuts import Chapter
from webinar.recordings.gate import DEFAULT, Gate, SessionGate, Who
from webinar.recordings.marks import Mark, MarkKind


class EditingStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._cuts = CutStore(pool)

    async def mark(self, event_id: uuid.UUID, kind: str, body: dict[str, Any], at: datetime | None) -> Mark:
        row = await self._pool.fetchrow(
            """
            insert into programme_mark (event_id, kind, body, at) values ($1, $2, $3, coalesce($4, clock_timestamp()))
            returning id, at, kind, body
            """,
            event_id,
            kind,
            body,
            at,
        )
        assert row is not None  # noqa: S101 - returning
        return Mark(row["id"], row["at"], MarkKind(row["kind"]), row["body"])

    async def marks(self, event_id: uuid.UUID, most: int) -> list[Mark]:
        """Oldest first."""
        rows = await self._pool.fetch(
            "select id, at, kind, body from programme_mark where event_id = $1 order by at, id limit $2", event_id, most
        )
        return [Mark(row["id"], row["at"], MarkKind(row["kind"]), row["body"]) for row in rows]

    async def chapters(self, recording_id: uuid.UUID) -> list[Chapter] | None:
        """Those that a host saved; None while nobody has."""
        saved = await self._pool.fetchval("select chapters_saved_at from recording where id = $1", recording_id)
        if saved is None:
            return None
        rows = await self._pool.fetch(
            "select at_s, title from recording_chapter where recording_id = $1 order by position", recording_id
        )
        return [Chapter(row["at_s"], row["title"]) for row in rows]

    async def save_chapters(self, recording_id: uuid.UUID, chapters: Sequence[Chapter] | None) -> None:
        """None: those of the programme again. A file that has others is made anew."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("delete from recording_chapter where recording_id = $1", recording_id)
            await connection.executemany(
                "insert into recording_chapter (recording_id, position, at_s, title) values ($1, $2, $3, $4)",
                [(recording_id, n, chapter.at_s, chapter.title) for n, chapter in enumerate(chapters or ())],
            )
            await connection.execute(
                "update recording set chapters_saved_at = case when $2 then now() end where id = $1",
                recording_id,
                chapters is not None,
            )

    async def gate(self, event_id: uuid.UUID) -> Gate | None:
        row = await self._pool.fetchrow("select who, until, download from replay_gate where event_id = $1", event_id)
        return None if row is None else Gate(Who(row["who"]), row["until"], row["download"])

    async def gate_of_session(self, prefix: str) -> SessionGate | None:
        """None where no event has such a session."""
        row = await self._pool.fetchrow(
            """
            select e.id, e.state = 'ended' as over, g.who, g.until, g.download, r.id as recording_id
            from live_session s join event e on e.id = s.event_id left join replay_gate g on g.event_id = e.id
                left join recording r on r.event_id = e.id
            where s.hls_prefix = $1
            """,
            prefix,
        )
        if row is None:
            return None
        gate = DEFAULT if row["who"] is None else Gate(Who(row["who"]), row["until"], row["download"])
        cut = None if row["recording_id"] is None else await self._cuts.cut(row["recording_id"])
        return SessionGate(row["id"], row["over"], gate, cut.part() if cut is not None and cut.trims else None)

    async def set_gate(self, event_id: uuid.UUID, gate: Gate) -> None:
        await self._pool.execute(
            """
            insert into replay_gate (event_id, who, until, download) values ($1, $2, $3, $4)
            on conflict (event_id) do update set who = $2, until = $3, download = $4, changed_at = now()
            """,
            event_id,
            str(gate.who),
            gate.until,
            gate.download,
        )

    async def copy_gate(self, connection: Connection, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> None:
        """It shuts as long after their starts."""
        await connection.execute(
            """
            insert into replay_gate (event_id, who, until, download)
            select t.id, g.who, g.until + (t.starts_at - s.starts_at), g.download
            from replay_gate g join event s on s.id = g.event_id, event t where s.id = $1 and t.id = any($2)
            on conflict (event_id) do nothing
            """,
            source,
            targets,
        )

    async def captions(self, recording_id: uuid.UUID) -> dict[str, str]:
        """WebVTT by language, on the recording's clock."""
        rows = await self._pool.fetch(
            "select language, vtt from recording_caption where recording_id = $1 order by language", recording_id
        )
        return {row["language"]: row["vtt"] for row in rows}

    async def set_caption(self, recording_id: uuid.UUID, language: str, vtt: str | None) -> None:
        """None: there are none any more."""
        if vtt is None:
            await self._pool.execute(
                "delete from recording_caption where recording_id = $1 and language = $2", recording_id, language
            )
            return
        await self._pool.execute(
            """
            insert into recording_caption (recording_id, language, vtt) values ($1, $2, $3)
            on conflict (recording_id, language) do update set vtt = $3, changed_at = now()
            """,
            recording_id,
            language,
            vtt,
        )
