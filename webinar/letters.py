"""Who gets which letter: composes events, registration, attendance and mail. The worker sends what is written."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Concatenate, Final, ParamSpec

from webinar.attendance.service import AttendanceService
from webinar.base import log
from webinar.base.db import AWAY, Connection
from webinar.base.queue import Payload, enqueue_many
from webinar.base.settings import Settings
from webinar.events.model import Event, EventState
from webinar.mail.model import FOLLOWUPS, Kind, Told
from webinar.mail.service import MailService
from webinar.registration.model import Attendee, Status
from webinar.registration.service import RegistrationService

_log = log.get(__name__)
P = ParamSpec("P")

# Jobs of the queue besides single letters.
CHANGED: Final = "letters.changed"
CALLED_OFF: Final = "letters.called_off"
# What a letter about a certificate is of: the first one a person gets.
ISSUED: Final = "issued"
# Whom a change of the event concerns.
CONCERNED: Final = (Status.APPROVED, Status.PENDING, Status.WAITLISTED)


def _beside(
    method: Callable[Concatenate[Letters, Event, P], Awaitable[int]],
) -> Callable[Concatenate[Letters, Event, P], Coroutine[Any, Any, int]]:
    """What people do counts, whatever becomes of the letter about it: it fails into the log."""

    async def guarded(self: Letters, event: Event, /, *args: P.args, **kwargs: P.kwargs) -> int:
        if not self.on:
            _log.info("no mail server is set, no letter", letter=method.__name__, event_id=str(event.id))
            return 0
        try:
            return await method(self, event, *args, **kwargs)
        except AWAY as error:
            _log.error("letter not written", letter=method.__name__, event_id=str(event.id), error=str(error))
            return 0

    guarded.__name__, guarded.__doc__ = method.__name__, method.__doc__
    return guarded


class Letters:
    """One a process. Does nothing but log where no mail server is set. Methods return how many letters were written."""

    def __init__(
        self,
        settings: Settings,
        mail: MailService,
        registration: RegistrationService,
        attendance: AttendanceService,
    ) -> None:
        self.on = settings.smtp_url is not None
        self._mail = mail
        self._registration = registration
        self._attendance = attendance

    # -- of a move: where a mail server is set, and once an `occasion`, however often they are called ------------

    async def registered(
        self, event: Event, attendees: Sequence[Attendee], occasion: str, lost: Collection[uuid.UUID]
    ) -> int:
        """With a seat, a place on the waiting list, or the host to decide: again, for who `lost` the seat they had."""
        written = await self._write(event, _of(attendees, Status.APPROVED), Kind.CONFIRMED, occasion=occasion)
        pending = _of(attendees, Status.PENDING)
        written += await self._write(event, pending, Kind.PENDING, occasion=occasion, own=_lost(lost))
        return written + await self._waiting(event, attendees, occasion)

    async def decided(
        self, event: Event, attendees: Sequence[Attendee], occasion: str, lost: Collection[uuid.UUID]
    ) -> int:
        """Approved, declined, or moved up from the waiting list; `lost`: who had a seat until then."""
        written = await self._write(event, _of(attendees, Status.APPROVED), Kind.APPROVED, occasion=occasion)
        declined = _of(attendees, Status.DECLINED)
        return written + await self._write(event, declined, Kind.DECLINED, occasion=occasion, own=_lost(lost))

    async def cancelled(
        self, event: Event, attendees: Sequence[Attendee], occasion: str, lost: Collection[uuid.UUID]
    ) -> int:
        """Registrations were cancelled, by the person or the host; `lost`: who had a seat until then."""
        return await self._write(event, attendees, Kind.CANCELLED, occasion=occasion, own=_lost(lost))

    async def invited(self, event: Event, attendees: Sequence[Attendee], occasion: str) -> int:
        """The host added these people. Who found no seat is told of the waiting list."""
        written = await self._write(event, _of(attendees, Status.APPROVED), Kind.INVITED, occasion=occasion)
        return written + await self._waiting(event, attendees, occasion)

    async def _waiting(self, event: Event, attendees: Sequence[Attendee], occasion: str) -> int:
        """To each of them who waits for a seat, with their place."""
        waiting = _of(attendees, Status.WAITLISTED)
        if not waiting:
            return 0
        places = await self._registration.waiting_places(event.id)
        own = {attendee.id: {"place": places.get(attendee.id, len(places) + 1)} for attendee in waiting}
        return await self._write(event, waiting, Kind.WAITING, own=own, occasion=occasion)

    # -- of what somebody asked for ------------------------------------------------------------------------------

    @_beside
    async def link(self, event: Event, attendee: Attendee) -> int:
        """The personal link once more: asked for, or renewed."""
        return await self._write(event, [attendee], Kind.LINK)

    async def event_changed(self, connection: Connection, event: Event, what: str = "") -> None:
        """Within each change of title or time. Written in a minute, by what holds then. `what` is for the log.

        Where no mail server is set it is counted at once: calendar files that people fetch tell of it.
        """
        if not self.on:
            await self._mail.count_change(connection, event.id, told(event))
        elif event.state in (EventState.SCHEDULED, EventState.LIVE):
            await self._mail.settle(connection, CHANGED, event.id)
            _log.info("people will be told of a change", event_id=str(event.id), what=what)

    async def published(self, connection: Connection, event: Event) -> None:
        """Within what makes a draft public: whoever was told of another time is told of this one."""
        if self.on and await self._mail.told(event.id, connection) is not None:
            await self._mail.settle(connection, CHANGED, event.id)

    async def goodbyes(self, event: Event) -> Callable[[Connection], Awaitable[None]] | None:
        """That it does not take place, in letters that outlive it: written in the transaction that deletes the event.

        None where nobody is to be told.
        """
        coming = event.state in (EventState.DRAFT, EventState.SCHEDULED) and event.ends_at >= datetime.now(UTC)
        if not self.on or not coming:
            return None
        plan = await self._mail.plan(event.id, Kind.CALLED_OFF)
        if not plan.enabled:
            return None
        before = await self._mail.told(event.id)
        about = {
            "event": str(event.id),
            "title": event.title,
            "organizer": event.organizer,
            "accent": event.accent,
            "reply_to": await self._mail.reply_to(event.id),
            "starts_at": event.starts_at.isoformat(),
            "ends_at": event.ends_at.isoformat(),
            "timezone": event.timezone,
            "sequence": 1 if before is None else before.sequence + 1,
            "choice": plan.choice.model_dump(),
        }

        async def write(connection: Connection) -> None:
            people = await self._registration.of_statuses(connection, event.id, CONCERNED)
            await enqueue_many(connection, CALLED_OFF, [{**about, **_goodbye(attendee)} for attendee in people])

        return write

    @_beside
    async def followup(self, event: Event) -> int:
        """To those who came and those who did not, each their own, once a person. How many were written now."""
        return sum([await self.follow_up(event.id, kind) for kind in FOLLOWUPS])

    async def follow_up(self, event_id: uuid.UUID, kind: Kind) -> int:
        """One of the two: who came is whom the report counts."""
        people = await self._attendance.people(event_id)
        chosen = [one.attendee_id for one in people if one.came == (kind is Kind.THANKS)]
        return await self._mail.follow_up(event_id, kind, chosen)

    async def certificates(self, event: Event, people: Sequence[uuid.UUID]) -> int:
        """Their certificates are there; written about once a person."""
        return await self._mail.write(event.id, people, Kind.CERTIFICATE, told=told(event), occasion=ISSUED)

    async def _write(
        self,
        event: Event,
        attendees: Sequence[Attendee],
        kind: Kind,
        *,
        own: Mapping[uuid.UUID, dict[str, Any]] | None = None,
        occasion: str | None = None,
    ) -> int:
        ids = [attendee.id for attendee in attendees]
        if not ids:
            return 0
        return await self._mail.write(event.id, ids, kind, told=told(event), occasion=occasion, own=own)


def _of(attendees: Sequence[Attendee], status: Status) -> list[Attendee]:
    return [attendee for attendee in attendees if attendee.status is status]


def _lost(people: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """What their letters know of it: the entry leaves their calendars."""
    return {attendee: {"lost_seat": True} for attendee in people}


def _goodbye(attendee: Attendee) -> Payload:
    """What a letter about an event that is gone says of the person."""
    return {
        "key": str(uuid.uuid4()),
        "name": attendee.name,
        "email": attendee.email,
        "language": attendee.language,
        "lost_seat": attendee.status is Status.APPROVED,
    }


def told(event: Event, sequence: int = 0) -> Told:
    """What letters say of an event's time now."""
    return Told(sequence, event.title, event.starts_at, event.ends_at, event.timezone)
