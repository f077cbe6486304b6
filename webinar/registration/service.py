"""Rules of registration: one person an address, no seat given twice, links that can be revoked."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Pool
from webinar.base.errors import Conflict, DeadLink, Gone, NotFound, Unavailable
from webinar.base.tokens import Purpose, Tokens
from webinar.registration.model import (
    Attendee,
    By,
    Consent,
    Decided,
    Door,
    Invited,
    Language,
    NewAttendee,
    Registered,
    Status,
    Step,
    may_move,
    of_domains,
)
from webinar.registration.moves import put_down
from webinar.registration.roster import Roster, found
from webinar.registration.seating import Seating, may_come_anew
from webinar.registration.turns import Turns

_log = log.get(__name__)
_CONNECTION_S: Final = 5.0  # at most until the pool has one


class RegistrationService(Roster):
    """One a process. Methods raise `NotFound` for an unknown event or person."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens) -> None:
        super().__init__(pool)
        self._bus = bus
        self._tokens = tokens
        self._turns = Turns()
        # Called at once with each event whose people this process changes.
        self.on_change: Callable[[uuid.UUID], None] | None = None

    # -- coming --------------------------------------------------------------------------------------------------

    async def register(
        self,
        event_id: uuid.UUID,
        new: NewAttendee,
        *,
        by_host: bool = False,
        consent: Consent | None = None,
        by: By = By.CALLER,
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> Registered:
        """The same address gives the same person. `by_host` passes a closed door and the approval, not the seats.

        Nothing is done for who is `gone` when their turn comes. Raises `Conflict` when registration is closed or the
        event is over, and `Unavailable` when too many come at once.
        """
        async with self._seating(event_id, gone) as seating:
            email = new.email.lower()
            known = await seating.known(email)
            if known is not None and not may_come_anew(known, by_host=by_host):
                return Registered(known, created=False, shown=by is By.CALLER)
            if known is not None and by is By.PAGE:
                # Nobody can tell whether it is they: what was theirs is not given to whoever comes now.
                await seating.forget(known)
                known = None
            await seating.move_up()
            status = await seating.decide(email, by_host=by_host, proven=by is not By.PAGE)
            step = await seating.take_in(new, known, status, by_host=by_host, consent=consent)
        _log.info(
            "registered", event_id=str(event_id), attendee=str(step.attendee.id), status=step.attendee.status.value
        )
        seated = status is not Status.PENDING and of_domains(email, seating.door.domains)
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
        added: list[Attendee] = []
        known_before: list[Attendee] = []
        async with self._seating(event_id) as seating:
            await seating.move_up()
            known = await seating.known_of(list(wanted))
            for email in dict.fromkeys(new.email.lower() for new in people):
                before = known.get(email)
                if before is not None and not may_come_anew(before, by_host=True):
                    known_before.append(before)
                    continue
                status = await seating.decide(email, by_host=True)
                added.append((await seating.take_in(wanted[email], before, status, by_host=True)).attendee)
        _log.info("invited", event_id=str(event_id), added=len(added), known=len(known_before))
        return Invited(tuple(added), tuple(known_before))

    # -- deciding ------------------------------------------------------------------------------------------------

    async def set_status(
        self, event_id: uuid.UUID, attendee_id: uuid.UUID, status: Status, *, by_host: bool = True, quiet: bool = False
    ) -> Attendee:
        """The host's decision: approved, declined, or pending again. Who was declined stays so, whatever they do.

        `quiet`: no letter says so.

        A seat that is freed goes to the waiting list. Whom no seat is left for is on it from now on, in the order of
        registration. Raises `Conflict` code `full` for who waits there already, and `event_ended` for a seat in an
        event that is over.
        """
        async with self._seating(event_id) as seating:
            attendee = await seating.person(attendee_id)
            may_move(attendee.status, status)
            if attendee.status is status or (attendee.status is Status.DECLINED and not by_host):
                return attendee
            if status is Status.APPROVED:
                _may_seat(seating.door)
            if status is Status.APPROVED and await seating.left() < 1:
                if attendee.status is Status.WAITLISTED:
                    raise Conflict("No seat is left. Raise the number of seats, or free one.", code="full")
                status = Status.WAITLISTED
            (changed,) = await seating.move([attendee], status, by_host=by_host, quiet=quiet)
            await seating.move_up()
        return changed

    async def decide_many(self, event_id: uuid.UUID, status: Status, ids: Sequence[uuid.UUID] | None = None) -> Decided:
        """The same for many, in the order of registration; without `ids` for all who wait for the host's decision.

        Whom no seat is left for is on the waiting list from now on; who has cancelled stays where they are. Raises
        `Conflict` for seats in an event that is over.
        """
        async with self._seating(event_id) as seating:
            asked = await seating.people(ids)
            wanted = [a for a in asked if a.status is not status and a.status is not Status.CANCELLED]
            late: list[Attendee] = []
            if status is Status.APPROVED:
                _may_seat(seating.door)
                seats = max(0, await seating.left())
                late = [a for a in wanted[seats:] if a.status is not Status.WAITLISTED]
                wanted = wanted[:seats]
            changed = await seating.move(wanted, status, by_host=True)
            waiting = await seating.move(late, Status.WAITLISTED, by_host=True)
            await seating.move_up()
        there = sum(a.status is status for a in asked)
        return Decided(tuple(changed), left=len(asked) - there - len(changed), waiting=len(waiting))

    async def cancel(self, event_id: uuid.UUID, attendee_id: uuid.UUID, *, by_host: bool = True) -> Attendee:
        """Frees the seat; the first of the waiting list gets it. The personal link is void from now on."""
        return await self.set_status(event_id, attendee_id, Status.CANCELLED, by_host=by_host)

    async def fill_seats(self, event_id: uuid.UUID) -> int:
        """After the number of seats was raised: the waiting list moves up. Returns how many people moved."""
        async with self._seating(event_id) as seating:
            await seating.move_up()
        return len(seating.steps)

    @contextlib.asynccontextmanager
    async def _seating(
        self, event_id: uuid.UUID, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> AsyncIterator[Seating]:
        """A transaction that moves people: who moved is put down within it, and announced once it is committed.

        Raises `Unavailable` as `Turns` does, and for who is `gone` when their turn comes.
        """
        async with (
            self._turns.of(event_id),
            self._store.pool.acquire(timeout=_CONNECTION_S) as connection,
            connection.transaction(),
        ):
            door = await self._store.seats.lock_door(connection, event_id)
            if door is None:
                raise NotFound("There is no such event. Check the address.", code="event_not_found")
            if gone is not None and await gone():
                raise Unavailable("Whoever asked for this left before their turn.", code="left")
            seating = Seating(self._store, connection, door, self._tokens.derive("declined", 32))
            yield seating
            if seating.steps:
                await put_down(connection, event_id, seating.steps)
        if seating.steps:
            await self._announce(event_id, seating.steps)

    # -- one's own -----------------------------------------------------------------------------------------------

    async def correct(
        self, attendee: Attendee, *, name: str, answers: dict[str, str], language: Language, marketing: bool
    ) -> Attendee:
        """What people may change of their own. The values are those of a `NewAttendee`."""
        changed = found(await self._store.correct(attendee.id, " ".join(name.split()), answers, language, marketing))
        await self._announce(attendee.event_id, [])
        return changed

    async def forget(self, attendee: Attendee) -> None:
        """Deletes what registration knows of the person: their seat is free, their link void, their address unknown.

        Others keep data of theirs too: `Forgetting` does it everywhere, and the worker does it once more.
        """
        async with self._seating(attendee.event_id) as seating:
            await seating.forget(await seating.person(attendee.id))
            await seating.move_up()

    # -- personal links ------------------------------------------------------------------------------------------

    def join_link(self, attendee: Attendee) -> str:
        """The token of `/j/{token}`."""
        return self._tokens.link(Purpose.JOIN, attendee.id, attendee.link_version, attendee.event_id)

    async def by_join_link(self, token: str) -> Attendee:
        """The person of a personal link, whatever their status: `model.may_join` says whether they may enter.

        Raises `Unauthenticated` for a wrong link, `DeadLink` (said alike) for one of nobody any more, and `Gone` for
        a renewed one or a cancelled person.
        """
        attendee = await self.by_own_link(token)
        if attendee.status is Status.CANCELLED:
            raise Gone("This registration was cancelled. Register again on the event page.", code="cancelled")
        return attendee

    async def by_own_link(self, token: str) -> Attendee:
        """The same for a person's own data, which who cancelled may still see and delete."""
        link = self._tokens.read_link(Purpose.JOIN, token)
        attendee = await self._store.by_id(link.subject)
        if attendee is None or attendee.forgotten_at is not None:
            raise DeadLink(link.event)
        if link.version != attendee.link_version:
            raise Gone("This link was replaced by a new one. Ask the host for it.", code="link_revoked")
        return attendee

    async def renew_link(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> Attendee:
        """The old link and the access it gave are void from now on."""
        attendee = found(await self._store.renew_link(event_id, attendee_id))
        await self._announce(event_id, [])
        await self._send_out(attendee)
        return attendee

    async def joined(self, attendee_id: uuid.UUID) -> None:
        """Notes the first time a person entered."""
        await self._store.joined(attendee_id)

    # -- telling others ------------------------------------------------------------------------------------------

    async def _send_out(self, attendee: Attendee) -> None:
        """What they have open is closed, wherever it is. May be lost: then it stays open until they open it again."""
        event_id = attendee.event_id
        await self._bus.publish_json(out_subject(str(event_id)), {"person": str(attendee.id), "at": time.time()})

    async def _announce(self, event_id: uuid.UUID, steps: Sequence[Step]) -> None:
        """After the commit: to this process, to the others, and to who lost their seat."""
        if self.on_change is not None:
            self.on_change(event_id)
        await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})
        for step in steps:
            if step.before is Status.APPROVED and step.attendee.status is not Status.APPROVED:
                await self._send_out(step.attendee)


def out_subject(event_id: str) -> str:
    return f"event.{event_id}.out"


def _may_seat(door: Door) -> None:
    if door.state == "ended":
        raise Conflict("The event is over: nobody gets a seat any more.", code="event_ended")
