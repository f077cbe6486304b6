"""Votes and answers of one room on their way into the database: what comes within a moment is one transaction.

A thousand people who vote within one second are twenty transactions, not a thousand.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chat import figures
from chat.answers import Counted, Key
from chat.ballots import Written
from chat.gathering import Gathering, Waiting
from chat.ledger import Changes
from chat.store import Unstorable
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

_Entry = Waiting[Ballot, None]


class BallotWriter(Gathering[Ballot, None, Written]):
    """What is submitted is answered by nothing but that it is stored."""

    def __init__(self, event_id: uuid.UUID, urn: Urn, on_written: OnWritten) -> None:
        super().__init__(event_id, "votes", most_waiting=_MAX_WAITING, most_at_once=_MAX_BATCH)
        self._urn, self._on_written = urn, on_written

    def _gather_s(self, since_last: float) -> float:
        return GATHER_S

    async def _write(self, entries: Sequence[_Entry]) -> Written:
        # Of one person's for the same question or poll (two tabs at once) the last holds, for all who wait for it.
        ballots = [entry.item for entry in entries]
        votes = {ballot.key: ballot.up for ballot in ballots if isinstance(ballot, Vote)}
        answers = {ballot.key: ballot for ballot in ballots if isinstance(ballot, Answer)}
        figures.BALLOTS.observe(len(votes) + len(answers))
        return await self._urn.write(
            self._event_id,
            votes,
            {key: answer.choices for key, answer in answers.items()},
            {answer.poll: answer.counted for answer in answers.values()},
        )

    async def _wrote(self, entries: Sequence[_Entry], written: Written) -> None:
        await self._on_written(written.changes)
        for entry in entries:
            code = written.refused.get(entry.item.key) if isinstance(entry.item, Answer) else None
            if code is None:
                entry.give(None)
            else:
                entry.refuse(code, None)

    async def _unstorable(self, entries: Sequence[_Entry], error: Unstorable) -> None:
        """One of them; the others may come again, in another batch."""
        _log.error("votes cannot be stored", event_id=str(self._event_id), error=str(error))
        for entry in entries:
            entry.refuse("unavailable", 2.0)
