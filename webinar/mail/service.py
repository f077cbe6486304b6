"""Rules of letters: which are written for an event, with which words, and what became of each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from webinar.base import cursor as cursors
from webinar.base import log
from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, NotFound, TooManyRequests
from webinar.base.queue import enqueue
from webinar.mail.due_store import DueStore
from webinar.mail.model import (
    FOLLOWUPS,
    REMINDERS,
    SORTS,
    Choice,
    Kind,
    Language,
    Letter,
    LetterPage,
    LetterState,
    Plan,
    Told,
    check,
)
from webinar.mail.store import MailStore

_log = log.get(__name__)
# A host who changes the time twice in a minute writes one letter.
_SETTLE: Final = timedelta(seconds=60)
_MOST_TESTS: Final = 20
# The job that writes to a host before data is destroyed.
DESTROYED_SOON: Final = "destroyed_soon"
# And the one before an event that nobody ends is ended by itself.
ENDS_ITSELF: Final = "ends_itself"
# And the one after it.
ENDED_ITSELF: Final = "ended_itself"
# Hosts hear of it for so long afterwards.
_STILL_NEW: Final = timedelta(days=1)
# Who knows that it ends at a time needs no other letter when it ends so much later.
_TOLD_ANYWAY: Final = timedelta(hours=1)
_AT_ONCE: Final = 50
_TESTS_IN: Final = timedelta(minutes=10)


class MailService:
    """One a process."""

    def __init__(self, pool: Pool) -> None:
        self._store = MailStore(pool)
        self._due = DueStore(pool)

    # -- what the host chose -------------------------------------------------------------------------------------

    async def plans(self, event_id: uuid.UUID) -> list[Plan]:
        """Every kind, as it is for this event."""
        chosen = await self._store.choices(event_id)
        return [Plan(kind, chosen.get(kind, Choice())) for kind in SORTS]

    async def plan(self, event_id: uuid.UUID, kind: Kind) -> Plan:
        return Plan(kind, (await self._store.choices(event_id)).get(kind, Choice()))

    async def choose(self, event_id: uuid.UUID, kind: Kind, change: Choice) -> Plan:
        """What `change` does not name stays. Raises `Invalid`, naming the fields."""
        check(kind, change)
        before = (await self.plan(event_id, kind)).choice
        named = {name: getattr(change, name) for name in change.model_fields_set}
        choice = before.model_copy(update=named)
        await self._store.choose(event_id, kind, choice)
        return Plan(kind, choice)

    async def copy_choices(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """An event that is made like another is written about alike. Within the transaction that makes it."""
        await self._store.copy_choices(connection, source, target)

    # -- writing -------------------------------------------------------------------------------------------------

    async def write(
        self,
        event_id: uuid.UUID,
        attendees: Sequence[uuid.UUID],
        kind: Kind,
        *,
        told: Told | None = None,
        occasion: str | None = None,
        own: Mapping[uuid.UUID, dict[str, Any]] | None = None,
    ) -> int:
        """A letter to each, unless the host switched this kind off. `told`: what these say of the event's time.

        `own` is what each person's letter knows besides.
        """
        if not (await self.plan(event_id, kind)).enabled:
            return 0
        async with self._store.pool.acquire() as connection, connection.transaction():
            if told is not None:
                await self._store.tell_first(connection, event_id, told)
            return await self._store.write(connection, event_id, attendees, kind, occasion=occasion, own=own)

    async def write_test(self, event_id: uuid.UUID, kind: Kind, email: str, language: Language) -> uuid.UUID:
        """Raises `TooManyRequests`: whoever may host must not make a mail cannon of it."""
        if await self._store.tests(event_id, _TESTS_IN) >= _MOST_TESTS:
            raise TooManyRequests("That were many tests. Wait ten minutes and try again.", retry_after_s=60)
        async with self._store.pool.acquire() as connection, connection.transaction():
            return await self._store.write_to(connection, event_id, email, kind, language)

    async def settle(self, connection: Connection, job: str, event_id: uuid.UUID) -> None:
        """`job` runs for this event in a minute; once, however often this is asked for until then."""
        await enqueue(connection, job, {"event": str(event_id)}, after=_SETTLE, key=str(event_id))

    async def changed(self, event_id: uuid.UUID, now: Told, statuses: Sequence[str]) -> int:
        """Tells everybody, unless they know. `now.sequence` is of no matter: it counts up from what was told last."""
        on = (await self.plan(event_id, Kind.CHANGED)).enabled
        async with self._store.pool.acquire() as connection, connection.transaction():
            if not await self.count_change(connection, event_id, now) or not on:
                return 0
            return await self._store.write_to_all(connection, event_id, statuses, Kind.CHANGED, {})

    async def count_change(self, connection: Connection, event_id: uuid.UUID, now: Told) -> bool:
        """What is said of the event's time from now on, counted up from before; False where that is the same."""
        before = await self._store.told(event_id, connection, lock=True)
        if before is not None and _same(before, now):
            return False
        sequence = 1 if before is None else before.sequence + 1
        told = Told(sequence, now.title, now.starts_at, now.ends_at, now.timezone)
        await self._store.tell(connection, event_id, told)
        return True

    async def remind(self, now: datetime) -> int:
        """Writes all reminders that are due."""
        written = 0
        for kind in REMINDERS:
            sort = SORTS[kind]
            async with self._store.pool.acquire() as connection, connection.transaction():
                lead = timedelta(minutes=sort.minutes or 0)
                written += await self._due.remind(connection, kind, lead, sort.on, now)
        if written:
            _log.info("reminders written", letters=written)
        return written

    async def followups_due(self, now: datetime) -> list[tuple[uuid.UUID, Kind]]:
        found = []
        for kind in FOLLOWUPS:
            sort = SORTS[kind]
            wait = timedelta(minutes=sort.minutes or 0)
            found += [(event_id, kind) for event_id in await self._due.followups_due(kind, wait, sort.on, now)]
        return found

    async def follow_up(self, event_id: uuid.UUID, kind: Kind, people: Sequence[uuid.UUID]) -> int:
        """To those of `people` who hold a seat; once a person, however often this is called."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            return await self._due.follow_up(connection, event_id, kind, people)

    async def destroyed_soon(self, now: datetime, before: timedelta) -> int:
        """Hosts of events that are destroyed within `before` are to be written to, once for a date. How many now."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            events = await self._due.destroyed_soon(connection, now, before, _AT_ONCE)
            for event_id in events:
                await enqueue(connection, DESTROYED_SOON, {"event": str(event_id)}, key=str(event_id))
        if events:
            _log.info("hosts are told that data is destroyed soon", events=len(events))
        return len(events)

    async def ends_itself(self, event_id: uuid.UUID, at: datetime, whoever_sends: bool) -> None:
        """The host of a live event that nobody ends is written to: it ends by itself at `at`, `whoever_sends`, or
        unless somebody does. Once for a time, and again when it has become a later one.
        """
        payload = {"event": str(event_id), "at": at.isoformat(), "whoever_sends": whoever_sends}
        async with self._store.pool.acquire() as connection, connection.transaction():
            if await self._due.foretold(connection, event_id, ENDS_ITSELF, at, _TOLD_ANYWAY):
                await enqueue(connection, ENDS_ITSELF, payload, key=str(event_id))

    async def ended_themselves(self, now: datetime) -> int:
        """Hosts of events that nobody ended, and that have ended by themselves, are to be written to: once, whenever
        the worker comes to it within a day. How many now.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            events = await self._due.ended_themselves(connection, ENDED_ITSELF, now - _STILL_NEW, _AT_ONCE)
            for event_id in events:
                await enqueue(connection, ENDED_ITSELF, {"event": str(event_id)}, key=str(event_id))
        return len(events)

    # -- sending -------------------------------------------------------------------------------------------------

    async def get(self, letter_id: uuid.UUID) -> Letter | None:
        return await self._store.get(letter_id)

    async def of_attendee(self, attendee_id: uuid.UUID) -> list[Letter]:
        """All that was or will be sent to one person, oldest first."""
        return await self._store.of_attendee(attendee_id)

    async def tried(self, letter_id: uuid.UUID, why: str) -> None:
        """It was not taken this time; `why` in the words of the server."""
        await self._store.tried(letter_id, why)

    async def done(self, letter_id: uuid.UUID, state: LetterState, *, subject: str = "", answer: str = "") -> None:
        await self._store.done(letter_id, state, subject, answer)

    async def again(self, event_id: uuid.UUID, letter_id: uuid.UUID) -> Letter:
        """Raises `NotFound`, and `Conflict` while it waits."""
        letter = await self._store.get(letter_id)
        if letter is None or letter.event_id != event_id:
            raise NotFound("There is no such letter.", code="letter_not_found")
        async with self._store.pool.acquire() as connection, connection.transaction():
            made = await self._store.again(connection, event_id, letter_id)
        if made is None:
            raise Conflict("This letter is still on its way.", code="letter_waiting")
        return made

    # -- looking -------------------------------------------------------------------------------------------------

    async def page(
        self,
        event_id: uuid.UUID,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: LetterState | None = None,
        kind: Kind | None = None,
    ) -> LetterPage:
        """Newest first. Raises `BadRequest` for a cursor that is not one of ours."""
        after = None if cursor is None else cursors.read(cursor)
        found = await self._store.page(event_id, after, limit + 1, state, kind)
        items = tuple(found[:limit])
        last = items[-1].letter if items else None
        more = last is not None and len(found) > limit
        return LetterPage(items, cursors.write(last.created_at, last.id) if last is not None and more else None)

    async def counts(self, event_id: uuid.UUID) -> dict[tuple[Kind, LetterState], int]:
        return await self._store.counts(event_id)

    async def host(self, event_id: uuid.UUID) -> tuple[str, str]:
        """(name, address) of the event's host; empty where nobody has set one up."""
        return await self._store.host(event_id)

    async def reply_to(self, event_id: uuid.UUID) -> str:
        """Where answers to letters about this event belong: its host's address, or empty."""
        return (await self._store.host(event_id))[1]

    async def told(self, event_id: uuid.UUID, connection: Connection | None = None) -> Told | None:
        return await self._store.told(event_id, connection)

    # -- what people do not want ---------------------------------------------------------------------------------

    async def refuse(self, attendee_id: uuid.UUID) -> bool:
        """No reminders and follow-ups any more. False when there is no such person."""
        return await self._store.refuse(attendee_id)

    async def forget(self, attendee_id: uuid.UUID) -> None:
        """Nothing is known any more of what was written to this person."""
        await self._store.forget(attendee_id)

    async def refused(self, attendee_id: uuid.UUID) -> bool:
        return await self._store.refused(attendee_id)


def _same(one: Told, other: Told) -> bool:
    return (one.title, one.starts_at, one.ends_at, one.timezone) == (
        other.title,
        other.starts_at,
        other.ends_at,
        other.timezone,
    )
