"""What the bus adds to its client: a cancellation is never lost."""

from __future__ import annotations

import asyncio

import pytest

from webinar.base.bus import Bus


class _Client:
    """Waits for its answer as nats-py does."""

    def __init__(self, answer: asyncio.Future[None]) -> None:
        self._answer = answer

    async def flush(self, *, timeout: float) -> None:
        await asyncio.wait_for(self._answer, timeout)


async def test_a_cancellation_that_comes_together_with_the_answer_is_not_lost() -> None:
    answer = asyncio.get_running_loop().create_future()
    bus = Bus(_Client(answer))  # type: ignore[arg-type]
    flushing = asyncio.create_task(bus.flush())
    await asyncio.sleep(0)
    answer.set_result(None)
    flushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flushing


async def test_what_cleans_up_after_a_cancellation_may_still_use_the_bus() -> None:
    answer = asyncio.get_running_loop().create_future()
    bus = Bus(_Client(answer))  # type: ignore[arg-type]
    flushed = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await bus.flush()
            flushed.set()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    answer.set_result(None)
    with pytest.raises(asyncio.CancelledError):
        await working
    assert flushed.is_set()
