"""SQL of cuts: what is wanted of each recording, and whose turn it is to make it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final

from webinar.base.db import Pool
from webinar.recordings.cuts import Cut, CutState
from webinar.recordings.model import Recording
from webinar.recordings.store import COLUMNS, recording_of

_CUT: Final = (
    "recording_id, version, from_s, to_s, state, progress, problem, key, bytes, sha256, begins_s, ends_s, tries, "
    "asked_at, ready_at"
)


def _cut(row: Any) -> Cut:
    fields = dict(row)
    fields["state"] = CutState(fields["state"])
    return Cut(**fields)


class CutStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

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
            f"select {COLUMNS} from recording r join event e on e.id = r.event_id where r.id = $1",  # noqa: S608
            row["recording_id"],
        )
        return None if found is None else (_cut(row), recording_of(found))

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
            update recording_cut set
                progress = case when state = 'working' then $4 else progress end,
                leased_until = case when state = 'working' then now() + $5::interval end
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
