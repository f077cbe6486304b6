"""What follows when people of an event move: they are written to, with what the event is now."""

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
        cancelled: list[Attendee] = []
        invited: list[Attendee] = []
        registered: list[Attendee] = []
        decided: list[Attendee] = []
        for step in steps:
            attendee, new = step.attendee, step.before in (None, Status.CANCELLED)
            if attendee.forgotten_at is not None:  # there is no address any more
                continue
            if attendee.status is Status.CANCELLED:
                cancelled.append(attendee)
            elif step.by_host and new:
                invited.append(attendee)
            elif new or attendee.status is Status.WAITLISTED:  # of the host's, too, where no seat was left
                registered.append(attendee)
            elif attendee.status in (Status.APPROVED, Status.DECLINED):
                decided.append(attendee)
        letters = self._letters
        for write, people in (
            (letters.cancelled, cancelled),
            (letters.registered, registered),
            (letters.decided, decided),
            (letters.invited, invited),
        ):
            if people:
                await write(event, people)
