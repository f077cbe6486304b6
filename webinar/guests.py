"""What follows when people of an event move: each is written to, with what the event is now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from webinar.base.errors import NotFound
from webinar.events.service import EventService
from webinar.letters import Letters
from webinar.registration.model import Attendee, Status, Step


class Guests:
    """One a process, over subjects that do not know one another."""

    def __init__(self, events: EventService, letters: Letters) -> None:
        self._events = events
        self._letters = letters

    async def moved(self, event_id: uuid.UUID, steps: Sequence[Step]) -> None:
        """Called after the commit. An event that was deleted meanwhile has nobody to write to."""
        try:
            event = await self._events.get(event_id)
        except NotFound:
            return
        invited: list[Attendee] = []
        for step in steps:
            attendee = step.attendee
            if attendee.forgotten_at is not None:  # there is no address any more
                continue
            if attendee.status is Status.CANCELLED:
                await self._letters.cancelled(event, attendee)
            elif step.by_host and step.before in (None, Status.CANCELLED):
                invited.append(attendee)
            elif step.before in (None, Status.CANCELLED):
                await self._letters.registered(event, attendee)
            elif attendee.status in (Status.APPROVED, Status.DECLINED):
                await self._letters.decided(event, attendee)
        if invited:
            await self._letters.invited(event, invited)
