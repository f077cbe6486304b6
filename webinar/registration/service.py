"""Rules of registration: one person an address, no seat given twice, links that can be revoked."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from webinar.base import cursor as cursors
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY, Connection, Pool
from webinar.base.errors import Conflict, Gone, NotFound, Unauthenticated
from webinar.base.queue import enqueue
from webinar.base.tokens import Purpose, Tokens
from webinar.registration.model import (
    Attendee,
    AttendeePage,
    By,
    Consent,
    Decided,
    Door,
    Invited,
    Language,
    NewAttendee,
    Registered,
    Seats,
    Status,
    Step,
    Taken,
    decide,
    may_move,
    of_domains,
)
from webinar.registration.store import RegistrationStore

_log = log.get(__name__)
# The job that takes a forgotten person out of what others keep of them.
FORGET: Final = "forget"


class RegistrationService:
    """One a process. Methods raise `NotFound` for an unknown event or person."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens) -> None:
        self._store = RegistrationStore(pool)
        self._bus = bus
        self._tokens = tokens
        # Called at once with each event whose people this process changes.
        self.on_change: Callable[[uuid.UUID], None] | None = None
        # Awaited after people of an event have moved, whoever moved them: letters and webhooks hang on it.
        self.on_steps: Callable[[uuid.UUID, Sequence[Step]], Awaitable[None]] | None = None

    # -- coming --------------------------------------------------------------------------------------------------

    async def register(
        self,
        event_id: uuid.UUID,
        new: NewAttendee,
        *,
        by_host: bool = False,
        consent: Consent | None = None,
        by: By = By.CALLER,
    ) -> Registered:
        """The same address gives the same person. `by_host` passes a closed door and the approval, not the seats.

        Raises `Conflict` when registration is closed or the event is over.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            email = new.email.lower()
            known = await self._store.by_email(connection, event_id, email)
            if known is not None and not _may_come_anew(known, by_host=by_host):
                return Registered(known, created=False, shown=by is By.CALLER)
            steps: list[Step] = []
            if known is not None and by is By.PAGE:
                # Nobody can tell whether it is they: what was theirs is not given to whoever comes now.
                steps += await self._forget(connection, known)
                known = None
            steps += await self._move_up(connection, door)
            if consent is not None:
                await self._store.keep_text(connection, consent)
            taken = await self._store.taken(connection, event_id)
            status = await self._decide(connection, door, taken, email, by_host=by_host, proven=by is not By.PAGE)
            step = await self._take_in(connection, door, new, known, status, by_host=by_host, consent=consent)
        await self._announce(event_id, [*steps, step])
        _log.info(
            "registered", event_id=str(event_id), attendee=str(step.attendee.id), status=step.attendee.status.value
        )
        seated = status is not Status.PENDING and of_domains(email, door.domains)
        if by is By.MAIL:
            # Who had cancelled is answered as who had not: a stranger learns neither.
            return Registered(step.attendee, created=known is None, shown=known is None and not seated)
        return Registered(step.attendee, created=step.before in (None, Status.CANCELLED), shown=True)

    async def invite(self, event_id: uuid.UUID, people: Sequence[NewAttendee]) -> Invited:
        """The host adds many at once, all or none; of an address twice the first counts.

        Who is on the list keeps their place, unless they wait for the host's decision: this is one. Raises `Conflict`
        when the event is over.
        """
        wanted = {new.email.lower(): new for new in reversed(people)}
        steps: list[Step] = []
        known_before: list[Attendee] = []
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            moved = await self._move_up(connection, door)
            taken = await self._store.taken(connection, event_id)
            known = await self._store.by_emails(connection, event_id, list(wanted))
            for email in dict.fromkeys(new.email.lower() for new in people):
                before = known.get(email)
                if before is not None and not _may_come_anew(before, by_host=True):
                    known_before.append(before)
                    continue
                status = await self._decide(connection, door, taken, email, by_host=True)
                taken = taken.with_one(status)
                steps.append(await self._take_in(connection, door, wanted[email], before, status, by_host=True))
        if moved or steps:
            await self._announce(event_id, [*moved, *steps])
        _log.info("invited", event_id=str(event_id), added=len(steps), known=len(known_before))
        return Invited(tuple(step.attendee for step in steps), tuple(known_before))

    async def _decide(
        self, connection: Connection, door: Door, taken: Taken, email: str, *, by_host: bool, proven: bool = True
    ) -> Status:
        """As `model.decide`; about whom the host has declined, the host decides again."""
        status = decide(door, taken, email, datetime.now(UTC), by_host=by_host, proven=proven)
        if by_host or not await self._store.was_declined(connection, door.event_id, self._trace(door.event_id, email)):
            return status
        return Status.PENDING

    def _trace(self, event_id: uuid.UUID, email: str) -> bytes:
        """By which an address is known again in this event, and by nobody without the installation's secret."""
        key = self._tokens.derive("declined", 32)
        return hmac.digest(key, f"{event_id} {email}".encode(), "sha256")

    async def _take_in(
        self,
        connection: Connection,
        door: Door,
        new: NewAttendee,
        known: Attendee | None,
        status: Status,
        *,
        by_host: bool,
        consent: Consent | None = None,
    ) -> Step:
        """A new person, one who had cancelled, or one the host lets in after all."""
        if known is None:
            attendee = await self._store.add(connection, door, new, status, consent)
        elif known.status is Status.CANCELLED:
            attendee = await self._store.come_back(connection, known.id, new, status, consent)
        else:
            (attendee,) = await self._store.set_status(connection, [known.id], status)
        return Step(attendee, known.status if known else None, by_host)

    # -- reading -------------------------------------------------------------------------------------------------

    async def get(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """Raises `NotFound` for who was forgotten, too."""
        return _found(await self._store.get(event_id, attendee_id))

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
        found = await self._store.page(event_id, after, limit + 1, status, search)
        items = tuple(found[:limit])
        return AttendeePage(items, cursors.write(items[-1].registered_at, items[-1].id) if len(found) > limit else None)

    async def everyone(self, event_id: uuid.UUID, *, status: Status | None = None, search: str = "") -> list[Attendee]:
        """All of a list at once, for files."""
        return await self._store.page(event_id, None, None, status, search)

    async def known(self, event_id: uuid.UUID, emails: Sequence[str]) -> dict[str, Attendee]:
        """Who of these addresses is on the list, by the address in small letters."""
        async with self._store.pool.acquire() as connection:
            return await self._store.by_emails(connection, event_id, [email.lower() for email in emails])

    async def seats_of(self, events: Sequence[uuid.UUID]) -> dict[uuid.UUID, Seats]:
        """Of many events at once; those that exist."""
        return await self._store.seats_of(events)

    async def seats(self, event_id: uuid.UUID) -> Seats:
        seats = await self._store.seats(event_id)
        if seats is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return seats

    async def waiting_place(self, attendee: Attendee) -> int:
        """1 for the first of the waiting list."""
        return await self._store.waiting_place(attendee)

    async def waiting_places(self, event_id: uuid.UUID) -> dict[uuid.UUID, int]:
        """Of everybody on the waiting list."""
        async with self._store.pool.acquire() as connection:
            waiting = await self._store.ids(connection, event_id, Status.WAITLISTED)
        return {attendee: place for place, attendee in enumerate(waiting, start=1)}

    async def consent_text(self, attendee: Attendee) -> str | None:
        """What they agreed to, in the words they were shown; None when they were asked nothing."""
        return None if attendee.consent_version is None else await self._store.consent_text(attendee.consent_version)

    # -- deciding ------------------------------------------------------------------------------------------------

    async def set_status(
        self, event_id: uuid.UUID, attendee_id: uuid.UUID, status: Status, *, by_host: bool = True
    ) -> Attendee:
        """The host's decision: approved, declined, or pending again. Who was declined stays so, whatever they do.

        A seat that is freed goes to the waiting list. Whom no seat is left for is on it from now on, in the order of
        registration. Raises `Conflict` code `full` for who waits there already.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            attendee = _found(await self._store.get(event_id, attendee_id, connection))
            may_move(attendee.status, status)
            if attendee.status is status or (attendee.status is Status.DECLINED and not by_host):
                return attendee
            if status is Status.APPROVED and await self._seats_left(connection, door) < 1:
                if attendee.status is Status.WAITLISTED:
                    raise Conflict("No seat is left. Raise the number of seats, or free one.", code="full")
                status = Status.WAITLISTED
            (changed,) = await self._store.set_status(connection, [attendee_id], status)
            moved = await self._move_up(connection, door)
        await self._announce(event_id, [Step(changed, attendee.status, by_host), *moved])
        return changed

    async def decide_many(self, event_id: uuid.UUID, status: Status, ids: Sequence[uuid.UUID] | None = None) -> Decided:
        """The same for many, in the order of registration; without `ids` for all who wait for the host's decision.

        Whom no seat is left for is on the waiting list from now on; who has cancelled stays where they are.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, event_id)
            if ids is None:
                ids = await self._store.ids(connection, event_id, Status.PENDING)
            asked = await self._store.locked(connection, event_id, ids)
            wanted = [a for a in asked if a.status is not status and a.status is not Status.CANCELLED]
            before = {a.id: a.status for a in wanted}
            waiting: list[Attendee] = []
            if status is Status.APPROVED:
                seats = max(0, await self._seats_left(connection, door))
                late = [a.id for a in wanted[seats:] if a.status is not Status.WAITLISTED]
                waiting = await self._store.set_status(connection, late, Status.WAITLISTED)
                wanted = wanted[:seats]
            changed = await self._store.set_status(connection, [a.id for a in wanted], status)
            moved = await self._move_up(connection, door)
        steps = [Step(a, before[a.id], by_host=True) for a in (*changed, *waiting)]
        if steps or moved:
            await self._announce(event_id, [*steps, *moved])
        there = sum(a.status is status for a in asked)
        return Decided(tuple(changed), left=len(asked) - there - len(changed), waiting=len(waiting))

    async def cancel(self, event_id: uuid.UUID, attendee_id: uuid.UUID, *, by_host: bool = True) -> Attendee:
        """Frees the seat; the first of the waiting list gets it. The personal link is void from now on."""
        return await self.set_status(event_id, attendee_id, Status.CANCELLED, by_host=by_host)

    async def fill_seats(self, event_id: uuid.UUID) -> int:
        """After the number of seats was raised: the waiting list moves up. Returns how many people moved."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            moved = await self._move_up(connection, await self._door(connection, event_id))
        if moved:
            await self._announce(event_id, moved)
        return len(moved)

    async def _seats_left(self, connection: Connection, door: Door) -> int:
        return door.capacity - (await self._store.taken(connection, door.event_id)).approved

    async def _move_up(self, connection: Connection, door: Door) -> list[Step]:
        """Free seats go to the waiting list, in its order."""
        if door.state == "ended":
            return []
        free = await self._seats_left(connection, door)
        if free <= 0:
            return []
        first = (await self._store.ids(connection, door.event_id, Status.WAITLISTED))[:free]
        if not first:
            return []
        moved = await self._store.set_status(connection, first, Status.APPROVED)
        return [Step(attendee, Status.WAITLISTED) for attendee in moved]

    # -- one's own -----------------------------------------------------------------------------------------------

    async def correct(
        self, attendee: Attendee, *, name: str, answers: dict[str, str], language: Language, marketing: bool
    ) -> Attendee:
        """What people may change of their own. The values are those of a `NewAttendee`."""
        changed = _found(await self._store.correct(attendee.id, " ".join(name.split()), answers, language, marketing))
        await self._announce(attendee.event_id, [])
        return changed

    async def forget(self, attendee: Attendee) -> None:
        """Deletes what registration knows of the person: their seat is free, their link void, their address unknown.

        Others keep data of theirs too: `Platform.forget` does it everywhere, and the worker does it once more.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            door = await self._door(connection, attendee.event_id)
            before = _found(await self._store.get(attendee.event_id, attendee.id, connection))
            gone = await self._forget(connection, before)
            moved = await self._move_up(connection, door)
        if gone:
            await self._announce(attendee.event_id, [*gone, *moved])

    async def _forget(self, connection: Connection, attendee: Attendee) -> list[Step]:
        gone = await self._store.forget(connection, attendee.id)
        if gone is None:
            return []
        if attendee.status is Status.DECLINED:
            trace = self._trace(attendee.event_id, attendee.email)
            await self._store.keep_declined(connection, attendee.event_id, trace)
        # Whoever is cut off behind this transaction leaves nothing half forgotten.
        payload = {"event": str(attendee.event_id), "attendee": str(attendee.id)}
        await enqueue(connection, FORGET, payload, key=str(attendee.id))
        _log.info("forgotten", event_id=str(attendee.event_id), attendee=str(attendee.id))
        return [Step(gone, attendee.status)]

    # -- personal links ------------------------------------------------------------------------------------------

    def join_link(self, attendee: Attendee) -> str:
        """The token of `/j/{token}`."""
        return self._tokens.link(Purpose.JOIN, attendee.id, attendee.link_version)

    async def by_join_link(self, token: str) -> Attendee:
        """The person of a personal link, whatever their status: `model.may_join` says whether they may enter.

        Raises `Unauthenticated` for a wrong or unknown link (alike), `Gone` for a renewed one or a cancelled person.
        """
        attendee = await self.by_own_link(token)
        if attendee.status is Status.CANCELLED:
            raise Gone("This registration was cancelled. Register again on the event page.", code="cancelled")
        return attendee

    async def by_own_link(self, token: str) -> Attendee:
        """The same for a person's own data, which who cancelled may still see and delete."""
        attendee_id, version = self._tokens.read_link(Purpose.JOIN, token)
        attendee = await self._store.by_id(attendee_id)
        if attendee is None or attendee.forgotten_at is not None:
            raise Unauthenticated("This link is not valid.", code="link_invalid")
        if version != attendee.link_version:
            raise Gone("This link was replaced by a new one. Ask the host for it.", code="link_revoked")
        return attendee

    async def renew_link(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """The old link and the access it gave are void from now on."""
        attendee = _found(await self._store.renew_link(event_id, attendee_id))
        await self._announce(event_id, [])
        await self._send_out(attendee)
        return attendee

    async def joined(self, attendee_id: uuid.UUID) -> None:
        """Notes the first time a person entered."""
        await self._store.joined(attendee_id)

    async def by_email(self, event_id: uuid.UUID, email: str) -> Attendee | None:
        """Whoever registered with this address (lower case). For nobody's eyes: anybody may type any address."""
        async with self._store.pool.acquire() as connection:
            return await self._store.by_email(connection, event_id, email)

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

    async def _announce(self, event_id: uuid.UUID, steps: Sequence[Step]) -> None:
        """After the commit: to this process, to the others, to who lost their seat, and to who writes letters."""
        if self.on_change is not None:
            self.on_change(event_id)
        await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})
        for step in steps:
            if step.before is Status.APPROVED and step.attendee.status is not Status.APPROVED:
                await self._send_out(step.attendee)
        if steps and self.on_steps is not None:
            try:
                await self.on_steps(event_id, steps)
            except AWAY as error:
                # What was decided stands: whoever asked for it is not told that it failed.
                _log.error("people were not written to, the database is away", event_id=str(event_id), error=str(error))


def out_subject(event_id: str) -> str:
    return f"event.{event_id}.out"


def _may_come_anew(known: Attendee, *, by_host: bool) -> bool:
    """Whether a known address is registered once more: after a cancellation, or because the host wants them now."""
    return known.status is Status.CANCELLED or (by_host and known.status in (Status.PENDING, Status.DECLINED))


def _found(attendee: Attendee | None) -> Attendee:
    if attendee is None or attendee.forgotten_at is not None:
        raise NotFound("There is no such person in this event.", code="attendee_not_found")
    return attendee
