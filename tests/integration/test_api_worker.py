"""The worker: takes recordings from the bus and from the store, keeps live events on an ingest, stops what is over."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ingest.contract import RecordingClosed, SessionState, Subject
from tests.fake_ingest import FakeIngest, Session
from tests.waiting import until
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedNats
from webinar.jobs.worker import work
from webinar.platform import Platform

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


@contextlib.asynccontextmanager
async def worker(web: Web, nats: EmbeddedNats) -> AsyncIterator[None]:
    """A worker as `webinar worker` puts it together, on a bus connection of its own."""
    bus = await Bus.connect(nats.url, "tests worker")
    parts = web.platform
    platform = Platform(settings=parts.settings, pool=parts.pool, bus=bus, tokens=parts.tokens, storage=parts.storage)
    working = asyncio.create_task(work(platform), name="worker")
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        await bus.close()


async def recording(web: Web, event: dict[str, Any]) -> dict[str, Any]:
    items = (await web.host.get(f"/api/v1/events/{event['id']}/recordings")).json()["items"]
    assert len(items) == 1
    return dict(items[0])


def closed(event: dict[str, Any], session_id: str, duration_s: float, *, complete: bool = True) -> RecordingClosed:
    key = f"recordings/{event['id']}/{session_id}.mp4"
    return RecordingClosed(event["id"], session_id, key, 3, "0" * 64, duration_s, complete)


async def put(web: Web, notice: RecordingClosed) -> None:
    await web.platform.storage.put_bytes(notice.key, b"mp4")
    await web.platform.storage.put_bytes(notice.key.removesuffix("mp4") + "json", notice.to_json())


async def test_a_recording_whose_notice_was_lost_is_found_in_the_store(web: Web, nats: EmbeddedNats) -> None:
    async with FakeIngest(web.ingest_bus, web.platform.storage, notice=False) as ingest:
        event = await web.live_event()
        await ingest.die()
        await web.host.post(f"/api/v1/events/{event['id']}/end")
        assert (await recording(web, event))["state"] == "recording"
        async with worker(web, nats):
            await put(web, closed(event, ingest.sessions[event["id"]].id, 3.5, complete=False))
            await until(lambda: _ready(web, event))
    found = await recording(web, event)
    assert (found["state"], found["duration_s"], found["complete"]) == ("ready", 3.5, False)


async def _ready(web: Web, event: dict[str, Any]) -> bool:
    return bool((await recording(web, event))["state"] == "ready")


async def test_a_piece_of_a_crash_is_no_recording_while_the_event_goes_on(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    await put(web, closed(event, "first-session", 2.0, complete=False))
    assert await web.platform.recordings.closed(closed(event, "first-session", 2.0, complete=False)) is False
    assert (await recording(web, event))["state"] == "recording"
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    found = await recording(web, event)
    assert (found["state"], found["duration_s"]) == ("ready", 12.5)


async def test_notices_that_are_rubbish_or_of_nothing_change_nothing(
    web: Web, ingest: FakeIngest, nats: EmbeddedNats
) -> None:
    event = await web.live_event()
    nowhere = {"id": str(uuid.uuid4())}
    async with worker(web, nats):
        for payload in (b"", b"[]", b'{"event_id": 1}', closed(nowhere, "s", 1.0).to_json()):
            await web.ingest_bus.publish(Subject.RECORDING, payload)
        await web.host.post(f"/api/v1/events/{event['id']}/end")
        await until(lambda: _ready(web, event))


async def test_a_live_event_whose_ingest_died_is_given_to_another(web: Web, nats: EmbeddedNats) -> None:
    async with FakeIngest(web.ingest_bus, web.platform.storage) as first:
        event = await web.live_event()
        async with worker(web, nats), FakeIngest(web.ingest_bus, web.platform.storage) as second:
            assert event["id"] not in second.sessions
            await first.die()
            await until(lambda: event["id"] in second.sessions, timeout_s=30)
            await until(lambda: second.sessions[event["id"]].state is SessionState.LIVE)
            # One take-over, not one a round.
            session = second.sessions[event["id"]]
            await until(lambda: _newest_is(web, event, session.id))
            assert len(await web.platform.events.sessions(uuid.UUID(event["id"]))) == 2
            named = {
                "event_id": event["id"],
                "title": event["title"],
                "after": first.sessions[event["id"]].id,
                "holding": "",
            }
            assert second.assigned == [named]


async def test_a_live_event_whose_new_ingest_only_rehearses_goes_on_air(web: Web, nats: EmbeddedNats) -> None:
    """A presenter who reconnects before the worker looks gives the event to an ingest that was not told to start it."""
    async with FakeIngest(web.ingest_bus, web.platform.storage) as first:
        event = await web.live_event()
        async with FakeIngest(web.ingest_bus, web.platform.storage) as second:
            await first.die()
            await web.platform.events.to_ingest(uuid.UUID(event["id"]), "whip", {"sdp": "v=0", "take_over": False})
            session = second.sessions[event["id"]]
            assert session.state is SessionState.REHEARSAL
            async with worker(web, nats):
                await until(lambda: session.state is SessionState.LIVE, timeout_s=30)
        assert session.publisher is not None


async def _newest_is(web: Web, event: dict[str, Any], session_id: str) -> bool:
    return (await web.platform.events.sessions(uuid.UUID(event["id"])))[-1].id == session_id


async def test_an_ended_event_that_still_runs_is_stopped(web: Web, ingest: FakeIngest, nats: EmbeddedNats) -> None:
    event = await web.live_event()
    # As if the web service had been killed between PostgreSQL and the bus.
    await web.platform.pool.execute(
        "update event set state = 'ended', ended_at = now() where id = $1", uuid.UUID(event["id"])
    )
    async with worker(web, nats):
        await until(lambda: ingest.sessions[event["id"]].state is SessionState.ENDED, timeout_s=30)
        await until(lambda: _ready(web, event))


async def test_a_program_that_postgresql_does_not_have_as_live_is_stopped(
    web: Web, ingest: FakeIngest, nats: EmbeddedNats
) -> None:
    started, stray, gone = await web.live_event(), await web.live_event(), await web.live_event()
    # As if the starts had been taken back and the ends that follow had been lost.
    ids = [uuid.UUID(event["id"]) for event in (stray, gone)]
    await web.platform.pool.execute("delete from live_session where event_id = any($1)", ids)
    await web.platform.pool.execute("update event set state = 'scheduled', started_at = null where id = any($1)", ids)
    await web.host.delete(f"/api/v1/events/{gone['id']}")
    seen = asyncio.get_running_loop().time()
    async with worker(web, nats):
        for event in (stray, gone):
            session = ingest.sessions[event["id"]]
            await until(partial(_ended, session), timeout_s=30)
        # Not at once: a start in progress looks the same.
        assert asyncio.get_running_loop().time() - seen > 2
    assert ingest.sessions[started["id"]].state is SessionState.LIVE
    assert (await web.host.get(f"/api/v1/events/{stray['id']}")).json()["state"] == "scheduled"


def _ended(session: Session) -> bool:
    return session.state is SessionState.ENDED
