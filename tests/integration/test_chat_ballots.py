"""Votes by the thousand in one process: few transactions, no query for who comes back, right whatever gets lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from chat.applause import Applause
from chat.ballot_box import BallotBox
from chat.ballots import Ballots
from chat.entry import Draft
from chat.gathering import Refusal
from chat.hub import Hub
from chat.live_room import LiveRoom
from chat.store import TIMEOUT_S, Store
from chat.ticket import Ticket
from chat.wire import Frame
from webinar.base import db
from webinar.base.bus import Bus

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


class CountingStore(Store):
    """The real one, counting how often a connection was asked for."""

    taken = 0

    @contextlib.asynccontextmanager
    async def connection(self, limit_s: float = TIMEOUT_S) -> AsyncIterator[db.Connection]:
        self.taken += 1
        async with super().connection(limit_s) as connection:
            yield connection


class Paper:
    """An outlet that keeps what is written to it."""

    broken: asyncio.Future[None] | None = None

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def write(self, frame: Frame) -> bool:
        self.frames.append(json.loads(frame.payload))
        return True

    async def drain(self) -> None: ...

    def cut(self) -> None: ...

    async def aclose(self) -> None: ...

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == type_]


@pytest_asyncio.fixture(loop_scope="session")
async def store(stage: Stage) -> AsyncIterator[CountingStore]:
    pool = await db.connect(stage.database_url, service="chat", max_size=4)
    yield CountingStore(pool)
    await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def hub(stage: Stage, store: CountingStore) -> AsyncIterator[Hub]:
    bus = await Bus.connect(stage.nats.embedded.url, "chat")
    hub = Hub(store, bus)
    yield hub
    await hub.close()
    await bus.close()


async def joined(room: LiveRoom, person: str = "p") -> Paper:
    paper = Paper()
    member, _ = room.join(Ticket(room.event_id, person, "attendee", person, 0), paper, None, None)
    await room.catch_up(member)
    return paper


async def asked(room: LiveRoom) -> int:
    content = {"name": "Ann", "role": "attendee", "body": "why?", "anonymous": False}
    return (await room.submit(Draft("question", str(uuid.uuid4()), "ann", content))).seq


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what changes tells nobody
            await asyncio.sleep(0.02)


def votes(room: LiveRoom, question: int) -> int:
    found = room.state.questions.get(question)
    assert found is not None
    return found.votes


async def test_a_thousand_votes_in_a_second_are_few_transactions_and_one_count_for_all(
    stage: Stage, hub: Hub, store: CountingStore
) -> None:
    room = await hub.room(await stage.new_event())
    paper, question = await joined(room), await asked(room)
    box, before = room.feature(BallotBox), store.taken

    async def vote(number: int) -> None:
        await asyncio.sleep(number / 1000)
        await box.vote(question, f"p{number}", True)

    await asyncio.gather(*(vote(number) for number in range(1000)))
    await until(lambda: votes(room, question) == 1000)
    assert store.taken - before <= 400  # a vote each would be a thousand; a busy machine gathers fewer at a time
    await until(lambda: paper.of("events")[-1]["events"][-1].get("votes") == {str(question): 1000})


async def test_a_thousand_who_come_back_are_told_what_they_voted_without_a_query(
    stage: Stage, hub: Hub, store: CountingStore
) -> None:
    event = await stage.new_event()
    room = await hub.room(event)
    question = await asked(room)
    box = room.feature(BallotBox)
    await asyncio.gather(*(box.vote(question, f"p{number}", True) for number in range(1000)))
    await until(lambda: votes(room, question) == 1000)
    before = store.taken
    papers = [await joined(room, f"p{number}") for number in range(1000)]
    assert all(paper.of("you")[0]["votes"] == [question] for paper in papers)
    assert store.taken == before


async def test_votes_that_no_wake_up_told_of_are_read_and_tallied(stage: Stage, hub: Hub, store: CountingStore) -> None:
    room = await hub.room(await stage.new_event())
    question = await asked(room)
    await room.feature(BallotBox).vote(question, "ann", True)
    await until(lambda: votes(room, question) == 1)
    # As a process does that is killed between its commit and its message on the bus.
    killed = Ballots(store)
    await killed.write(room.event_id, {(question, "bob"): True, (question, "ann"): False}, {}, {})
    await killed.write(room.event_id, {(question, "cho"): True}, {}, {})
    await hub.look_at_logs()
    paper = await joined(room, "bob")
    await hub.look_at_logs()
    await until(lambda: votes(room, question) == 2)
    await until(lambda: room.greeting.you("bob")["votes"] == [question])
    assert room.greeting.you("ann")["votes"] == []
    assert paper


async def test_a_new_process_knows_all_votes_and_tallies_what_a_killed_one_did_not(
    stage: Stage, hub: Hub, store: CountingStore
) -> None:
    event = await stage.new_event()
    entries = await make_room(store, event)
    await Ballots(store).write(event, {(entries, "ann"): True, (entries, "bob"): True}, {}, {})
    room = await hub.room(event)
    assert room.greeting.you("bob")["votes"] == [entries]
    await until(lambda: votes(room, entries) == 2)


async def make_room(store: Store, event: uuid.UUID) -> int:
    """A room that no process has open, with one question in it: its seq."""
    await store.open(event)
    content = {"name": "Ann", "role": "attendee", "body": "why?", "anonymous": False}
    (appended,) = await store.append(event, [Draft("question", str(uuid.uuid4()), "ann", content)])
    return appended.entry.seq


async def test_reactions_taken_before_a_planned_end_are_counted(stage: Stage, hub: Hub) -> None:
    room = await hub.room(await stage.new_event())
    for number in range(200):
        room.feature(Applause).take(f"p{number}", "clap")
    await hub.close()
    (row,) = await stage.sql("select sum(count)::int as n from chat_reaction where event_id = $1", room.event_id)
    assert row["n"] == 200


async def opened_poll(ballots: Ballots, store: Store, event: uuid.UUID, poll: int, *, anonymous: bool) -> None:
    await store.open(event)
    await ballots.open_poll(event, poll, anonymous=anonymous, choices=2)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_a_poll_that_is_removed_while_it_is_answered_throws_nobody_out(
    stage: Stage, store: CountingStore, anonymous: bool
) -> None:
    event, ballots = await stage.new_event(), Ballots(store)
    for poll in range(1, 21):
        await opened_poll(ballots, store, event, poll, anonymous=anonymous)
        answers: dict[tuple[int, str], tuple[int, ...]] = {(poll, f"p{n}"): (1,) for n in range(200)}
        written, _ = await asyncio.gather(
            ballots.write(event, {}, answers, {poll: range(2)}), ballots.remove_poll(event, poll)
        )
        assert len(written.changes.answers) + len(written.refused) == 200
    (row,) = await stage.sql("select count(*)::int as n from chat_poll where event_id = $1", event)
    assert row["n"] == 0


async def test_a_poll_is_removed_after_the_batch_that_looked_at_it(stage: Stage, store: CountingStore) -> None:
    event, ballots = await stage.new_event(), Ballots(store)
    await opened_poll(ballots, store, event, 1, anonymous=False)
    async with store.connection() as connection, connection.transaction():
        # As a batch that is being written does.
        await connection.execute("update chat_ballot set version = version + 1 where event_id = $1", event)
        removing = asyncio.create_task(ballots.remove_poll(event, 1))
        _, waiting = await asyncio.wait({removing}, timeout=0.3)
        assert waiting
    await removing


async def test_what_the_database_refuses_is_refused_and_the_room_goes_on(stage: Stage, hub: Hub) -> None:
    room = await hub.room(await stage.new_event())
    paper, question = await joined(room), await asked(room)
    with pytest.raises(Refusal):
        await room.feature(BallotBox).vote(question, "a\0b", True)  # text that PostgreSQL cannot hold
    await room.feature(BallotBox).vote(question, "ann", True)
    assert not room.ended.done()
    assert paper


async def test_a_database_with_fewer_votes_than_are_known_here_starts_the_room_over(
    stage: Stage, hub: Hub, store: CountingStore
) -> None:
    room = await hub.room(await stage.new_event())
    paper, question = await joined(room), await asked(room)
    await room.feature(BallotBox).vote(question, "ann", True)
    # Told of a batch that is not there: it is looked for, and not again and again without a pause.
    before = store.taken
    room.feature(BallotBox).heard_of(7)
    await asyncio.sleep(0.8)
    assert store.taken - before < 20
    await hub.look_at_logs()
    assert not room.ended.done()
    await stage.sql("update chat_ballot set version = 0 where event_id = $1", room.event_id)
    await hub.look_at_logs()
    assert await room.ended == "restart"
    assert paper
