"""What this process sends of events, as its API asks for it: nothing in processes and tests that serve no media."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING

from webinar.api.crowd import Sent
from webinar.base.errors import WebinarError

if TYPE_CHECKING:
    from webinar.delivery.live import Live


class OnAir:
    """One a process, over its media or None."""

    def __init__(self, live: Live | None) -> None:
        self._live = live

    def playable(self, event_id: str) -> str | None:
        """The prefix of the live session that viewers can play now."""
        session = None if self._live is None else self._live.session(event_id)
        return None if session is None else session.hls_prefix

    def sent(self, event_id: str | None = None) -> dict[str, Sent]:
        """Over WHEP, by event; of all of them, or of one."""
        if self._live is None:
            return {}
        whep = self._live.whep
        asked = whep.events if event_id is None else {event_id} & set(whep.events)
        stats = {name: whep.stats(name) for name in asked}
        return {name: Sent(s.viewers, s.by_rung, s.totals.lateness_s) for name, s in stats.items()}

    def close_whep(self, resource: str) -> None:
        """One viewer's session; of one that ended before nothing happens."""
        if self._live is not None:
            with contextlib.suppress(WebinarError):
                self._live.whep.delete(resource)

    def silent(self) -> set[uuid.UUID]:
        """Events of which ingest sends nothing any more, without having said that it ended."""
        found = set()
        for event_id in () if self._live is None else self._live.silent():
            with contextlib.suppress(ValueError):  # no event of ours
                found.add(uuid.UUID(event_id))
        return found

    def over(self, event_id: uuid.UUID) -> None:
        """The event has ended and its ingest cannot say so."""
        if self._live is not None:
            self._live.over(str(event_id))
