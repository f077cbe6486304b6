"""What webhooks are told: events, people and recordings in the words of the API, each thing once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webinar.base.errors import NotFound
from webinar.base.queue import Payload
from webinar.events.model import Event, EventState
from webinar.events.service import EventService
from webinar.hooks.model import HookType
from webinar.hooks.service import Hooks
from webinar.links import Links
from webinar.recordings.model import Recording, RecordingState
from webinar.recordings.service import RecordingService
from webinar.registration.model import Attendee, Status, Step

# What happened, which one of its kind it is (told once each), and what is told beside the event.
_Thing = tuple[HookType, str, dict[str, Any]]


class Telling:
    """One a process, over subjects that do not know one another. What is told has happened, and was put down with it.

    Methods raise what a query raises while PostgreSQL is away; done again, they tell nothing twice.
    """

    def __init__(self, hooks: Hooks, events: EventService, recordings: RecordingService, links: Links) -> None:
        self._hooks = hooks
        self._events = events
        self._recordings = recordings
        self._links = links

    async def turned(self, payload: Payload) -> None:
        """Handler of the queue: that the event has begun, or is over, as it is now. Nothing of a start that was taken
        back meanwhile, or of an event that was deleted.
        """
        event = await self._found(payload)
        if event is None or event.state not in (EventState.LIVE, EventState.ENDED):
            return
        things: list[_Thing] = [(HookType.EVENT_STARTED, _at(event.started_at), {})]
        if event.state is EventState.ENDED:
            report = {"report_url": f"{self._links.host(event)}/report"}
            things.append((HookType.EVENT_ENDED, _at(event.ended_at), {}))
            things.append((HookType.REPORT_READY, _at(event.ended_at), {"report": report}))
        await self._tell(event, things)

    async def recorded(self, payload: Payload) -> None:
        """Handler of the queue: that the event's recording is ready."""
        event = await self._found(payload)
        if event is None:
            return
        for recording in await self._recordings.of_event(event.id):
            if recording.state is RecordingState.READY:
                what = f"{recording.id} {_at(recording.ready_at)}"
                await self._tell(event, [(HookType.RECORDING_READY, what, {"recording": self._recording(recording)})])

    async def moved(self, event: Event, move: str, steps: Sequence[Step]) -> None:
        """People registered, were let in or cancelled. Told once a `move`."""
        told = [(type_, step.attendee) for step in steps for type_ in _types(step)]
        things = [(type_, f"{attendee.id} {move}", {"attendee": _attendee(attendee)}) for type_, attendee in told]
        if things:
            await self._tell(event, things)

    async def _found(self, payload: Payload) -> Event | None:
        try:
            return await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return None

    async def _tell(self, event: Event, things: Sequence[_Thing]) -> None:
        about = {"event": self._event(event)}
        await self._hooks.tell(
            event.id, [(type_, f"{event.id} {what}", {**about, **data}) for type_, what, data in things]
        )

    def _event(self, event: Event) -> dict[str, Any]:
        return {
            "id": str(event.id),
            "slug": event.slug,
            "title": event.title,
            "state": event.state.value,
            "starts_at": _at(event.starts_at),
            "started_at": _at(event.started_at) or None,
            "ended_at": _at(event.ended_at) or None,
            "event_url": self._links.event(event),
        }

    def _recording(self, recording: Recording) -> dict[str, Any]:
        return {
            "id": str(recording.id),
            "duration_s": recording.duration_s,
            "bytes": recording.bytes,
            "sha256": recording.sha256,
            "download_url": self._links.download(recording, host=True),
        }


def _types(step: Step) -> list[HookType]:
    if step.attendee.forgotten_at is not None:
        return []
    if step.attendee.status is Status.CANCELLED:
        return [HookType.ATTENDEE_CANCELLED]
    new = [HookType.ATTENDEE_REGISTERED] if step.before in (None, Status.CANCELLED) else []
    return [*new, HookType.ATTENDEE_APPROVED] if step.attendee.status is Status.APPROVED else new


def _attendee(attendee: Attendee) -> dict[str, Any]:
    return {
        "id": str(attendee.id),
        "name": attendee.name,
        "email": attendee.email,
        "status": attendee.status.value,
        "registered_at": _at(attendee.registered_at),
    }


def _at(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
