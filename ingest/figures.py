"""What a live session measures of its renditions, once a second."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.contract import RenditionHealth
from ingest.outlet import Outlet


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
