"""Segments on their way into a store that may refuse them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ingest.contract import Key, StoredChunk, StoredSession
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
        self.open = asyncio.Event()
        self.open.set()

    async def put(self, key: str, data: bytes) -> None:
        await self.open.wait()
        if self.away:
            raise Unavailable("away")
        self.objects[key] = data

    def chunk(self, number: int = 0) -> StoredChunk:
        return StoredChunk.from_json(self.objects[Key.chunk(PREFIX, number)])


@contextlib.asynccontextmanager
async def storing(store: Store) -> AsyncIterator[Storing]:
    made = Storing(PREFIX, store.put)
    running = asyncio.create_task(made.run())
    for name in NAMES:
        made.take(init(name))
    yield made
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def take(made: Storing, first: int, last: int) -> None:
    for msn in range(first, last + 1):
        for number in range(PARTS):
            for name in NAMES:
                made.take(part(msn, number, name))


async def test_a_segment_is_stored_before_the_index_names_it() -> None:
    store = Store()
    async with storing(store) as made:
        take(made, 0, 2)
        made.close()
        await made.join()
    for name in NAMES:
        for msn, segment in enumerate(store.chunk().segments[name]):
            assert segment.bytes == len(store.objects[Key.segment(PREFIX, name, msn)])
    assert StoredSession.from_json(store.objects[Key.session(PREFIX)]).complete


async def test_a_store_that_is_away_costs_segments_and_no_more() -> None:
    store = Store()
    async with storing(store) as made:
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
    async with storing(store) as made:
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
