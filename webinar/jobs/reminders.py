"""Writes the letters that nobody's act brings about: reminders before the start, follow-ups after the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import WebinarError
from webinar.letters import Letters
from webinar.mail.service import MailService

_log = log.get(__name__)
_LOOK_EVERY_S: Final = 10.0


class Reminders:
    """One a worker where a mail server is set; of several, each finds less to do."""

    def __init__(
        self, mail: MailService, letters: Letters, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._mail = mail
        self._letters = letters
        self._clock = clock

    async def keep(self) -> None:
        """For the life of the worker."""
        while True:
            try:
                await self.look()
            except (WebinarError, *AWAY) as error:
                _log.warning("reminders wait, the database is away", error=str(error) or type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> int:
        """One round; how many letters were written."""
        now = self._clock()
        written = await self._mail.remind(now)
        for event_id, kind in await self._mail.followups_due(now):
            try:
                letters = await self._letters.follow_up(event_id, kind)
            except (WebinarError, *AWAY) as error:  # deleted meanwhile: the others are written to all the same
                _log.warning("follow-up not written", event_id=str(event_id), kind=kind.value, error=str(error))
                continue
            _log.info("follow-up written", event_id=str(event_id), kind=kind.value, letters=letters)
            written += letters
        return written
