"""SQL of recordings."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from webinar.base.db import Pool
from webinar.recordings.cuts import Chapter, Cut, CutState
from webinar.recordings.gate import DEFAULT, Gate, SessionGate, Who
from webinar.recordings.marks import Mark, MarkKind
from webinar.recordings.model import PATIENCE, SOUND_PATIENCE, Recording, RecordingState

_COLUMNS: Final = (
    "r.id, r.event_id, e.title, r.state, r.key, r.bytes, r.sha256, r.duration_s, r.complete, r.audio_bytes, "
    "r.created_at, r.ready_at"
)


def _recording(row: Any) -> Recording:
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
            f"select {_COLUMNS} from recording r join event e on e.id = r.event_id where r.event_id = $1",  # noqa: S608
            event_id,
        )
        return [_recording(row) for row in rows]

    async def get(self, recording: uuid.UUID) -> Recording | None:
        row = await self._pool.fetchrow(
            f"select {_COLUMNS} from recording r join event e on e.id = r.event_id where r.id = $1",  # noqa: S608
            recording,
        )
        return None if row is None else _recording(row)

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
        """Makes a closed file the event's recording; True when that changed the row.

        Not while the event is live, nor while another session of it may still close a file. Of several files the
        longest stays: a session that follows a crash closes with all joined. Its sound comes later.
        """
        done = await self._pool.fetchval(
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


_CUT: Final = (
    "recording_id, version, from_s, to_s, state, progress, problem, key, bytes, sha256, begins_s, ends_s, tries, "
    "asked_at, ready_at"
)


def _cut(row: Any) -> Cut:
    fields = dict(row)
    fields["state"] = CutState(fields["state"])
    return Cut(**fields)


class EditingStore:
    """Chapters, captions, cuts, gates and marks of the programme."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

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

    async def cut(self, recording_id: uuid.UUID) -> Cut | None:
        row = await self._pool.fetchrow(
            f"select {_CUT} from recording_cut where recording_id = $1",  # noqa: S608
            recording_id,
        )
        return None if row is None else _cut(row)

    async def ask_cut(self, recording_id: uuid.UUID, from_s: float, to_s: float | None) -> Cut:
        """A new version is to be made. What the one before holds stays until then."""
        row = await self._pool.fetchrow(
            f"""
            insert into recording_cut as c (recording_id, from_s, to_s) values ($1, $2, $3)
            on conflict (recording_id) do update set version = excluded.version, from_s = $2, to_s = $3,
                state = 'waiting', progress = 0, problem = null, tries = 0, leased_until = null, asked_at = now()
            returning {_CUT}
            """,  # noqa: S608
            recording_id,
            from_s,
            to_s,
        )
        return _cut(row)

    async def drop_cut(self, recording_id: uuid.UUID) -> str | None:
        """The key of the file that nothing refers to any more."""
        key: str | None = await self._pool.fetchval(
            "delete from recording_cut where recording_id = $1 returning key", recording_id
        )
        return key

    async def claim_cut(self, lease: timedelta, tries: int) -> tuple[Cut, Recording] | None:
        """The one that waits longest, for `lease`; again when whoever had it was killed, `tries` times in all."""
        row = await self._pool.fetchrow(
            f"""
            update recording_cut set state = 'working', tries = tries + 1, leased_until = now() + $1::interval
            where recording_id = (
                select c.recording_id from recording_cut c join recording r on r.id = c.recording_id
                where r.state = 'ready' and c.tries < $2
                    and (c.state = 'waiting' or (c.state = 'working' and c.leased_until < now()))
                order by c.asked_at limit 1 for update of c skip locked
            )
            returning {_CUT}
            """,  # noqa: S608
            lease,
            tries,
        )
        if row is None:
            return None
        found = await self._pool.fetchrow(
            f"select {_COLUMNS} from recording r join event e on e.id = r.event_id where r.id = $1",  # noqa: S608
            row["recording_id"],
        )
        return None if found is None else (_cut(row), _recording(found))

    async def give_up_cuts(self, tries: int) -> int:
        """Those whose worker was killed each time."""
        done: str = await self._pool.execute(
            """
            update recording_cut set state = 'failed', problem = 'the worker ended each time while it made it'
            where tries >= $1 and state = 'working' and leased_until < now()
            """,
            tries,
        )
        return int(done.rpartition(" ")[2])

    async def cut_at(self, cut: Cut, progress: float, lease: timedelta) -> bool:
        """How far it is; False when another version is wanted by now, or another worker makes it."""
        done: str = await self._pool.execute(
            """
            update recording_cut set progress = $4, leased_until = now() + $5::interval
            where recording_id = $1 and version = $2 and tries = $3
            """,
            cut.recording_id,
            cut.version,
            cut.tries,
            progress,
            lease,
        )
        return done.endswith(" 1")

    async def cut_made(
        self, cut: Cut, key: str, size: int, sha256: str, begins_s: float, ends_s: float
    ) -> tuple[bool, str | None]:
        """Whether the file is wanted still, by this claim, and the key of the one that it replaces."""
        async with self._pool.acquire() as connection, connection.transaction():
            before = await connection.fetchrow(
                "select key from recording_cut where recording_id = $1 and version = $2 and tries = $3 for update",
                cut.recording_id,
                cut.version,
                cut.tries,
            )
            if before is None:
                return False, None
            await connection.execute(
                """
                update recording_cut set state = 'ready', progress = 1, problem = null, key = $2, bytes = $3,
                    sha256 = $4, begins_s = $5, ends_s = $6, ready_at = now(), leased_until = null
                where recording_id = $1
                """,
                cut.recording_id,
                key,
                size,
                sha256,
                begins_s,
                ends_s,
            )
            return True, before["key"]

    async def cut_failed(self, cut: Cut, problem: str) -> None:
        await self._pool.execute(
            """
            update recording_cut set state = 'failed', problem = $4, leased_until = null
            where recording_id = $1 and version = $2 and tries = $3
            """,
            cut.recording_id,
            cut.version,
            cut.tries,
            problem[:500],
        )

    async def cut_again(self, cut: Cut) -> None:
        """It was not its fault: the next worker begins anew."""
        await self._pool.execute(
            """
            update recording_cut set state = 'waiting', progress = 0, leased_until = null
            where recording_id = $1 and version = $2 and tries = $3 and state = 'working'
            """,
            cut.recording_id,
            cut.version,
            cut.tries,
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
        cut = None if row["recording_id"] is None else await self.cut(row["recording_id"])
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

    async def copy_gate(self, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> None:
        """It shuts as long after their starts."""
        await self._pool.execute(
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
