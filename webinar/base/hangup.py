"""Waiting on behalf of a client, no longer than the client waits (ASGI HTTP, `http.disconnect`)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

T = TypeVar("T")


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None, with the work cancelled, when the client hangs up first. Reads on past the body."""
    working = asyncio.create_task(work, name="work for a client")
    gone = asyncio.create_task(hung_up(receive), name="client hangs up")
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def hung_up(receive: Receive) -> None:
    """Returns when the client has hung up. Reads on past the body."""
    while (await receive())["type"] != "http.disconnect":
        pass
