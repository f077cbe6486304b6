"""Segments on their way into a store that may refuse them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ingest import outgoing, storing
from ingest.contract import Key, StoredChunk, StoredSession
from ingest.outgoing import Outgoing
from ingest.storing import Storing
from tests.unit.delivery.test_window import PARTS, init, part
from webinar.base.errors import Unavailable

NAMES = ("720p", "480p", "audio")
PREFIX = "p" * 22


class Store:
    """Takes what it is told to take."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False
        self.pause_s = 0.0
        self.open = asyncio.Event()
        self.open.set()
        self.taken = asyncio.Condition()

    async def put(self, key: str, data: bytes) -> None:
        await self.open.wait()
        await asyncio.sleep(self.pause_s)
        if self.away:
            raise Unavailable("away")
        self.objects[key] = data
        async with self.taken:
            self.taken.notify_all()

    async def has(self, key: str) -> None:
        async with self.taken:
            await self.taken.wait_for(lambda: key in self.objects)

    def chunk(self, number: int = 0) -> StoredChunk:
        return StoredChunk.from_json(self.objects[Key.chunk(PREFIX, number)])


@contextlib.asynccontextmanager
async def running(store: Store) -> AsyncIterator[Storing]:
    made = Storing(PREFIX, store.put)
    task = asyncio.create_task(made.run())
    for name in NAMES:
        made.take(init(name))
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def take(made: Storing, first: int, last: int) -> None:
    for msn in range(first, last + 1):
        for number in range(PARTS):
            for name in NAMES:
                made.take(part(msn, number, name))


async def test_a_segment_is_stored_before_the_index_names_it() -> None:
    store = Store()
    async with running(store) as made:
        take(made, 0, 2)
        made.close()
        await made.join()
    for name in NAMES:
        for msn, segment in enumerate(store.chunk().segments[name]):
            assert segment.bytes == len(store.objects[Key.segment(PREFIX, name, msn)])
    assert StoredSession.from_json(store.objects[Key.session(PREFIX)]).complete


async def test_a_store_that_is_away_costs_segments_and_no_more() -> None:
    store = Store()
    async with running(store) as made:
        store.away = True
        take(made, 0, 0)
        await made.join()
        assert store.objects == {}
        store.away = False
        take(made, 1, 1)
        await made.join()
    assert [s.bytes > 0 for s in store.chunk().segments["720p"]] == [False, True]
    assert [s.duration for s in store.chunk().segments["720p"]] == [180_000, 180_000]
    assert Key.init(PREFIX, "audio") in store.objects
    assert Key.pointer("e1", "s1") in store.objects


async def test_what_waits_is_bounded_and_the_holes_have_their_place() -> None:
    store = Store()
    async with running(store) as made:
        await made.join()
        store.open.clear()
        take(made, 0, 39)
        store.open.set()
        await made.join()
    assert sum(key.endswith(".m4s") for key in store.objects) <= 64 + 1  # and the one on its way
    listed = store.chunk().segments["720p"]
    assert len(listed) == 40
    assert listed[0].bytes
    assert not listed[39].bytes


def _named_are_stored(store: Store, chunk: StoredChunk) -> int:
    """How many segments an index names; each of them is in the store."""
    named = [(name, msn) for name in NAMES for msn, segment in enumerate(chunk.segments[name]) if segment.bytes]
    assert all(Key.segment(PREFIX, name, msn) in store.objects for name, msn in named)
    return len(named)


async def test_an_index_is_written_though_the_store_is_never_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_INDEX_EVERY_S", 0.05)
    store = Store()
    async with running(store) as made, asyncio.timeout(10):
        await made.join()
        store.pause_s = 0.02
        take(made, 0, 19)
        await store.has(Key.chunk(PREFIX, 0))
        assert made.waiting > 0
        assert _named_are_stored(store, store.chunk()) > 0


async def test_at_the_end_of_a_session_a_slow_store_gets_the_index_of_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "_DRAIN_S", 0.2)
    store = Store()

    async def publish(subject: str, payload: bytes) -> None: ...

    made = Outgoing("e1", PREFIX, publish, store.put)
    for name in NAMES:
        made.media(init(name), b"")
    for msn in range(20):
        for name in NAMES:
            for number in range(PARTS):
                made.media(part(msn, number, name), b"")
    store.pause_s = 0.05
    tasks = [asyncio.create_task(made.send()), asyncio.create_task(made.store())]
    await made.drain()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert StoredSession.from_json(store.objects[Key.session(PREFIX)]).complete
    assert [len(store.chunk().segments[name]) for name in NAMES] == [20, 20, 20]
    assert _named_are_stored(store, store.chunk()) == sum(key.endswith(".m4s") for key in store.objects) < 60
