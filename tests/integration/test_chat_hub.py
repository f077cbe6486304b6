"""The rooms of one process, in this process: when they open, close and start over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from chat.ballots import Ballots
from chat.entry import Draft
from chat.gathering import Refusal
from chat.hub import LINGER_S, Full, Hub
from chat.live_room import LiveRoom
from chat.polls import Stage as PollStage
from chat.store import Head, NoRoom, Store
from chat.ticket import Ticket
from chat.wire import Frame
from webinar.base import db
from webinar.base.bus import Bus

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


class WatchedStore(Store):
    """The real one, counting, and with a moment between an answer and whoever asked."""

    openings = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def open(self, event_id: uuid.UUID, tail: int = 500) -> Any:
        self.openings += 1
        return await super().open(event_id, tail)

    async def heads(self, event_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Head]:
        heads = await super().heads(event_ids)
        if self.meanwhile is not None:
            await self.meanwhile()
        return heads


class Paper:
    """An outlet that keeps what is written to it."""

    broken: asyncio.Future[None] | None = None

    def __init__(self) -> None:
        self.seqs: list[int] = []

    def write(self, frame: Frame) -> bool:
        message = json.loads(frame.payload)
        self.seqs += [event["seq"] for event in message.get("events", ())]
        return True

    async def drain(self) -> None: ...

    def cut(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest_asyncio.fixture(loop_scope="session")
async def store(stage: Stage) -> AsyncIterator[WatchedStore]:
    pool = await db.connect(stage.database_url, service="chat", max_size=4)
    yield WatchedStore(pool)
    await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def hub(stage: Stage, store: WatchedStore) -> AsyncIterator[Hub]:
    bus = await Bus.connect(stage.nats.embedded.url, "chat")
    hub = Hub(store, bus)
    yield hub
    await hub.close()
    await bus.close()


def draft(body: str) -> Draft:
    return Draft("message", str(uuid.uuid4()), "p", {"name": "P", "role": "attendee", "body": body})


async def joined(room: LiveRoom) -> Paper:
    paper = Paper()
    member, _ = room.join(Ticket(room.event_id, "p", "attendee", "P", 0), paper, None, None)
    await room.catch_up(member)
    return paper


async def test_a_thousand_who_come_at_once_cost_one_opening(stage: Stage, hub: Hub, store: WatchedStore) -> None:
    event = await stage.new_event()
    await stage.fill(event, 300)
    rooms = await asyncio.gather(*(hub.room(event) for _ in range(1000)))
    assert len(set(map(id, rooms))) == 1
    papers = [await joined(rooms[0]) for _ in range(1000)]
    assert all(paper.seqs == list(range(201, 301)) for paper in papers)
    assert store.openings == 1


async def test_who_waits_for_a_room_while_the_process_ends_is_turned_away_and_not_cancelled(
    stage: Stage, hub: Hub, store: WatchedStore
) -> None:
    waiting = asyncio.create_task(hub.room(await stage.new_event()))
    await asyncio.sleep(0)  # it has asked; the log is not read yet
    await hub.close()
    with pytest.raises(Full):
        await waiting


async def test_a_commit_while_the_logs_are_looked_at_is_no_restored_backup(
    stage: Stage, hub: Hub, store: WatchedStore
) -> None:
    room = await hub.room(await stage.new_event())
    await joined(room)
    await room.submit(draft("before"))
    store.meanwhile = lambda: room.submit(draft("just now"))
    await hub.look_at_logs()
    assert room.room.last == 2
    assert not room.ended.done()


async def test_a_lost_wake_up_is_made_good_by_looking_at_the_logs(stage: Stage, hub: Hub) -> None:
    event = await stage.new_event()
    room = await hub.room(event)
    paper = await joined(room)
    await stage.fill(event, 700)
    await hub.look_at_logs()
    async with asyncio.timeout(10):
        while len(paper.seqs) < 700:  # noqa: ASYNC110 - the outlet tells nobody
            await asyncio.sleep(0.01)
    assert paper.seqs == list(range(1, 701))


async def test_an_empty_room_is_closed_after_a_while_and_one_with_people_is_not(stage: Stage, hub: Hub) -> None:
    empty, full = await hub.room(await stage.new_event()), await hub.room(await stage.new_event())
    await joined(full)
    now = asyncio.get_running_loop().time()
    await hub.close_idle(now + LINGER_S - 1)
    assert await hub.room(empty.event_id) is empty
    await hub.close_idle(now + LINGER_S + 1)
    assert empty.ended.done()
    assert await hub.room(empty.event_id) is not empty
    assert await hub.room(full.event_id) is full


async def test_a_room_that_fails_makes_way_for_a_new_one(stage: Stage, hub: Hub) -> None:
    event = await stage.new_event()
    room = await hub.room(event)
    paper = await joined(room)

    def fail(frame: Frame) -> bool:
        raise RuntimeError("a fault of ours")

    paper.write = fail  # type: ignore[method-assign]
    with contextlib.suppress(Refusal):  # stored, but the room may end before it could say so
        await room.submit(draft("stored"))
    assert await asyncio.wait_for(room.ended, 15) == "restart"
    again = await hub.room(event)
    assert again is not room
    assert (await joined(again)).seqs == [1]


async def test_polls_left_open_are_closed_with_their_event_once_and_where_nobody_is(
    stage: Stage, hub: Hub, store: WatchedStore
) -> None:
    event, ballots = await stage.new_event(), Ballots(store)
    asks = {"question": "?", "kind": "single", "options": ["a", "b"], "correct": [], "anonymous": False, "live": False}
    kept, left = [Draft("poll", str(uuid.uuid4()), "host:1", {**asks, "state": "draft"}) for _ in range(2)]
    room = await hub.room(event)
    for one in (kept, left):
        await room.submit(one)
    await ballots.open_poll(event, 2, anonymous=False, choices=2)
    await room.submit(Draft("poll", str(uuid.uuid4()), "host:1", {**asks, "poll": 2, "state": "open"}))
    await ballots.write(event, {}, {(2, "ann"): (1,)}, {2: range(2)})
    # Of another, which was being opened when its process went, the log says nothing.
    await ballots.open_poll(event, 1, anonymous=False, choices=2)
    await hub.close_idle(asyncio.get_running_loop().time() + LINGER_S + 1)
    await hub.close_polls()
    assert len(await store.since(event, 3)) == 0  # the event is not over
    await stage.sql("update event set state = 'ended' where id = $1", event)
    await asyncio.gather(hub.close_polls(), hub.close_polls())
    await hub.close_polls()
    (closed,) = await store.since(event, 3)
    assert (closed.person, closed.content) == (
        "",
        {**asks, "poll": 2, "state": "closed", "counts": [0, 1], "answers": 1},
    )
    assert event not in await ballots.left_open(1000)
    again = await hub.room(event)
    assert [(poll.poll, poll.stage) for poll in again.state.polls] == [(1, PollStage.DRAFT), (2, PollStage.CLOSED)]


async def test_an_event_that_does_not_exist_has_no_room(hub: Hub) -> None:
    with pytest.raises(NoRoom):
        await hub.room(uuid.uuid4())


async def test_the_end_takes_nobody_in(stage: Stage, hub: Hub) -> None:
    room = await hub.room(await stage.new_event())
    assert hub.admit() == 0.0
    sending = [asyncio.create_task(room.submit(draft(str(n)))) for n in range(10)]
    await asyncio.sleep(0)
    await hub.close()
    assert sorted([entry.seq for entry in await asyncio.gather(*sending)]) == list(range(1, 11))
    assert room.ended.done()
    assert hub.admit() > 0
