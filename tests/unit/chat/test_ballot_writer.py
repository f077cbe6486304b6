"""chat/ballot_writer.py: what comes within a moment is one write, and everybody is answered."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from chat.answers import Counted, Key
from chat.ballot_writer import Answer, BallotWriter, Vote
from chat.ballots import Written
from chat.gathering import Refusal
from chat.ledger import Changes
from chat.store import NoRoom, StoreDown, Unstorable


class Urn:
    """Keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.votes: list[Mapping[Key, bool]] = []
        self.answers: list[Mapping[Key, Sequence[int]]] = []
        self.refused: dict[Key, str] = {}
        self.error: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()

    async def write(
        self, event_id: uuid.UUID, votes: Mapping[Key, bool], answers: Mapping[Key, Sequence[int]], counted: Counted
    ) -> Written:
        await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.votes.append(votes)
        self.answers.append(answers)
        return Written(Changes(len(self.votes), [], []), self.refused)


async def _nobody(changes: Changes) -> None: ...


@contextlib.asynccontextmanager
async def at_work(urn: Urn) -> AsyncIterator[BallotWriter]:
    writer = BallotWriter(uuid.uuid4(), urn, _nobody)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_thousand_votes_at_once_are_a_few_writes() -> None:
    urn = Urn()
    async with at_work(urn) as writer:
        await asyncio.gather(*(writer.submit(Vote(1, f"p{n}", up=True)) for n in range(1000)))
    assert sum(map(len, urn.votes)) == 1000
    assert len(urn.votes) <= 3


async def test_of_two_tabs_at_once_the_last_vote_holds() -> None:
    urn = Urn()
    async with at_work(urn) as writer:
        await asyncio.gather(*(writer.submit(Vote(1, "ann", up=up)) for up in (True, False, True, False)))
    assert urn.votes == [{(1, "ann"): False}]


async def test_an_answer_that_is_not_taken_is_refused_by_its_name_and_the_others_are_taken() -> None:
    urn = Urn()
    urn.refused = {(7, "ann"): "answered"}
    async with at_work(urn) as writer:
        taken = asyncio.gather(writer.submit(Answer(7, "bob", (1,), range(2))), writer.submit(Vote(7, "ann", up=True)))
        with pytest.raises(Refusal) as refusal:
            await writer.submit(Answer(7, "ann", (1,), range(2)))
        await taken
    assert refusal.value.code == "answered"
    assert urn.answers == [{(7, "bob"): (1,), (7, "ann"): (1,)}]


@pytest.mark.parametrize(
    ("error", "code"), [(StoreDown("away"), "unavailable"), (NoRoom("?"), "gone"), (Unstorable("?"), "unavailable")]
)
async def test_what_cannot_be_written_is_refused_and_the_next_is_tried(error: Exception, code: str) -> None:
    urn = Urn()
    urn.error = error
    async with at_work(urn) as writer:
        with pytest.raises(Refusal) as refusal:
            await writer.submit(Vote(1, "ann", up=True))
        urn.error = None
        await writer.submit(Vote(1, "ann", up=True))
    assert refusal.value.code == code


async def test_more_than_may_wait_are_refused_at_once_and_those_who_wait_at_the_end() -> None:
    urn = Urn()
    urn.hold.clear()
    async with at_work(urn) as writer:
        submits = [asyncio.create_task(writer.submit(Vote(n, "ann", up=True))) for n in range(2100)]
        results: list[BaseException | None]
        done, waiting = await asyncio.wait(submits, timeout=0.2)
        assert {task.exception().code for task in done if isinstance(task.exception(), Refusal)} == {"busy"}  # type: ignore[union-attr]
        assert done
        assert waiting
    results = list(await asyncio.gather(*waiting, return_exceptions=True))
    assert all(isinstance(result, Refusal) and result.code == "unavailable" for result in results)
