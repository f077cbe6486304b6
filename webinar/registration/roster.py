"""Who is on the list of an event, and how many seats that leaves: what is read of registration."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from webinar.base import cursor as cursors
from webinar.base.db import Connection, Pool
from webinar.base.errors import NotFound
from webinar.registration.model import Attendee, AttendeePage, Seats, Status, Step
from webinar.registration.moves import Move
from webinar.registration.store import RegistrationStore


class Roster:
    """Changes nobody. Methods raise `NotFound` for an unknown event or person."""

    def __init__(self, pool: Pool) -> None:
        self._store = RegistrationStore(pool)

    async def get(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """Raises `NotFound` for who was forgotten, too."""
        return found(await self._store.get(event_id, attendee_id))

    async def page(
        self,
        event_id: uuid.UUID,
        *,
        cursor: str | None = None,
        limit: int = 100,
        status: Status | None = None,
        search: str = "",
    ) -> AttendeePage:
        """In the order of registration. Raises `BadRequest` for a cursor that is not one of ours."""
        after = None if cursor is None else cursors.read(cursor)
        rows = await self._store.page(event_id, after, limit + 1, status, search)
        items = tuple(rows[:limit])
        return AttendeePage(items, cursors.write(items[-1].registered_at, items[-1].id) if len(rows) > limit else None)

    async def everyone(self, event_id: uuid.UUID, *, status: Status | None = None, search: str = "") -> list[Attendee]:
        """All of a list at once, for files."""
        return await self._store.page(event_id, None, None, status, search)

    async def named(
        self, event_id: uuid.UUID, ids: Sequence[uuid.UUID] | None, search: str, limit: int
    ) -> list[Attendee]:
        """Those of the ids (None: of all) whose name contains `search`, in the order of registration."""
        return await self._store.names(event_id, ids=ids, search=search, limit=limit)

    async def known(self, event_id: uuid.UUID, emails: Sequence[str]) -> dict[str, Attendee]:
        """Who of these addresses is on the list, by the address in small letters."""
        async with self._store.pool.acquire() as connection:
            return await self._store.by_emails(connection, event_id, [email.lower() for email in emails])

    async def seats_of(self, events: Sequence[uuid.UUID]) -> dict[uuid.UUID, Seats]:
        """Of many events at once; those that exist."""
        return await self._store.seats.of_events(events)

    async def seats(self, event_id: uuid.UUID) -> Seats:
        seats = await self._store.seats.of_event(event_id)
        if seats is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return seats

    async def waiting_place(self, attendee: Attendee) -> int:
        """1 for the first of the waiting list."""
        return await self._store.seats.waiting_place(attendee)

    async def waiting_places(self, event_id: uuid.UUID) -> dict[uuid.UUID, int]:
        """Of everybody on the waiting list."""
        async with self._store.pool.acquire() as connection:
            waiting = await self._store.ids(connection, event_id, Status.WAITLISTED)
        return {attendee: place for place, attendee in enumerate(waiting, start=1)}

    async def consent_text(self, attendee: Attendee) -> str | None:
        """What they agreed to, in the words they were shown; None when they were asked nothing."""
        return None if attendee.consent_version is None else await self._store.consents.text(attendee.consent_version)

    async def drop_consent_texts(self) -> int:
        """Words that nobody is kept who agreed to them go, wherever they stood: a date and a name are in them."""
        return await self._store.consents.drop()

    async def of_statuses(
        self, connection: Connection, event_id: uuid.UUID, statuses: Sequence[Status]
    ) -> list[Attendee]:
        """All of these statuses, as a transaction sees them, in the order of registration."""
        return await self._store.of_statuses(connection, event_id, statuses)

    async def find(self, attendee_id: uuid.UUID) -> Attendee | None:
        """Whoever that is, in whatever event; who was forgotten, too."""
        return await self._store.by_id(attendee_id)

    async def by_email(self, event_id: uuid.UUID, email: str) -> Attendee | None:
        """Whoever registered with this address (lower case). For nobody's eyes: anybody may type any address."""
        async with self._store.pool.acquire() as connection:
            return await self._store.by_email(connection, event_id, email)

    async def steps(self, move: Move) -> list[Step]:
        """What was put down of a move, of its people as they are known now; who was forgotten since is left out."""
        async with self._store.pool.acquire() as connection:
            rows = await self._store.of_ids(connection, move.event_id, [step.attendee for step in move.steps])
        people = {attendee.id: attendee for attendee in rows}
        return [
            Step(replace(people[step.attendee], status=step.status), step.before, step.by_host, step.quiet)
            for step in move.steps
            if step.attendee in people
        ]


def found(attendee: Attendee | None) -> Attendee:
    """Raises `NotFound` for nobody, and for who was forgotten."""
    if attendee is None or attendee.forgotten_at is not None:
        raise NotFound("There is no such person in this event.", code="attendee_not_found")
    return attendee
