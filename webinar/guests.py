"""What follows when people of an event move: they are written to, and webhooks are told, by the worker."""

from __future__ import annotations

from collections.abc import Sequence

from webinar.base.errors import NotFound
from webinar.base.queue import Payload
from webinar.events.model import Event
from webinar.events.service import EventService
from webinar.letters import Letters
from webinar.registration.model import Attendee, Status, Step
from webinar.registration.moves import Move
from webinar.registration.service import RegistrationService
from webinar.telling import Telling


class Guests:
    """One a process, over subjects that do not know one another."""

    def __init__(
        self, events: EventService, registration: RegistrationService, letters: Letters, telling: Telling
    ) -> None:
        self._events = events
        self._registration = registration
        self._letters = letters
        self._telling = telling

    async def moved(self, payload: Payload) -> None:
        """Handler of the queue, for what `registration.moves` put down. Run twice for a move, it tells once.

        An event that was deleted meanwhile has nobody to tell. Raises what a query raises while PostgreSQL is away.
        """
        move = Move.read(payload)
        try:
            event = await self._events.get(move.event_id)
        except NotFound:
            return
        steps = await self._registration.steps(move)
        if self._letters.on:
            await self._write(event, steps, f"move {move.id}")
        await self._telling.moved(event, str(move.id), steps)

    async def _write(self, event: Event, steps: Sequence[Step], occasion: str) -> None:
        cancelled: list[Attendee] = []
        invited: list[Attendee] = []
        registered: list[Attendee] = []
        decided: list[Attendee] = []
        for step in steps:
            attendee, new = step.attendee, step.before in (None, Status.CANCELLED)
            if step.quiet:
                continue
            if attendee.status is Status.CANCELLED:
                cancelled.append(attendee)
            elif step.by_host and new:
                invited.append(attendee)
            elif new or attendee.status is Status.WAITLISTED:  # of the host's, too, where no seat was left
                registered.append(attendee)
            elif attendee.status in (Status.APPROVED, Status.DECLINED):
                decided.append(attendee)
            elif step.before is Status.APPROVED:  # the host decides once more
                registered.append(attendee)
        lost = {step.attendee.id for step in steps if step.before is Status.APPROVED}
        await self._letters.cancelled(event, cancelled, occasion, lost)
        await self._letters.registered(event, registered, occasion, lost)
        await self._letters.decided(event, decided, occasion, lost)
        await self._letters.invited(event, invited, occasion)
