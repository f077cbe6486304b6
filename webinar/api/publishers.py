"""Whose the WHIP sessions are that began in this process by a link by role: when it is revoked they end at once."""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.errors import WebinarError
from webinar.registration.service import out_subject

_log = log.get(__name__)
_MOST: Final = 1000  # what was begun longest ago is forgotten first: one event has one presenter on air


class Publishers:
    """One a web process. Of sessions that ended since, nothing is found to end."""

    def __init__(
        self, close: Callable[[uuid.UUID, str], Awaitable[object]], doubt: Callable[[str], None] = lambda _: None
    ) -> None:
        """`close(event, resource)` ends a session; raises `NotFound` when it has ended already. `doubt(person)` is told
        whose link may be revoked.
        """
        self._close = close
        self._doubt = doubt
        self._persons: OrderedDict[tuple[uuid.UUID, str], str] = OrderedDict()

    async def listen(self, bus: Bus) -> None:
        await bus.subscribe(out_subject("*"), self._on_out)

    def began(self, event_id: uuid.UUID, resource: str, person: str) -> None:
        self._persons[event_id, resource] = person
        if len(self._persons) > _MOST:
            self._persons.popitem(last=False)

    async def _on_out(self, payload: bytes) -> None:
        person = str(json.loads(payload).get("person", ""))
        self._doubt(person)
        for event_id, resource in [session for session, known in self._persons.items() if known == person]:
            await self.end(event_id, resource)

    async def end(self, event_id: uuid.UUID, resource: str) -> None:
        """Of who has no right to it any more. Of one that has ended already nothing happens."""
        person = self._persons.pop((event_id, resource), "")
        try:
            await self._close(event_id, resource)
        except WebinarError as error:
            _log.info("nothing to end of a revoked link", event_id=str(event_id), error=error.code)
        else:
            _log.info("a revoked link's stream ended", event_id=str(event_id), person=person)
