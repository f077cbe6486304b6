"""Queued work: in the transaction of whoever asks for it, at least once, and not for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest

from tests.waiting import until
from webinar.base.db import Pool
from webinar.base.queue import Again, Hopeless, JobStore, Payload, enqueue
from webinar.jobs.queue import Handler, Runner


@contextlib.asynccontextmanager
async def runner(pool: Pool, handlers: Mapping[str, Handler]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Runner(JobStore(pool), handlers, look_every_s=0.02).keep(), name="jobs")
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def jobs(pool: Pool) -> dict[tuple[str, str], int]:
    return await JobStore(pool).counts()


async def none_left(pool: Pool) -> bool:
    return await jobs(pool) == {}


async def test_a_job_exists_only_with_the_transaction_that_asked_for_it(pool: Pool) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with pool.acquire() as connection, connection.transaction():
            await enqueue(connection, "greet", {})
            raise ZeroDivisionError
    assert await jobs(pool) == {}
    await enqueue(pool, "greet", {})
    assert await jobs(pool) == {("greet", "waiting"): 1}


async def test_of_one_key_one_job_waits_with_the_newest_payload_and_another_can_while_it_runs(pool: Pool) -> None:
    seen: list[str] = []
    began, go_on = asyncio.Event(), asyncio.Event()

    async def run(payload: Payload) -> None:
        seen.append(payload["what"])
        began.set()
        await go_on.wait()

    await enqueue(pool, "tell", {"what": "old"}, key="event", after=timedelta(hours=1))
    await enqueue(pool, "tell", {"what": "new"}, key="event")
    assert await jobs(pool) == {("tell", "waiting"): 1}
    async with runner(pool, {"tell": Handler(run=run)}):
        await asyncio.wait_for(began.wait(), 20)
        await enqueue(pool, "tell", {"what": "newer"}, key="event")
        go_on.set()
        await until(lambda: none_left(pool))
    assert seen == ["new", "newer"]


async def test_what_fails_is_tried_again_and_then_given_up_where_it_can_be_seen(pool: Pool) -> None:
    tries: list[int] = []
    told: list[str] = []

    async def run(payload: Payload) -> None:
        tries.append(1)
        raise Again("away")

    async def failed(payload: Payload, why: str) -> None:
        told.append(why)

    handler = Handler(run=run, failed=failed, tries=3, first_wait_s=0.01)
    await enqueue(pool, "send", {"email": "kim@example.org"})
    async with runner(pool, {"send": handler}):
        await until(lambda: _is(pool, {("send", "failed"): 1}))
    assert await pool.fetchval("select payload from job") == {}, "what failed names nobody"
    assert (len(tries), told) == (3, ["away"])
    assert await pool.fetchval("select error from job") == "away"


async def test_what_only_had_to_wait_its_turn_has_not_been_tried(pool: Pool) -> None:
    turns: list[int] = []

    async def run(payload: Payload) -> None:
        turns.append(1)
        if len(turns) < 5:
            raise Again("others go first", timedelta(0), counted=False)

    await enqueue(pool, "send", {})
    async with runner(pool, {"send": Handler(run=run, tries=1)}):
        await until(lambda: none_left(pool))
    assert len(turns) == 5


async def _is(pool: Pool, counts: dict[tuple[str, str], int]) -> bool:
    return await jobs(pool) == counts


async def test_what_is_hopeless_is_not_tried_again_and_one_broken_job_stops_no_other(pool: Pool) -> None:
    done: list[str] = []

    async def hopeless(payload: Payload) -> None:
        raise Hopeless("no such thing")

    async def broken(payload: Payload) -> None:
        raise KeyError("a fault of ours")

    async def fine(payload: Payload) -> None:
        done.append("fine")

    for name in ("hopeless", "broken", "fine"):
        await enqueue(pool, name, {})
    handlers = {"hopeless": Handler(run=hopeless), "broken": Handler(run=broken, tries=1), "fine": Handler(run=fine)}
    async with runner(pool, handlers) as task:
        await until(lambda: _is(pool, {("hopeless", "failed"): 1, ("broken", "failed"): 1}))
        assert not task.done()
    assert done == ["fine"]


async def test_a_job_of_a_worker_that_was_killed_runs_again_but_not_for_ever(pool: Pool) -> None:
    """A worker that is killed writes nothing: its job stays claimed until the lease has run out."""
    ran: list[int] = []

    async def run(payload: Payload) -> None:
        ran.append(1)

    store = JobStore(pool)
    await enqueue(pool, "work", {})
    (job,) = await store.claim("work", 5)
    assert await store.claim("work", 5) == []
    await pool.execute("update job set leased_until = now() - interval '1 second'")
    (again,) = await store.claim("work", 5)
    assert (job.attempts, again.attempts) == (1, 2)
    await store.done(job)  # whoever was thought dead cannot end what another has taken over
    assert await jobs(pool) == {("work", "running"): 1}
    await pool.execute("update job set leased_until = now() - interval '1 second', attempts = 10")
    async with runner(pool, {"work": Handler(run=run, tries=10)}):
        await until(lambda: _is(pool, {("work", "failed"): 1}))
    assert ran == []


async def test_a_worker_that_stops_gives_back_what_it_began_and_does_not_count_it(pool: Pool) -> None:
    began = asyncio.Event()

    async def run(payload: Payload) -> None:
        began.set()
        await asyncio.Event().wait()

    await enqueue(pool, "long", {})
    async with runner(pool, {"long": Handler(run=run)}):
        await asyncio.wait_for(began.wait(), 20)
    row = await pool.fetchrow("select state, attempts from job")
    assert row is not None
    assert dict(row) == {"state": "waiting", "attempts": 0}


async def test_no_more_of_a_kind_run_at_once_than_its_handler_says(pool: Pool) -> None:
    now, most = 0, 0

    async def run(payload: Payload) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    for number in range(30):
        await enqueue(pool, "many", {"number": number})
    async with runner(pool, {"many": Handler(run=run, at_once=3)}), runner(pool, {}):
        await until(lambda: none_left(pool))
    assert most == 3


def test_a_handler_must_end_before_its_lease_does() -> None:
    async def run(payload: Payload) -> None: ...

    with pytest.raises(ValueError, match="lease"):
        Handler(run=run, limit_s=600)
