"""Destroys what an event knows of people on the date that they were promised, and tells its host a week before."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError
from webinar.destruction import Destruction
from webinar.events.receipts import WARNING
from webinar.mail.service import MailService

_log = log.get(__name__)

DESTROYED: Final = Counter("webinar_events_destroyed_total", "Events destroyed on their date")

_A_ROUND: Final = 20
# An event must have been due for so long by a clock that does not jump: a wrong date on the machine, set right within
# the hour, destroys nothing.
PATIENCE_S: Final = 3600.0


class Retention:
    """One a worker; that two of them destroy the same changes nothing."""

    def __init__(
        self,
        destruction: Destruction,
        mail: MailService | None = None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`mail`: None where no mail server is set; then only the event's page tells the host."""
        self._destruction = destruction
        self._mail = mail
        self._patience_s = patience_s
        self._clock = clock
        self._steady = steady
        self._since: dict[uuid.UUID, float] = {}

    async def keep(self, every_s: float = 300.0) -> None:
        """Runs for the life of the worker."""
        while True:
            try:
                await self.look()
            except (WebinarError, *AWAY) as error:
                _log.warning("data is destroyed later", error=str(error) or type(error).__name__)
            await asyncio.sleep(every_s)

    async def look(self) -> int:
        """One round; how many events were destroyed. Raises what a query raises while PostgreSQL is away."""
        if self._mail is not None:
            await self._mail.destroyed_soon(self._clock(), WARNING)
        now = self._steady()
        due = await self._destruction.due(self._clock(), _A_ROUND)
        self._since = {event_id: self._since.get(event_id, now) for event_id in due}
        destroyed = 0
        for event_id, since in self._since.items():
            if now - since >= self._patience_s:
                destroyed += await self._destroy(event_id)
        # Of those whom hosts or they themselves removed, too: last, so that it stands in nobody's way.
        await self._destruction.drop_words()
        return destroyed

    async def _destroy(self, event_id: uuid.UUID) -> bool:
        """False: another one did, or it cannot be done now; the next round looks again."""
        try:
            await self._destruction.destroy(event_id, "date")
        except WebinarError as error:
            _log.warning("an event is destroyed later", event_id=str(event_id), error=error.message)
            return False
        DESTROYED.inc()
        return True
