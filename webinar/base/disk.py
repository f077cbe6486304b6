"""The disk that recordings are written to, and what is kept free on it for them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from prometheus_client import Gauge

FREE: Final = Gauge("webinar_disk_free_bytes", "Free on the disk of the data folder, as last looked at")
RESERVE: Final = Gauge("webinar_disk_reserve_bytes", "Of that, kept for recordings")


def free_on(folder: Path) -> int:
    """Bytes that this user may still write in `folder`. Raises `OSError`."""
    return shutil.disk_usage(folder).free


class Disk:
    """One a process. `free` is where its figure comes from."""

    def __init__(self, folder: Path, reserve: int, free: Callable[[Path], int] = free_on) -> None:
        self.reserve = reserve  # bytes: below, nothing but recordings is written
        self.free = reserve * 1_000  # bytes, until it was looked at
        self._folder = folder
        self._measure = free
        RESERVE.set(reserve)

    async def look(self) -> int:
        """Bytes free now. Raises `OSError`."""
        self.free = await asyncio.to_thread(self._measure, self._folder)
        FREE.set(self.free)
        return self.free

    @property
    def low(self) -> bool:
        """Whether what is left is for recordings alone."""
        return self.free < self.reserve
