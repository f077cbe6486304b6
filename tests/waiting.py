"""Waiting for conditions, with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], bool | Awaitable[bool]], *, timeout_s: float = 20.0, what: str = "") -> None:
    """Waits until `condition()` is true, looking every 20 ms; fails after `timeout_s`."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        found = condition()
        if not isinstance(found, bool):
            found = await found
        if found:
            return
        assert asyncio.get_running_loop().time() < deadline, what or "the condition did not come true in time"
        await asyncio.sleep(0.02)
