"""Work that is done later by a worker, written down in the transaction that made it necessary.

A job is a row of `job` from its `enqueue` until it is done, then it is gone. It runs at least once: whoever claims it
holds a lease, and when that runs out (the worker was killed) another claims it again, a bounded number of times. Its
handler must bear being run twice.

Why not pgqueuer, which was looked at (1.6) and is otherwise a good queue on asyncpg: a job that is cut off by the
worker's stop is marked as cancelled and never runs again; one that kills its worker is picked up again without end,
since only a handler that comes back counts as an attempt; its deduplication key also holds while the job runs, so a
change that is made just then would be told to nobody; and it costs every web process 0.8 s of imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from webinar.base.db import Connection, Pool

Payload = dict[str, Any]

# Longer than any handler may take (`Handler.limit_s`), so that nobody runs what another still does.
LEASE: Final = timedelta(seconds=150)
_KEEP_FAILED: Final = timedelta(days=30)
_MAX_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed job; `attempts` counts this one."""

    id: int
    name: str
    payload: Payload
    attempts: int
    enqueued_at: datetime


class Again(Exception):
    """Raised by a handler: not now. `after` overrides the usual wait; not `counted`, nothing was attempted."""

    def __init__(self, why: str, after: timedelta | None = None, *, counted: bool = True) -> None:
        super().__init__(why)
        self.after = after
        self.counted = counted


class Hopeless(Exception):
    """Raised by a handler: trying again would change nothing."""


async def enqueue(
    connection: Connection | Pool,
    job: str,
    payload: Payload,
    *,
    after: timedelta = timedelta(0),
    key: str | None = None,
) -> None:
    """Within the caller's transaction: `job` runs with `payload` once that is committed and `after` has passed.

    With a `key` there is one such job waiting at most: a second one puts its payload in the first one's place and may
    bring it forward, never put it off. While it runs, another can wait.
    """
    await connection.execute(
        """
        insert into job (name, payload, key, run_at) values ($1, $2, $3, now() + $4::interval)
        on conflict (name, key) where state = 'waiting' and key is not null
        do update set payload = excluded.payload, run_at = least(job.run_at, excluded.run_at)
        """,
        job,
        payload,
        key,
        after,
    )


async def enqueue_many(
    connection: Connection | Pool, job: str, payloads: list[Payload], keys: list[str] | None = None
) -> None:
    """The same for many at once; `keys` are new ones, which no job has yet."""
    await connection.executemany(
        "insert into job (name, payload, key) values ($1, $2, $3)",
        [(job, payload, keys[n] if keys else None) for n, payload in enumerate(payloads)],
    )


class JobStore:
    """What a worker does with the rows."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def due(self, names: list[str]) -> set[str]:
        """Which of these jobs have something to do now."""
        rows = await self._pool.fetch(
            """
            select distinct name from job where name = any($1)
                and ((state = 'waiting' and run_at <= now()) or (state = 'running' and leased_until < now()))
            """,
            names,
        )
        return {row["name"] for row in rows}

    async def claim(self, name: str, most: int) -> list[Job]:
        """Those that have waited longest, for `LEASE`; what another worker holds is passed over."""
        rows = await self._pool.fetch(
            """
            update job set state = 'running', attempts = attempts + 1, leased_until = now() + $3::interval
            where id in (
                select id from job where name = $1
                    and ((state = 'waiting' and run_at <= now()) or (state = 'running' and leased_until < now()))
                order by run_at, id limit $2 for update skip locked
            )
            returning id, name, payload, attempts, enqueued_at
            """,
            name,
            most,
            LEASE,
        )
        return sorted((Job(**dict(row)) for row in rows), key=lambda job: job.id)

    async def done(self, job: Job) -> None:
        await self._pool.execute("delete from job where id = $1 and attempts = $2", job.id, job.attempts)

    async def wait(self, job: Job, after: timedelta, why: str, *, counted: bool = True) -> None:
        """Runs again `after` that; unless one of the same key already waits, which does the same work."""
        try:
            await self._pool.execute(
                """
                update job set state = 'waiting', leased_until = null, run_at = now() + $3::interval, error = $4,
                    attempts = attempts - $5
                where id = $1 and attempts = $2 and state = 'running'
                """,
                job.id,
                job.attempts,
                after,
                why[:_MAX_ERROR],
                0 if counted else 1,
            )
        except asyncpg.UniqueViolationError:
            await self.done(job)

    async def fail(self, job: Job, why: str) -> None:
        """For good; that it failed and why is kept for a month, what it was given is not: it may name people."""
        await self._pool.execute(
            """
            update job set state = 'failed', leased_until = null, failed_at = now(), error = $3, payload = '{}'
            where id = $1 and attempts = $2 and state = 'running'
            """,
            job.id,
            job.attempts,
            why[:_MAX_ERROR],
        )

    async def counts(self) -> dict[tuple[str, str], int]:
        """(name, state) → jobs. Failed ones older than a month are removed first."""
        old = "delete from job where state = 'failed' and failed_at < now() - $1::interval"
        await self._pool.execute(old, _KEEP_FAILED)
        rows = await self._pool.fetch("select name, state, count(*) as jobs from job group by name, state")
        return {(row["name"], row["state"]): int(row["jobs"]) for row in rows}
