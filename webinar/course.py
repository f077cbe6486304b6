"""An event's course, from plan to end: what is done with it is done in every subject that has a part in it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence

from webinar.attendance.service import AttendanceService
from webinar.base.db import AWAY, Connection
from webinar.deleted import DeletedEvents
from webinar.destruction import Destruction
from webinar.events.copies import Copies
from webinar.events.fields import EventChange
from webinar.events.model import Event, EventState
from webinar.events.service import EventService
from webinar.letters import Letters
from webinar.recordings.editing import Editing
from webinar.recordings.marks import MarkKind
from webinar.recordings.service import RecordingService
from webinar.registration.form import RegistrationForm
from webinar.registration.service import RegistrationService


class Course:
    """One a process, over subjects that do not know one another."""

    def __init__(
        self,
        events: EventService,
        copies: Copies,
        registration: RegistrationService,
        form: RegistrationForm,
        recordings: RecordingService,
        editing: Editing,
        attendance: AttendanceService,
        letters: Letters,
        destruction: Destruction,
        deleted: DeletedEvents,
    ) -> None:
        self._events = events
        self._copies = copies
        self._registration = registration
        self._form = form
        self._recordings = recordings
        self._editing = editing
        self._attendance = attendance
        self._letters = letters
        self._destruction = destruction
        self._deleted = deleted

    async def start(self, event_id: uuid.UUID) -> Event:
        """Goes live and is recorded from then on. Raises as `EventService.start`."""
        event = await self._events.start(event_id)
        await self._recordings.open(event_id)
        return event

    async def end(self, event_id: uuid.UUID, *, itself: bool = False) -> Event:
        """Over for everyone; the recording is taken at once. Raises as `EventService.end`, and `Unavailable`."""
        event = await self._events.end(event_id, itself=itself)
        await self._recordings.scan_event(event_id)
        with contextlib.suppress(*AWAY):  # the worker does it then
            await self._attendance.seal(event_id)
        return event

    async def pause(self, event_id: uuid.UUID, paused: bool) -> Event:
        """Holding picture or presenter; the programme remembers it as a break. Raises as `EventService.pause`."""
        before = await self._events.get(event_id)
        event = await self._events.pause(event_id, paused)
        if before.paused is not paused:
            await self._editing.mark(event_id, MarkKind.PAUSE if paused else MarkKind.RESUME)
        return event

    async def change(self, event_id: uuid.UUID, change: EventChange) -> Event:
        """Seats that were added go to the waiting list; agenda and closing time move along. Raises as
        `EventService.change`.
        """
        event = await self._events.change(event_id, change, self._beside)
        await self._changed([event], change)
        return event

    async def change_following(self, event_id: uuid.UUID, change: EventChange) -> list[Event]:
        """The same for this event and those of its series after it. Raises as `Copies.change_following`."""
        events = await self._copies.change_following(event_id, change, self._beside)
        await self._changed(events, change)
        return events

    async def delete(self, event_id: uuid.UUID) -> None:
        """With its people, chat, recording and media; who was to come is told, and what knew people leaves a receipt.
        Raises as `DeletedEvents.delete`.
        """
        event = await self._events.get(event_id)
        goodbyes = await self._letters.goodbyes(event)
        if event.state is EventState.ENDED or (await self._registration.page(event_id, limit=1)).items:
            await self._destruction.destroy(event_id, "host", goodbyes)
        else:
            await self._deleted.delete(event_id, goodbyes)

    async def _beside(self, connection: Connection, before: Event, event: Event, change: EventChange) -> None:
        """A `Beside`: however a process ends, the closing time has moved with the event, and people are told."""
        if event.starts_at != before.starts_at:
            await self._form.shift_closing(connection, event.id, event.starts_at - before.starts_at)
        if change.state == "scheduled":
            await self._letters.published(connection, event)
        told = change.model_fields_set & {"title", "starts_at", "ends_at", "timezone"}
        if told:
            await self._letters.event_changed(connection, event, ", ".join(sorted(told)))

    async def _changed(self, events: Sequence[Event], change: EventChange) -> None:
        """The same change sent again does it again, should this be cut off."""
        if change.model_fields_set & {"capacity", "registration"}:
            for event in events:
                await self._registration.fill_seats(event.id)
