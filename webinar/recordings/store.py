"""SQL of recordings: the file of each event."""

from __future__ import annotations

import uuid
from typing import Any, Final

from webinar.base.db import Pool
from webinar.base.queue import enqueue
from webinar.recordings.model import PATIENCE, SOUND_PATIENCE, Recording, RecordingState

# The job that tells of a recording that is ready.
RECORDED: Final = "recorded"
# Of `recording r` and its `event e`.
COLUMNS: Final = (
    "r.id, r.event_id, e.title, r.state, r.key, r.bytes, r.sha256, r.duration_s, r.complete, r.audio_bytes, "
    "r.created_at, r.ready_at"
)


def recording_of(row: Any) -> Recording:
    """Of a row with `COLUMNS`."""
    fields = dict(row)
    fields["state"] = RecordingState(fields["state"])
    return Recording(**fields)


class RecordingStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(self, event_id: uuid.UUID) -> None:
        """The row of an event; one for good."""
        await self._pool.execute(
            """
            insert into recording (event_id, state) select id, 'recording' from event where id = $1
            on conflict (event_id) do nothing
            """,
            event_id,
        )

    async def states(self, events: list[uuid.UUID]) -> dict[uuid.UUID, RecordingState]:
        """Of the recordings of many events; those that have one."""
        rows = await self._pool.fetch("select event_id, state from recording where event_id = any($1)", events)
        return {row["event_id"]: RecordingState(row["state"]) for row in rows}

    async def of_event(self, event_id: uuid.UUID) -> list[Recording]:
        rows = await self._pool.fetch(
            f"select {COLUMNS} from recording r join event e on e.id = r.event_id where r.event_id = $1",  # noqa: S608
            event_id,
        )
        return [recording_of(row) for row in rows]

    async def get(self, recording: uuid.UUID) -> Recording | None:
        row = await self._pool.fetchrow(
            f"select {COLUMNS} from recording r join event e on e.id = r.event_id where r.id = $1",  # noqa: S608
            recording,
        )
        return None if row is None else recording_of(row)

    async def take(
        self,
        event_id: uuid.UUID,
        session_id: str,
        key: str,
        size: int,
        sha256: str,
        duration_s: float,
        complete: bool,
        audio_bytes: int,
    ) -> bool:
        """Makes a closed file the event's recording; True when that changed the row, and `RECORDED` is put down.

        Not while the event is live, nor while another session of it may still close a file. Of several files the
        longest stays: a session that follows a crash closes with all joined. Its sound comes later.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.fetchval(
                """
                insert into recording as r (
                    event_id, state, key, bytes, sha256, duration_s, complete, audio_bytes, ready_at)
                select e.id, 'ready', $3, $4, $5, $6, $7, nullif($8, 0), now() from event e
                where e.id = $1 and e.state = 'ended' and (
                    not exists (select from live_session s where s.event_id = $1 and s.ended_at is null)
                    or $2 = (select id from live_session s where s.event_id = $1 order by started_at desc limit 1))
                on conflict (event_id) do update set state = 'ready', key = $3, bytes = $4, sha256 = $5,
                    duration_s = $6, complete = $7, audio_bytes = nullif($8, 0),
                    ready_at = case when r.state = 'ready' and r.sha256 = $5 then r.ready_at else now() end
                where r.state <> 'ready' or r.duration_s < $6 or (r.key = $3 and r.sha256 <> $5)
                    or (r.key = $3 and r.sha256 = $5 and $8 > 0 and r.audio_bytes is distinct from $8)
                returning true
                """,
                event_id,
                session_id,
                key,
                size,
                sha256,
                duration_s,
                complete,
                audio_bytes,
            )
            if done:
                await enqueue(connection, RECORDED, {"event": str(event_id)}, key=str(event_id))
        return bool(done)

    async def give_up(self) -> list[uuid.UUID]:
        """Recordings of events long over for which no file came are marked failed; returns their events."""
        rows = await self._pool.fetch(
            """
            update recording r set state = 'failed' from event e
            where e.id = r.event_id and r.state = 'recording' and e.state = 'ended'
                and e.ended_at < now() - $1::interval
            returning r.event_id
            """,
            PATIENCE,
        )
        return [row["event_id"] for row in rows]

    async def unfinished(self) -> list[uuid.UUID]:
        """Events that are over and whose recording is not ready, or only just and without its sound alone."""
        rows = await self._pool.fetch(
            """
            select r.event_id from recording r join event e on e.id = r.event_id
            where e.state = 'ended'
                and (r.state <> 'ready' or (r.audio_bytes is null and r.ready_at > now() - $1::interval))
            """,
            SOUND_PATIENCE,
        )
        return [row["event_id"] for row in rows]
