"""What webhooks are told: events, people and recordings in the words of the API, each thing once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import NotFound
from webinar.events.model import Event
from webinar.events.service import EventService
from webinar.hooks.model import HookType
from webinar.hooks.service import Hooks
from webinar.links import Links
from webinar.recordings.model import Recording, RecordingState
from webinar.recordings.service import RecordingService
from webinar.registration.model import Attendee, Status, Step

_log = log.get(__name__)


class Telling:
    """One a process, over subjects that do not know one another. What is told has happened: nothing here undoes it."""

    def __init__(self, hooks: Hooks, events: EventService, recordings: RecordingService, links: Links) -> None:
        self._hooks = hooks
        self._events = events
        self._recordings = recordings
        self._links = links

    async def started(self, event: Event) -> None:
        await self._tell(HookType.EVENT_STARTED, event, _at(event.started_at), {})

    async def ended(self, event: Event) -> None:
        await self._tell(HookType.EVENT_ENDED, event, _at(event.ended_at), {})
        report = {"report_url": f"{self._links.host(event)}/report"}
        await self._tell(HookType.REPORT_READY, event, _at(event.ended_at), {"report": report})

    async def recorded(self, event_id: uuid.UUID) -> None:
        """When its recording is ready."""
        for recording in await self._recordings.of_event(event_id):
            if recording.state is RecordingState.READY:
                try:
                    event = await self._events.get(event_id)
                except NotFound:
                    return
                what = f"{recording.id} {_at(recording.ready_at)}"
                await self._tell(HookType.RECORDING_READY, event, what, {"recording": self._recording(recording)})

    async def moved(self, event: Event, move: str, steps: Sequence[Step]) -> None:
        """People registered, were let in or cancelled. Told once a `move`; raises while PostgreSQL is away."""
        told = [(type_, step.attendee) for step in steps for type_ in _types(step)]
        things = [(type_, f"{attendee.id} {move}", {"attendee": _attendee(attendee)}) for type_, attendee in told]
        if things:
            await self._tell_all(event, things)

    async def _tell(self, type_: HookType, event: Event, what: str, data: dict[str, Any]) -> None:
        """What has happened stands, whoever can be told of it."""
        try:
            await self._tell_all(event, [(type_, what, data)])
        except AWAY as error:
            _log.warning("webhooks are not told, the database is away", type=type_.value, error=type(error).__name__)

    async def _tell_all(self, event: Event, things: Sequence[tuple[HookType, str, dict[str, Any]]]) -> None:
        about = {"event": self._event(event)}
        await self._hooks.tell_all(
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
