"""chat/committer.py over a log in memory that keeps the store's promises and fails on demand."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest

from chat import gathering as module
from chat.committer import Committer
from chat.entry import Draft, Entry
from chat.gathering import Refusal
from chat.store import Appended, NoRoom, StoreDown, Unstorable

EVENT = uuid.uuid4()


def draft(person: str = "p", cid: str | None = None, body: str = "x") -> Draft:
    return Draft("message", cid or str(uuid.uuid4()), person, {"body": body})


class MemoryLog:
    """`Store.append` without a database."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], int] = {}
        self.batches: list[int] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def append(self, event_id: uuid.UUID, drafts: Sequence[Draft]) -> list[Appended]:
        self.asked.set()
        await self.gate.wait()
        assert len({(d.person, d.cid) for d in drafts}) == len(drafts)
        if self.error is not None:
            raise self.error
        if any(d.content["body"] == "poison" for d in drafts):
            raise Unstorable("poison")
        self.batches.append(len(drafts))
        result = []
        for d in drafts:
            known = self.stored.get((d.person, d.cid))
            seq = self.stored.setdefault((d.person, d.cid), len(self.stored) + 1)
            entry = Entry(seq, d.type, dt.datetime.now(dt.UTC), d.cid, d.person, d.content)
            result.append(Appended(entry, known is None))
        return result


class Stand:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.shown: list[int] = []
        self.committer = Committer(EVENT, self.log, self.show)

    async def show(self, entries: Sequence[Entry], last: int) -> None:
        self.shown += [entry.seq for entry in entries]


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    stand = Stand()
    task = asyncio.create_task(stand.committer.run())
    yield stand
    task.cancel()
    await asyncio.wait({task})


async def test_messages_that_arrive_together_are_one_commit(stand: Stand) -> None:
    entries = await asyncio.gather(*(stand.committer.submit(draft()) for _ in range(50)))
    assert sorted(entry.seq for entry in entries) == list(range(1, 51))
    assert stand.log.batches == [50]
    assert stand.shown == list(range(1, 51))


async def test_the_same_cid_twice_at_once_is_stored_once_and_answered_twice(stand: Stand) -> None:
    same = draft()
    twice = await asyncio.gather(stand.committer.submit(same), stand.committer.submit(same))
    assert [entry.seq for entry in twice] == [1, 1]
    assert (await stand.committer.submit(same)).seq == 1
    assert stand.shown == [1]


async def test_everyone_is_shown_a_message_before_its_sender_hears_of_it(stand: Stand) -> None:
    entry = await stand.committer.submit(draft())
    assert stand.shown == [entry.seq]


async def test_a_log_that_is_down_refuses_with_a_time_and_takes_the_repeat_later(stand: Stand) -> None:
    stand.log.error = StoreDown("away")
    again = draft()
    with pytest.raises(Refusal) as refused:
        await stand.committer.submit(again)
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 2.0)
    stand.log.error = None
    assert (await stand.committer.submit(again)).seq == 1


async def test_a_log_that_hangs_refuses_within_the_deadline(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.05)
    stand.log.gate.clear()
    again = draft()
    with pytest.raises(Refusal, match="unavailable"):
        await stand.committer.submit(again)
    stand.log.gate.set()
    # Stored after all: the repeat learns its number, and it is not stored twice.
    assert (await stand.committer.submit(again)).seq == 1
    assert stand.shown == [1]


async def test_one_message_that_cannot_be_stored_does_not_take_its_batch_with_it(stand: Stand) -> None:
    results = await asyncio.gather(
        *(stand.committer.submit(draft(body=body)) for body in ("a", "poison", "b")), return_exceptions=True
    )
    assert [r.seq if isinstance(r, Entry) else type(r) for r in results] == [1, Refusal, 2]


async def test_a_room_that_is_gone_refuses_for_good(stand: Stand) -> None:
    stand.log.error = NoRoom()
    with pytest.raises(Refusal) as refused:
        await stand.committer.submit(draft())
    assert (refused.value.code, refused.value.retry_after) == ("gone", None)


async def test_more_than_a_thousand_waiting_are_refused_at_once(stand: Stand) -> None:
    stand.log.gate.clear()
    waiting = [asyncio.create_task(stand.committer.submit(draft())) for _ in range(1400)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert {str(task.exception()) for task in done} == {"busy"}
    stand.log.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    taken = [a.seq for a in answers if isinstance(a, Entry)]
    assert len(taken) >= 1000
    assert len(set(taken)) == len(taken) == len(stand.shown)


async def test_who_waits_when_the_room_ends_is_refused_not_forgotten() -> None:
    stand = Stand()
    task = asyncio.create_task(stand.committer.run())
    stand.log.gate.clear()
    waiting = asyncio.create_task(stand.committer.submit(draft()))
    await asyncio.wait_for(stand.log.asked.wait(), 15)
    task.cancel()
    with pytest.raises(Refusal, match="unavailable"):
        await waiting
    await asyncio.wait({task})
