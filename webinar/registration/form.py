"""Rules of the registration form: what is asked, who is let in at once, the passcode, how long data is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from asyncpg import UniqueViolationError

from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from webinar.registration.form_store import FormStore
from webinar.registration.questions import MOST_QUESTIONS, NewQuestion, Question, move
from webinar.registration.rules import Rules, RulesChange, may_keep

_MOST_REMEMBERED: Final = 1000
_LONGEST_PASSCODE: Final = 200

# Uses one try of a caller; raises `TooManyRequests`. And gives it back after a right passcode.
Take = Callable[[], None]


class RegistrationForm:
    """One a process. Methods raise `NotFound` for an unknown event or question."""

    def __init__(self, pool: Pool, *, hasher: PasswordHasher | None = None) -> None:
        self._store = FormStore(pool)
        self._hasher = hasher or PasswordHasher()
        # 64 MiB a hash: one at a time.
        self._hashing = asyncio.Semaphore(1)
        self._salt = secrets.token_bytes(32)
        # Of the passcodes that were right: by their hash, a keyed digest that costs nothing to compare. So hundreds
        # of people who register at once cost one hash.
        self._right: OrderedDict[str, bytes] = OrderedDict()
        # Awaited after the rules have changed.
        self.on_change: Callable[[uuid.UUID], Awaitable[None]] | None = None

    # -- rules ---------------------------------------------------------------------------------------------------

    async def rules(self, event_id: uuid.UUID) -> Rules:
        return _found(await self._store.rules(event_id))

    async def change(self, event_id: uuid.UUID, change: RulesChange) -> Rules:
        """Raises `Conflict` for data kept longer than people were promised."""
        values = change.model_dump(include=change.model_fields_set)
        for name in ("domains", "others", "marketing", "keeper", "retention_days"):
            if values.get(name, "") is None:
                del values[name]
        if "passcode" in values:
            passcode = values.pop("passcode")
            values["passcode_hash"] = None if passcode is None else await self._hash(_plain(passcode))
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._lock(connection, event_id)
            before = _found(await self._store.rules(event_id, connection))
            days = values.pop("retention_days", before.retention_days)
            if days != before.retention_days:
                may_keep(days, before.retention_days, await self._store.agreed(connection, event_id))
                await self._store.keep_for(connection, event_id, days)
            await self._store.change_rules(connection, event_id, values)
            after = _found(await self._store.rules(event_id, connection))
        if self.on_change is not None:
            await self.on_change(event_id)
        return after

    async def shift_closing(self, connection: Connection, event_id: uuid.UUID, by: timedelta) -> None:
        """Within the transaction that moves the event: registration closes as long before it as it did."""
        await self._store.shift_closing(connection, event_id, by)

    async def copy(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """A new event asks and promises what another does, lets in whom that lets in, and closes as early. Within the
        transaction that makes it.
        """
        await self._store.copy(connection, source, target)

    # -- questions -----------------------------------------------------------------------------------------------

    async def questions(self, event_id: uuid.UUID) -> list[Question]:
        """In the order of the form; none for an unknown event."""
        return await self._store.questions(event_id)

    async def add_question(self, event_id: uuid.UUID, new: NewQuestion) -> Question:
        """At the end. Raises `Conflict` for one too many, `Invalid` for the text of another one."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._lock(connection, event_id)
            if len(await self._store.questions(event_id, connection)) >= MOST_QUESTIONS:
                raise Conflict("A form has ten questions at most.", code="too_many_questions")
            try:
                return await self._store.add_question(connection, event_id, new)
            except UniqueViolationError as error:
                raise _twice() from error

    async def change_question(self, event_id: uuid.UUID, question_id: uuid.UUID, new: NewQuestion) -> None:
        """What was answered before stays. Raises `Invalid` for the text of another one."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            before = await self._question(connection, event_id, question_id)
            try:
                await self._store.change_question(connection, event_id, before, new)
            except UniqueViolationError as error:
                raise _twice() from error

    async def remove_question(self, event_id: uuid.UUID, question_id: uuid.UUID) -> None:
        """It is asked no more; what was answered stays with the people."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._question(connection, event_id, question_id)
            await self._store.remove_question(connection, question_id)

    async def move_question(self, event_id: uuid.UUID, question_id: uuid.UUID, by: int) -> None:
        """`by` places further down; negative: up."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._question(connection, event_id, question_id)
            order = [question.id for question in await self._store.questions(event_id, connection)]
            await self._store.order_questions(connection, move(order, question_id, by))

    async def put_questions(self, event_id: uuid.UUID, wanted: list[NewQuestion]) -> list[Question]:
        """These and no others, in this order. One whose text stays is the same question as before."""
        if len({new.text for new in wanted}) < len(wanted):
            raise _twice()
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._lock(connection, event_id)
            before = {question.text: question for question in await self._store.questions(event_id, connection)}
            for text in before.keys() - {new.text for new in wanted}:
                await self._store.remove_question(connection, before[text].id)
            order = []
            for new in wanted:
                known = before.get(new.text)
                if known is None:
                    known = await self._store.add_question(connection, event_id, new)
                else:
                    await self._store.change_question(connection, event_id, known, new)
                order.append(known.id)
            await self._store.order_questions(connection, order)
            return await self._store.questions(event_id, connection)

    async def _question(self, connection: Connection, event_id: uuid.UUID, question_id: uuid.UUID) -> Question:
        await self._lock(connection, event_id)
        for question in await self._store.questions(event_id, connection):
            if question.id == question_id:
                return question
        raise NotFound("There is no such question on this form.", code="question_not_found")

    async def _lock(self, connection: Connection, event_id: uuid.UUID) -> None:
        if not await self._store.lock(connection, event_id):
            raise NotFound("There is no such event. Check the address.", code="event_not_found")

    # -- passcode ------------------------------------------------------------------------------------------------

    async def check_passcode(self, event_id: uuid.UUID, typed: str, take: Take, give_back: Take) -> None:
        """Raises `Forbidden` for a wrong one: always in the same words. Nothing when the event asks for none.

        `take` comes before the look, so that whoever guesses too often learns nothing even by a right guess.
        """
        stored = await self._store.passcode_hash(event_id)
        if stored is None:
            return
        typed = _plain(typed)
        digest = hmac.digest(self._salt, typed.encode(), hashlib.sha256)
        known = self._right.get(stored)
        if known is None:
            async with self._hashing:
                known = self._right.get(stored)  # somebody was right while we waited
                if known is None:
                    take()
                    _judge(await self._verify(stored, typed, digest), give_back)
                    return
        take()
        _judge(hmac.compare_digest(known, digest), give_back)

    async def _verify(self, stored: str, typed: str, digest: bytes) -> bool:
        try:
            await asyncio.to_thread(self._hasher.verify, stored, typed)
        except (VerifyMismatchError, InvalidHashError):
            return False
        self._right[stored] = digest
        if len(self._right) > _MOST_REMEMBERED:
            self._right.popitem(last=False)
        return True

    async def _hash(self, passcode: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, passcode)


def _judge(right: bool, give_back: Take) -> None:
    if not right:
        raise Forbidden("This passcode is not right. Ask the host for it.", code="wrong_passcode")
    give_back()


def _plain(passcode: str) -> str:
    """Without the spaces around: people copy them along."""
    return passcode.strip()[:_LONGEST_PASSCODE]


def _twice() -> Invalid:
    problem = FieldProblem("text", "There is a question with these words already.")
    return Invalid("Some fields need another look.", fields=[problem])


def _found(rules: Rules | None) -> Rules:
    if rules is None:
        raise NotFound("There is no such event. Check the address.", code="event_not_found")
    return rules
