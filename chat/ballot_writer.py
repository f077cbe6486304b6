"""Votes and answers of one room on their way into the database: what comes within a moment is one transaction.

A thousand people who vote within one second are twenty transactions, not a thousand.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chat import figures
from chat.ballots import Counted, Key, Written
from chat.committer import DEADLINE_S, Refusal
from chat.ledger import Changes
from chat.store import NoRoom, StoreDown, Unstorable
from webinar.base import log

GATHER_S: Final = 0.05
_MAX_BATCH: Final = 500
_MAX_WAITING: Final = 2000

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Vote:
    question: int
    person: str
    up: bool

    @property
    def key(self) -> Key:
        return self.question, self.person


@dataclass(frozen=True, slots=True)
class Answer:
    """`counted`: the choices that the poll has."""

    poll: int
    person: str
    choices: tuple[int, ...]
    counted: Sequence[int]

    @property
    def key(self) -> Key:
        return self.poll, self.person


Ballot = Vote | Answer


class Urn(Protocol):
    """The part of `Ballots` that is used here."""

    async def write(
        self, event_id: uuid.UUID, votes: Mapping[Key, bool], answers: Mapping[Key, Sequence[int]], counted: Counted
    ) -> Written: ...


# Gets the changes of a batch before anybody is told that it was taken.
OnWritten = Callable[[Changes], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Waiting:
    ballot: Ballot
    answer: asyncio.Future[None]


class BallotWriter:
    """One per room and process. `run` does the work until it is cancelled."""

    def __init__(self, event_id: uuid.UUID, urn: Urn, on_written: OnWritten) -> None:
        self._event_id, self._urn, self._on_written = event_id, urn, on_written
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(_MAX_WAITING)
        self._in_hand: list[_Waiting] = []
        self._down = False

    async def submit(self, ballot: Ballot) -> None:
        """Returns when it is stored. Raises `Refusal`."""
        entry = _Waiting(ballot, asyncio.get_running_loop().create_future())
        try:
            self._waiting.put_nowait(entry)
        except asyncio.QueueFull as error:
            raise Refusal("busy", 1.0) from error
        try:
            async with asyncio.timeout(DEADLINE_S):
                await entry.answer
        except TimeoutError as error:
            raise Refusal("unavailable", 2.0) from error

    async def settle(self) -> None:
        """Returns when everything that was submitted has its answer."""
        await self._waiting.join()

    async def run(self) -> None:
        try:
            while True:
                self._in_hand = [await self._waiting.get()]
                await asyncio.sleep(GATHER_S)
                while len(self._in_hand) < _MAX_BATCH and not self._waiting.empty():
                    self._in_hand.append(self._waiting.get_nowait())
                await self._write([entry for entry in self._in_hand if not entry.answer.done()])
                for _ in self._in_hand:
                    self._waiting.task_done()
                self._in_hand = []
        finally:
            left = self._in_hand
            while not self._waiting.empty():
                left.append(self._waiting.get_nowait())
            _refuse(left, "unavailable", 1.0)

    async def _write(self, entries: list[_Waiting]) -> None:
        if not entries:
            return
        # Of one person's for the same question or poll (two tabs at once) the last holds, for all who wait for it.
        ballots = [entry.ballot for entry in entries]
        votes = {ballot.key: ballot.up for ballot in ballots if isinstance(ballot, Vote)}
        answers = {ballot.key: ballot for ballot in ballots if isinstance(ballot, Answer)}
        figures.BALLOTS.observe(len(votes) + len(answers))
        try:
            written = await self._urn.write(
                self._event_id,
                votes,
                {key: answer.choices for key, answer in answers.items()},
                {answer.poll: answer.counted for answer in answers.values()},
            )
        except StoreDown as error:
            self._set_down(str(error))
            _refuse(entries, "unavailable", 2.0)
        except NoRoom:
            _refuse(entries, "gone", None)
        except Unstorable as error:
            # One of them; the others may come again, in another batch.
            _log.error("votes cannot be stored", event_id=str(self._event_id), error=str(error))
            _refuse(entries, "unavailable", 2.0)
        else:
            self._set_down(None)
            await self._on_written(written.changes)
            for entry in entries:
                code = written.refused.get(entry.ballot.key) if isinstance(entry.ballot, Answer) else None
                _answer(entry, code)

    def _set_down(self, error: str | None) -> None:
        """Says so once, not with every batch."""
        if error is not None and not self._down:
            _log.warning("votes cannot be written", event_id=str(self._event_id), error=error)
        elif error is None and self._down:
            _log.info("votes can be written again", event_id=str(self._event_id))
        self._down = error is not None


def _answer(entry: _Waiting, code: str | None) -> None:
    if code is not None:
        _refuse([entry], code, None)
    elif not entry.answer.done():
        entry.answer.set_result(None)


def _refuse(entries: Sequence[_Waiting], code: str, retry_after: float | None) -> None:
    for entry in entries:
        if not entry.answer.done():
            entry.answer.set_exception(Refusal(code, retry_after))
