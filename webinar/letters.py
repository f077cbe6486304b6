"""Who gets which letter: composes events, registration and mail. Writes letters down; the worker sends them."""

from __future__ import annotations

from collections.abc import Sequence

from webinar.base import log
from webinar.base.db import Pool
from webinar.base.settings import Settings
from webinar.events.model import Event
from webinar.registration.model import Attendee

_log = log.get(__name__)


class Letters:
    """One a process. Does nothing but log where no mail server is set; never raises for what mail is concerned."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self.on = settings.smtp_url is not None
        self._pool = pool

    async def registered(self, event: Event, attendee: Attendee) -> None:
        """After a registration: with a seat, a place on the waiting list, or the host to decide."""
        self._skip("registered", event)

    async def decided(self, event: Event, attendee: Attendee) -> None:
        """Approved, declined, or moved up from the waiting list: by the attendee's status as it is now."""
        self._skip("decided", event)

    async def cancelled(self, event: Event, attendee: Attendee) -> None:
        """A registration was cancelled, by the person or the host."""
        self._skip("cancelled", event)

    async def invited(self, event: Event, attendees: Sequence[Attendee]) -> None:
        """The host added these people."""
        self._skip("invited", event)

    async def link(self, event: Event, attendee: Attendee) -> None:
        """The personal link once more: asked for, or renewed."""
        self._skip("link", event)

    async def event_changed(self, event: Event, what: str = "") -> None:
        """After each change of title or time; what people were told before is remembered. `what` is for the log."""
        self._skip("changed", event)

    async def event_cancelled(self, event: Event) -> None:
        """It does not take place. To be called before the event is deleted; its letters outlive it."""
        self._skip("called_off", event)

    async def followup(self, event: Event) -> int:
        """To those who came and those who did not, each their own, once a person. How many were written now."""
        self._skip("followup", event)
        return 0

    async def certificate(self, event: Event, attendee: Attendee, url: str) -> None:
        """Their certificate is at `url`."""
        self._skip("certificate", event)

    def _skip(self, kind: str, event: Event) -> None:
        if not self.on:
            _log.debug("no mail server is set, no letter", kind=kind, event_id=str(event.id))
