"""Pausing over the API: what host, viewers and ingest are told, also when something dies meanwhile."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from tests.fake_ingest import FakeIngest
from tests.integration.test_api_worker import worker
from tests.waiting import until
from webinar.base.embedded import EmbeddedNats

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def _do(web: Web, event: dict[str, Any], verb: str) -> Any:
    return await web.host.post(f"/api/v1/events/{event['id']}/{verb}")


async def test_pausing_and_resuming_reaches_ingest_host_and_viewers(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    before = (await web.playback(person["viewer_token"])).json()
    assert before["paused"] is False
    waiting = asyncio.create_task(web.playback(person["viewer_token"], after=before["version"], wait=20))
    reply = await _do(web, event, "pause")
    assert (reply.status_code, reply.json()["paused"]) == (200, True)
    assert ingest.sessions[event["id"]].paused
    told = (await waiting).json()
    assert (told["state"], told["paused"], told["hls_url"]) == ("live", True, before["hls_url"])

    async def host_sees() -> bool:
        return (await web.host.get(f"/api/v1/events/{event['id']}/live")).json()["paused"] is True

    await until(host_sees)
    assert (await _do(web, event, "pause")).json()["paused"] is True
    assert (await _do(web, event, "resume")).json()["paused"] is False
    assert not ingest.sessions[event["id"]].paused
    assert (await web.playback(person["viewer_token"])).json()["paused"] is False


async def test_only_a_live_event_can_be_paused_and_its_end_forgets_the_pause(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    assert (await _do(web, event, "pause")).json()["code"] == "not_live"
    event = await web.live_event()
    await _do(web, event, "pause")
    assert (await _do(web, event, "end")).json()["paused"] is False
    assert (await _do(web, event, "resume")).status_code == 409


async def test_a_pause_that_no_ingest_confirms_is_taken_back_and_said(web: Web) -> None:
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        event = await web.live_event()
    reply = await _do(web, event, "pause")
    assert (reply.status_code, reply.json()["code"]) == (503, "no_ingest")
    assert (await web.host.get(f"/api/v1/events/{event['id']}")).json()["paused"] is False


async def test_who_is_paused_is_not_put_on_air_by_a_dying_ingest(web: Web, nats: EmbeddedNats) -> None:
    async with FakeIngest(web.ingest_bus, web.platform.storage) as first:
        event = await web.live_event()
        await _do(web, event, "pause")
        await first.die()
        async with FakeIngest(web.ingest_bus, web.platform.storage) as second, worker(web, nats):
            await until(lambda: event["id"] in second.sessions and second.sessions[event["id"]].started_at is not None)
            assert second.sessions[event["id"]].paused


async def test_an_ingest_that_was_not_told_is_told_again(web: Web, nats: EmbeddedNats, ingest: FakeIngest) -> None:
    event = await web.live_event()
    async with worker(web, nats):
        await web.platform.pool.execute("update event set paused = true where id = $1", uuid.UUID(event["id"]))
        await until(lambda: ingest.sessions[event["id"]].paused)
