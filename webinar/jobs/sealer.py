"""Seals the logs of attendance of events that are over, and again when a browser tells what it had kept offline."""

from __future__ import annotations

import asyncio
from typing import Final

from webinar.attendance.service import AttendanceService
from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError

_log = log.get(__name__)
# What comes within that time is one seal.
_LOOK_EVERY_S: Final = 20.0


class Sealer:
    """One a worker; that two of them seal the same changes nothing."""

    def __init__(self, attendance: AttendanceService) -> None:
        self._attendance = attendance

    async def keep(self) -> None:
        """Runs for the life of the process."""
        while True:
            try:
                await self.look()
            except (WebinarError, *AWAY) as error:
                _log.warning("attendance is sealed later", error=str(error) or type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> int:
        """How many logs were sealed. Raises what a query raises while PostgreSQL is away."""
        waiting = await self._attendance.to_seal()
        for event_id in waiting:
            await self._attendance.seal(event_id)
        return len(waiting)
