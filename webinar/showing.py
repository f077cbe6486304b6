"""What follow-up letters say of the recording: what holds for whom they go to, when they go out or are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from webinar.events.model import Event, EventState
from webinar.mail.model import Kind, Plan, Shown
from webinar.recordings.editing import Editing
from webinar.recordings.gate import refusal
from webinar.recordings.model import RecordingState, film
from webinar.recordings.service import RecordingService


class Showing:
    """One a process, over recordings and mail, which do not know each other."""

    def __init__(
        self,
        recordings: RecordingService,
        editing: Editing,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._recordings = recordings
        self._editing = editing
        self._clock = clock

    async def of(self, event: Event, plan: Plan) -> Plan:
        """The plan as it holds now; that of a letter which is no follow-up as it is."""
        return replace(plan, shown=await self._to(event, plan.kind)) if plan.sort.followup else plan

    async def _to(self, event: Event, kind: Kind) -> Shown:
        gate = await self._editing.gate(event.id)
        if refusal(gate, self._clock(), seated=True, attended=kind is Kind.THANKS) is not None:
            return Shown.NOT
        if event.state is not EventState.ENDED:
            return Shown.NOW  # an example of what will be sent: by then it is ready
        found = await self._recordings.of_event(event.id)
        if not found or found[0].state is RecordingState.FAILED:
            return Shown.NOT
        return Shown.SOON if film(found[0]) is None else Shown.NOW
