"""The feed of live sessions over a real bus; a responder stands in for ingest's snapshots."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator

import pytest

from ingest.contract import EndOfSession, InitSegment, Part, Subject, encode
from tests.unit.delivery.test_window import PARTS, init, part
from tests.waiting import until
from webinar.base.bus import Bus, Json
from webinar.base.embedded import EmbeddedNats
from webinar.delivery.feed import Feed

NAMES = ("720p", "480p", "audio")


class Source:
    """An event of this test's own, and a feed that hears of it."""

    def __init__(self, bus: Bus, feed: Feed, forgotten: list[str]) -> None:
        self.bus = bus
        self.feed = feed
        self.forgotten = forgotten
        self.event_id = uuid.uuid4().hex
        self.session_id = f"session {self.event_id}"
        self.prefix = self.event_id
        self.asked = 0

    def inits(self) -> list[InitSegment]:
        return [
            dataclasses.replace(init(n), session_id=self.session_id, event_id=self.event_id, hls_prefix=self.prefix)
            for n in NAMES
        ]

    def parts(self, first: int, last: int) -> list[Part]:
        made = [part(m, p, n) for m in range(first, last + 1) for p in range(PARTS) for n in NAMES]
        return [dataclasses.replace(p, session_id=self.session_id, event_id=self.event_id) for p in made]

    async def publish(self, *messages: InitSegment | Part | EndOfSession) -> None:
        for message in messages:
            await self.bus.publish(Subject.media(self.event_id), encode(message))

    async def serve_snapshots(self, first: int, last: int) -> None:
        async def snapshot(body: Json) -> Json:
            self.asked += 1
            messages: list[InitSegment | Part] = [*self.inits(), *self.parts(first, last)]
            for message in messages:
                await self.bus.publish(str(body["to"]), encode(message))
            return {"messages": len(messages)}

        await self.bus.serve(Subject.command(self.event_id, "snapshot"), snapshot)
        await self.bus.flush()

    def listed(self, msn: int) -> bool:
        session = self.feed.by_prefix(self.prefix)
        return session is not None and all(session.known(name, msn, None) for name in NAMES if name in session.windows)

    def tasks(self) -> list[asyncio.Task[object]]:
        return [t for t in asyncio.all_tasks() if t.get_name() == f"snapshot {self.session_id}"]


@pytest.fixture
async def source(nats: EmbeddedNats) -> AsyncIterator[Source]:
    bus = await Bus.connect(nats.url, "tests feed")
    forgotten: list[str] = []
    feed = Feed(
        bus,
        on_message=lambda _: None,
        on_session=lambda _: None,
        on_forgotten=lambda session: forgotten.append(session.session_id),
        kept_s=0.5,
    )
    await feed.start()
    yield Source(bus, feed, forgotten)
    await feed.close()
    await bus.close()


async def test_a_snapshot_asked_for_at_the_end_of_another_ends_with_the_feed(source: Source) -> None:
    await source.serve_snapshots(0, 4)
    await source.publish(*source.inits(), *source.parts(0, 2))
    await until(lambda: source.listed(2))
    await source.publish(*source.parts(6, 6))  # beyond what the snapshot brings: another one is asked for
    await until(lambda: source.listed(4))
    assert len(source.tasks()) == 1
    await source.feed.close()
    assert source.tasks() == []


async def test_a_session_is_kept_for_a_while_after_its_end_then_forgotten(source: Source) -> None:
    await source.publish(*source.inits(), *source.parts(0, 2))
    await until(lambda: source.listed(2))
    session = source.feed.by_prefix(source.prefix)
    assert session is not None
    await source.publish(EndOfSession(source.session_id, source.event_id, 6.0))
    await until(lambda: session.ended)
    ended_at = asyncio.get_running_loop().time()
    assert source.feed.by_prefix(source.prefix) is session
    await until(lambda: source.feed.by_prefix(source.prefix) is None, timeout_s=15)
    assert asyncio.get_running_loop().time() - ended_at > 0.4
    assert source.forgotten == [source.session_id]


async def test_a_session_is_silent_once_nothing_is_heard_of_it(source: Source) -> None:
    await source.publish(*source.inits(), *source.parts(0, 0))
    await until(lambda: source.listed(0))
    assert source.feed.silent(30) == []
    await until(lambda: [s.session_id for s in source.feed.silent(0.2)] == [source.session_id])
    await source.publish(*source.parts(1, 1))
    await until(lambda: source.feed.silent(0.2) == [])
    await source.publish(EndOfSession(source.session_id, source.event_id, 2.0))
    await until(lambda: source.feed.by_prefix(source.prefix) is None)
    assert source.feed.silent(0) == []
