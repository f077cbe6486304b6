"""Rules of registration: one person an address, no seat given twice, links that can be revoked."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from webinar.base import cursor as cursors
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, Gone, NotFound, Unauthenticated
from webinar.base.tokens import Purpose, Tokens
from webinar.registration.model import (
    Attendee,
    AttendeePage,
    Door,
    NewAttendee,
    Registered,
    Seats,
    Status,
    decide,
    may_move,
)
from webinar.registration.store import RegistrationStore

_log = log.get(__name__)


class RegistrationService:
    """One a process. Methods raise `NotFound` for an unknown event or person."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens) -> None:
        self._store = RegistrationStore(pool)
        self._bus = bus
        self._tokens = tokens
        # Called at once with each event whose people this process changes.
        self.on_change: Callable[[uuid.UUID], None] | None = None

    async def register(self, event_id: uuid.UUID, new: NewAttendee, *, by_host: bool = False) -> Registered:
        """The same address gives the same person. `by_host` passes a closed door and the approval, not the seats.

        Raises `Conflict` when registration is closed or the event is over.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            known = await self._store.by_email(connection, event_id, new.email.lower())
            if known is not None and known.status is not Status.CANCELLED:
                invited = by_host and known.status in (Status.PENDING, Status.DECLINED)
                if not invited:
                    return Registered(known, created=False)
                attendee = await self._give_seat(connection, door, known)
                created = False
            else:
                status = decide(door, await self._store.approved(connection, event_id), by_host=by_host)
                created = True
                if known is not None:
                    attendee = await self._store.come_back(connection, known.id, new, status)
                else:
                    attendee = await self._store.add(connection, door, new, status)
        await self._announce(event_id)
        _log.info("registered", event_id=str(event_id), attendee=str(attendee.id), status=attendee.status.value)
        return Registered(attendee, created=created)

    async def get(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        return _found(await self._store.get(event_id, attendee_id))

    async def page(
        self, event_id: uuid.UUID, *, cursor: str | None = None, limit: int = 100, status: Status | None = None
    ) -> AttendeePage:
        """In the order of registration. Raises `BadRequest` for a cursor that is not one of ours."""
        after = None if cursor is None else cursors.read(cursor)
        found = await self._store.page(event_id, after, limit + 1, status)
        items = tuple(found[:limit])
        return AttendeePage(items, cursors.write(items[-1].registered_at, items[-1].id) if len(found) > limit else None)

    async def seats(self, event_id: uuid.UUID) -> Seats:
        seats = await self._store.seats(event_id)
        if seats is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return seats

    async def waiting_place(self, attendee: Attendee) -> int:
        """1 for the first of the waiting list."""
        return await self._store.waiting_place(attendee)

    async def set_status(self, event_id: uuid.UUID, attendee_id: uuid.UUID, status: Status) -> Attendee:
        """The host's decision: approved, declined, or pending again.

        A seat that is freed goes to the waiting list. Raises `Conflict` code `full` when no seat is left to approve.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            attendee = _found(await self._store.get(event_id, attendee_id, connection))
            may_move(attendee.status, status)
            if attendee.status is status:
                return attendee
            if status is Status.APPROVED:
                changed = await self._give_seat(connection, door, attendee)
                if changed.status is not Status.APPROVED:
                    raise Conflict("No seat is left. Raise the number of seats, or free one.", code="full")
            else:
                (changed,) = await self._store.set_status(connection, [attendee_id], status)
                await self._move_up(connection, door)
        await self._announce(event_id)
        if attendee.status is Status.APPROVED and changed.status is not Status.APPROVED:
            await self._send_out(changed)
        return changed

    async def cancel(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """Frees the seat; the first of the waiting list gets it. The personal link is void from now on."""
        return await self.set_status(event_id, attendee_id, Status.CANCELLED)

    async def fill_seats(self, event_id: uuid.UUID) -> int:
        """After the number of seats was raised: the waiting list moves up. Returns how many people moved."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            moved = await self._move_up(connection, await self._door(connection, event_id))
        if moved:
            await self._announce(event_id)
        return moved

    async def _give_seat(self, connection: Connection, door: Door, attendee: Attendee) -> Attendee:
        """Approved while there is a seat, else on the waiting list."""
        full = await self._store.approved(connection, door.event_id) >= door.capacity
        status = Status.WAITLISTED if full else Status.APPROVED
        (changed,) = await self._store.set_status(connection, [attendee.id], status)
        return changed

    async def _move_up(self, connection: Connection, door: Door) -> int:
        if door.state == "ended":
            return 0
        free = door.capacity - await self._store.approved(connection, door.event_id)
        moved = await self._store.next_waiting(connection, door.event_id, free) if free > 0 else []
        await self._store.set_status(connection, moved, Status.APPROVED)
        return len(moved)

    # -- personal links ------------------------------------------------------------------------------------------

    def join_link(self, attendee: Attendee) -> str:
        """The token of `/j/{token}`."""
        return self._tokens.link(Purpose.JOIN, attendee.id, attendee.link_version)

    async def by_join_link(self, token: str) -> Attendee:
        """The person of a personal link, whatever their status: `model.may_join` says whether they may enter.

        Raises `Unauthenticated` for a wrong or unknown link (alike), `Gone` for a renewed one or a cancelled person.
        """
        attendee_id, version = self._tokens.read_link(Purpose.JOIN, token)
        attendee = await self._store.by_id(attendee_id)
        if attendee is None:
            raise Unauthenticated("This link is not valid.", code="link_invalid")
        if version != attendee.link_version:
            raise Gone("This link was replaced by a new one. Ask the host for it.", code="link_revoked")
        if attendee.status is Status.CANCELLED:
            raise Gone("This registration was cancelled. Register again on the event page.", code="cancelled")
        return attendee

    async def renew_link(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """The old link and the access it gave are void from now on."""
        attendee = _found(await self._store.renew_link(event_id, attendee_id))
        await self._announce(event_id)
        await self._send_out(attendee)
        return attendee

    async def joined(self, attendee_id: uuid.UUID) -> None:
        """Notes the first time a person entered."""
        await self._store.joined(attendee_id)

    async def find(self, attendee_id: uuid.UUID) -> Attendee | None:
        return await self._store.by_id(attendee_id)

    async def _door(self, connection: Connection, event_id: uuid.UUID) -> Door:
        door = await self._store.lock_door(connection, event_id)
        if door is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return door

    async def _send_out(self, attendee: Attendee) -> None:
        """What they have open is closed, wherever it is. May be lost: then it stays open until they open it again."""
        event_id = attendee.event_id
        await self._bus.publish_json(out_subject(str(event_id)), {"person": str(attendee.id), "at": time.time()})

    async def _announce(self, event_id: uuid.UUID) -> None:
        if self.on_change is not None:
            self.on_change(event_id)
        await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})


def out_subject(event_id: str) -> str:
    return f"event.{event_id}.out"


def _found(attendee: Attendee | None) -> Attendee:
    if attendee is None:
        raise NotFound("There is no such person in this event.", code="attendee_not_found")
    return attendee
