"""When a live session tells of itself, and what it measures of its renditions for that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from ingest.contract import RenditionHealth
from ingest.outlet import Outlet

_EVERY_S: Final = 1.0


class Meter:
    """Rates between two calls."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[int, int]] = {}

    def measure(self, outlets: Sequence[Outlet], elapsed_s: float) -> tuple[RenditionHealth, ...]:
        """The figures of the `elapsed_s` since the last call."""
        now = {outlet.name: (outlet.units, outlet.bytes) for outlet in outlets}
        health = []
        for outlet in outlets:
            units, size = (n - b for n, b in zip(now[outlet.name], self._before.get(outlet.name, (0, 0)), strict=True))
            health.append(
                RenditionHealth(
                    outlet.name,
                    round(units / elapsed_s, 1),
                    round(size * 8 / elapsed_s),
                    wanted_fps=outlet.frame_rate,
                    resting=outlet.resting,
                    late_s=round(outlet.late_s, 3),
                )
            )
        self._before = now
        return tuple(health)


class Heartbeat:
    """`announce` is called each second, and at once when something changed. All of it belongs to the event loop."""

    def __init__(self, outlets: Callable[[], Sequence[Outlet]], announce: Callable[[], None]) -> None:
        self.measured: tuple[RenditionHealth, ...] = ()  # in the last whole second, of who has `outlets`
        self._outlets = outlets
        self._announce = announce
        self._changed = asyncio.Event()

    def soon(self) -> None:
        """Something changed."""
        self._changed.set()

    async def run(self) -> None:
        """For ever."""
        meter = Meter()
        measured_at = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(max(0.0, measured_at + _EVERY_S - time.monotonic())):
                    await self._changed.wait()
            except TimeoutError:
                elapsed, measured_at = time.monotonic() - measured_at, time.monotonic()
                if outlets := self._outlets():
                    self.measured = meter.measure(outlets, elapsed)
            self._changed.clear()
            self._announce()
