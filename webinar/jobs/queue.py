"""Runs queued work: so many of a kind at once, again after a growing wait, with an end that can be seen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from prometheus_client import Counter, Gauge

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError
from webinar.base.queue import LEASE, Again, Hopeless, Job, JobStore, Payload

_log = log.get(__name__)

RAN: Final = Counter("webinar_jobs_run_total", "Queued jobs that ran", ["job", "outcome"])
QUEUED: Final = Gauge("webinar_jobs", "Queued jobs, as counted every 15 s", ["job", "state"])

_COUNT_EVERY_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How one kind of job is done.

    `run` may be run twice for the same job. It raises `Again` or `Hopeless`; whatever else it raises is logged and
    tried again, too. `failed` is told when the job will not be tried any more, before it is written down as failed.
    """

    run: Callable[[Payload], Awaitable[None]]
    failed: Callable[[Payload, str], Awaitable[None]] | None = None
    at_once: int = 2
    tries: int = 10
    limit_s: float = 60.0
    first_wait_s: float = 5.0
    longest_wait_s: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 < self.limit_s < LEASE.total_seconds() - 15:
            raise ValueError("a handler must end well before its lease does")

    def wait(self, attempts: int) -> timedelta:
        """After that many attempts; jobs that failed together do not come back together."""
        exact = min(self.longest_wait_s, self.first_wait_s * 2 ** (attempts - 1))
        return timedelta(seconds=exact * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, keeps no secret


class Runner:
    """One a worker; any number of workers share one queue."""

    def __init__(self, store: JobStore, handlers: Mapping[str, Handler], *, look_every_s: float = 0.5) -> None:
        self._store = store
        self._handlers = handlers
        self._look_every_s = look_every_s
        self._running: dict[asyncio.Task[None], Job] = {}

    async def keep(self) -> None:
        """For the life of the worker. When cancelled, what was begun is given back, to be run by the next one."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._count(), name="count jobs")
                while True:
                    await self._take(tasks)
                    await self._pause()
        finally:
            self._running.clear()

    async def _pause(self) -> None:
        """Until a job is done, which may leave room for the next, or it is time to look again."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._look_every_s, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self._look_every_s)

    async def _take(self, tasks: asyncio.TaskGroup) -> None:
        room = {name: handler.at_once for name, handler in self._handlers.items()}
        for job in self._running.values():
            room[job.name] -= 1
        try:
            for name in await self._store.due([name for name, free in room.items() if free > 0]):
                for job in await self._store.claim(name, room[name]):
                    task = tasks.create_task(self._run(job), name=f"job {name}")
                    self._running[task] = job
                    task.add_done_callback(self._running.pop)
        except AWAY as error:
            _log.warning("jobs wait, the database is away", error=str(error) or type(error).__name__)

    async def _run(self, job: Job) -> None:
        """One attempt, and what is written about it. A database that is away then leaves it to the lease."""
        handler = self._handlers[job.name]
        working = asyncio.create_task(self._attempt(handler, job), name=f"{job.name} {job.id}")
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.wait({working})
            await self._give_back(job)
            raise
        error = None if working.cancelled() else working.exception()
        try:
            await self._settle(handler, job, error)
        except (WebinarError, *AWAY) as away:
            _log.warning("a job's outcome is not written, it will run again", job=job.name, error=str(away))

    async def _attempt(self, handler: Handler, job: Job) -> None:
        if job.attempts > handler.tries:
            raise Hopeless("the worker ended each time while it did this")
        async with asyncio.timeout(handler.limit_s):
            await handler.run(job.payload)

    async def _settle(self, handler: Handler, job: Job, error: BaseException | None) -> None:
        if error is None:
            await self._store.done(job)
            RAN.labels(job.name, "done").inc()
            return
        why = str(error) or type(error).__name__
        if not isinstance(error, (Again, Hopeless, WebinarError, *AWAY)):
            _log.error("a job failed", job=job.name, id=job.id, exc_info=error)
        counted = error.counted if isinstance(error, Again) else True
        if isinstance(error, Hopeless) or (counted and job.attempts >= handler.tries):
            if handler.failed is not None:
                await handler.failed(job.payload, why)
            await self._store.fail(job, why)
            RAN.labels(job.name, "failed").inc()
            _log.error("a job is given up", job=job.name, id=job.id, attempts=job.attempts, error=why)
            return
        after = error.after if isinstance(error, Again) and error.after is not None else handler.wait(job.attempts)
        await self._store.wait(job, after, why, counted=counted)
        RAN.labels(job.name, "again").inc()
        _log.info(
            "a job waits", job=job.name, id=job.id, attempts=job.attempts, seconds=after.total_seconds(), error=why
        )

    async def _give_back(self, job: Job) -> None:
        try:
            await self._store.wait(job, timedelta(0), "the worker stopped", counted=False)
        except AWAY as error:
            _log.warning("a job runs again after its lease", job=job.name, error=str(error) or type(error).__name__)

    async def _count(self) -> None:
        while True:
            try:
                counts = await self._store.counts()
                QUEUED.clear()
                for (name, state), jobs in counts.items():
                    QUEUED.labels(name, state).set(jobs)
            except AWAY as error:
                _log.warning("jobs cannot be counted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_COUNT_EVERY_S)
