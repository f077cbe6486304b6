"""Seats of one event within one transaction, which holds the event's row: nobody else gives or frees one meanwhile."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from webinar.base import log
from webinar.base.db import Connection
from webinar.base.queue import enqueue
from webinar.registration.model import Attendee, Consent, Door, NewAttendee, Status, Step, Taken, decide
from webinar.registration.roster import found
from webinar.registration.store import RegistrationStore

_log = log.get(__name__)
# The job that takes a forgotten person out of what others keep of them.
FORGET: Final = "forget"


class Seating:
    """One a transaction. Whoever moves is in `steps`, in the order of their moves."""

    def __init__(self, store: RegistrationStore, connection: Connection, door: Door, key: bytes) -> None:
        """`door` is locked on `connection`; by the secret `key` declined addresses are known again."""
        self.door = door
        self.steps: list[Step] = []
        self._store = store
        self._connection = connection
        self._key = key
        self._counted: Taken | None = None

    async def left(self) -> int:
        """Free seats; below 0 where the host has taken some away."""
        return self.door.capacity - (await self._taken()).approved

    async def known(self, email: str) -> Attendee | None:
        return await self._store.by_email(self._connection, self.door.event_id, email)

    async def known_of(self, emails: Sequence[str]) -> dict[str, Attendee]:
        """Of many addresses at once, by their address."""
        return await self._store.by_emails(self._connection, self.door.event_id, emails)

    async def person(self, attendee_id: uuid.UUID) -> Attendee:
        """Raises `NotFound`."""
        return found(await self._store.get(self.door.event_id, attendee_id, self._connection))

    async def people(self, ids: Sequence[uuid.UUID] | None) -> list[Attendee]:
        """Those of the ids, or (None) all who wait for the host's decision, in the order of registration."""
        if ids is None:
            ids = await self._store.ids(self._connection, self.door.event_id, Status.PENDING)
        return await self._store.of_ids(self._connection, self.door.event_id, ids)

    async def decide(self, email: str, *, by_host: bool, proven: bool = True) -> Status:
        """As `model.decide`; about whom the host has declined, the host decides again."""
        status = decide(self.door, await self._taken(), email, datetime.now(UTC), by_host=by_host, proven=proven)
        if by_host or not await self._store.was_declined(self._connection, self.door.event_id, self._trace(email)):
            return status
        return Status.PENDING

    async def take_in(
        self,
        new: NewAttendee,
        known: Attendee | None,
        status: Status,
        *,
        by_host: bool,
        consent: Consent | None = None,
    ) -> Step:
        """A new person, one who had cancelled, or one the host lets in after all."""
        taken = (await self._taken()).with_one(status)
        if consent is not None:
            await self._store.consents.keep(self._connection, consent)
        if known is None:
            attendee = await self._store.add(self._connection, self.door, new, status, consent)
        elif known.status is Status.CANCELLED:
            attendee = await self._store.come_back(self._connection, known.id, new, status, consent)
        else:
            (attendee,) = await self._store.set_status(self._connection, [known.id], status)
        self._counted = taken
        self.steps.append(Step(attendee, known.status if known else None, by_host))
        return self.steps[-1]

    async def move(
        self, people: Sequence[Attendee], status: Status, *, by_host: bool, quiet: bool = False
    ) -> list[Attendee]:
        """From wherever they stand to `status`; `quiet` as in `Step`."""
        if not people:
            return []
        before = {attendee.id: attendee.status for attendee in people}
        moved = await self._store.set_status(self._connection, list(before), status)
        self._counted = None
        self.steps += [Step(attendee, before[attendee.id], by_host, quiet) for attendee in moved]
        return moved

    async def move_up(self) -> None:
        """Free seats go to the waiting list, in its order."""
        if self.door.state == "ended":
            return
        free = await self.left()
        if free <= 0:
            return
        first = (await self._store.ids(self._connection, self.door.event_id, Status.WAITLISTED))[:free]
        if not first:
            return
        moved = await self._store.set_status(self._connection, first, Status.APPROVED)
        self._counted = None
        self.steps += [Step(attendee, Status.WAITLISTED) for attendee in moved]

    async def forget(self, attendee: Attendee) -> bool:
        """Whether there was something to forget. Their seat is free."""
        gone = await self._store.forget(self._connection, attendee.id)
        if gone is None:
            return False
        self._counted = None
        if attendee.status is Status.DECLINED:
            await self._store.keep_declined(self._connection, attendee.event_id, self._trace(attendee.email))
        # Whoever is cut off behind this transaction leaves nothing half forgotten.
        payload = {"event": str(attendee.event_id), "attendee": str(attendee.id)}
        await enqueue(self._connection, FORGET, payload, key=str(attendee.id))
        _log.info("forgotten", event_id=str(attendee.event_id), attendee=str(attendee.id))
        self.steps.append(Step(gone, attendee.status))
        return True

    async def _taken(self) -> Taken:
        if self._counted is None:
            self._counted = await self._store.seats.taken(self._connection, self.door.event_id)
        return self._counted

    def _trace(self, email: str) -> bytes:
        """By which an address is known again in this event, and by nobody without the installation's secret."""
        return hmac.digest(self._key, f"{self.door.event_id} {email}".encode(), "sha256")


def may_come_anew(known: Attendee, *, by_host: bool) -> bool:
    """Whether a known address is registered once more: after a cancellation, or because the host wants them now."""
    return known.status is Status.CANCELLED or (by_host and known.status in (Status.PENDING, Status.DECLINED))
