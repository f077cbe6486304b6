"""Webhooks from what happens to the receiver: told once, signed, tried again, given up, resent, shown to the host."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.fake_ingest import FakeIngest
from tests.security.pages_client import Person
from tests.web_stage import Web, web_service
from webinar.base.queue import Again, Hopeless
from webinar.hooks.model import HookType, signature
from webinar.jobs.handlers import handlers

if TYPE_CHECKING:
    from webinar.base.embedded import EmbeddedNats

pytest_plugins = ["tests.web_stage"]


class Receiver:
    """An HTTP server that keeps what it is sent, and answers as the test says."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[tuple[dict[str, str], str]] = []
        self.url = ""

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        body = await reader.readexactly(int(headers["content-length"]))
        self.heard.append((headers, body.decode()))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.meet, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield made
    server.close()


@pytest_asyncio.fixture
async def inside(database: str, nats: EmbeddedNats, folder: Path) -> AsyncIterator[Web]:
    """Where the operator lets webhooks go to this machine."""
    async with web_service(database, nats.url, folder, webhooks_inside=True) as made:
        yield made


async def tell(web: Web) -> None:
    """What a worker makes of what was put down: messages that wait."""
    query = "with gone as (delete from job where name <> 'webhook' returning *) select * from gone order by id"
    known = handlers(web.platform)
    for row in await web.platform.pool.fetch(query):
        for _ in range(2):  # a worker may be killed before it has noted that it is done
            await known[row["name"]].run(row["payload"])


async def work(web: Web) -> list[str]:
    """What a worker does with the jobs that wait, once: how each message ended."""
    await tell(web)
    rows = await web.platform.pool.fetch("delete from job where name = 'webhook' returning payload")
    ends = []
    for row in rows:
        try:
            await web.platform.hooks.deliver(row["payload"])
            ends.append("done")
        except (Again, Hopeless) as error:
            ends.append(type(error).__name__)
    return ends


async def make(web: Web, receiver: Receiver, types: list[str], **fields: Any) -> dict[str, Any]:
    reply = await web.host.post("/api/v1/webhooks", json={"url": receiver.url, "types": types, **fields})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def test_all_that_happens_to_an_event_is_told_once_signed_and_in_words_of_the_api(
    inside: Web, receiver: Receiver
) -> None:
    web = inside
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        event = await web.event()
        hook = await make(web, receiver, [kind.value for kind in HookType], event_id=event["id"])
        other = await web.event()
        await web.attendee(other)
        person = await web.attendee(event)
        await web.attendee(event)  # the same again is nothing new
        await web.host.post(f"/api/v1/events/{event['id']}/start")
        await web.host.post(f"/api/v1/events/{event['id']}/start")
        await web.host.delete(f"/api/v1/events/{event['id']}/attendees/{person['id']}")
        await web.host.post(f"/api/v1/events/{event['id']}/end")
        assert set(await work(web)) == {"done"}
    told = [json.loads(body) for _, body in receiver.heard]
    assert sorted(one["type"] for one in told) == sorted(HookType)
    assert all(one["data"]["event"]["id"] == event["id"] for one in told)
    registered = next(one["data"]["attendee"] for one in told if one["type"] == "attendee.registered")
    assert (registered["id"], registered["email"]) == (person["id"], "kim@example.org")
    recording = next(one["data"]["recording"] for one in told if one["type"] == "recording.ready")
    assert (await web.guest.get(recording["download_url"].removeprefix(web.url))).status_code == 200
    for headers, body in receiver.heard:
        signed = signature(hook["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        assert headers["webhook-signature"] == signed
    ids = [headers["webhook-id"] for headers, _ in receiver.heard]
    assert len(set(ids)) == len(ids)
    again = (await web.host.get(f"/api/v1/webhooks?event_id={event['id']}")).json()["items"]
    assert [("secret" in one, one["failing_since"]) for one in again] == [(False, None)]


async def test_of_what_happened_is_told_whatever_dies_behind_it_and_not_of_a_start_that_was_taken_back(
    inside: Web, receiver: Receiver
) -> None:
    web = inside
    await make(web, receiver, ["event.started", "event.ended", "report.ready", "recording.ready"])
    event = await web.event()
    path, event_id = f"/api/v1/events/{event['id']}", uuid.UUID(event["id"])
    assert (await web.host.post(f"{path}/start")).status_code == 503  # no ingest
    assert await work(web) == []
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        await web.platform.events.start(event_id)
        await web.platform.recordings.open(event_id)
        assert await work(web) == ["done"]
        await web.platform.events.end(event_id)  # and no more of what an end is followed by in its process
        assert await web.platform.recordings.scan() == 1  # the worker's: the bus lost the notice
        assert await work(web) == ["done"] * 3
    told = [json.loads(body)["type"] for _, body in receiver.heard]
    assert told[0] == "event.started"
    assert sorted(told[1:]) == ["event.ended", "recording.ready", "report.ready"]


async def test_what_is_not_taken_is_tried_again_with_the_same_id_and_given_up_in_the_end(
    inside: Web, receiver: Receiver
) -> None:
    web, receiver.status = inside, 500
    hook = await make(web, receiver, ["attendee.registered"])
    await web.attendee(await web.event())
    await tell(web)
    payload = await web.platform.pool.fetchval("select payload from job where name = 'webhook'")
    assert await work(web) == ["Again"]
    path = f"/api/v1/webhooks/{hook['id']}"
    (one,) = (await web.host.get(f"{path}/deliveries")).json()["items"]
    assert (one["status"], one["attempts"], one["delivered_at"]) == (500, 1, None)
    assert (await web.host.get("/api/v1/webhooks")).json()["items"][0]["failing_since"] is not None
    await web.platform.hooks.failed(payload, "")
    (one,) = (await web.host.get(f"{path}/deliveries")).json()["items"]
    assert one["given_up_at"] is not None
    # The host sends it once more; now it is taken.
    receiver.status = 200
    resend = f"{path}/deliveries/{one['id']}/resend"
    assert [(await web.host.post(resend)).status_code for _ in range(2)] == [204, 204]
    assert await work(web) == ["done"]
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    (one,) = (await web.host.get(f"{path}/deliveries")).json()["items"]
    assert (one["status"], one["given_up_at"]) == (200, None)
    assert (await web.host.get("/api/v1/webhooks")).json()["items"][0]["failing_since"] is None
    assert (await web.host.post(f"{path}/deliveries/{uuid.uuid4()}/resend")).status_code == 404


async def test_one_that_takes_nothing_for_days_is_disabled_until_it_is_enabled(inside: Web, receiver: Receiver) -> None:
    web, receiver.status = inside, 503
    hook = await make(web, receiver, ["attendee.registered"])
    event = await web.event()
    await web.attendee(event, "one@example.org")
    assert await work(web) == ["Again"]
    long_ago = datetime.now(UTC) - timedelta(days=4)
    await web.platform.pool.execute("update webhook set failing_since = $1", long_ago)
    await web.attendee(event, "two@example.org")
    assert await work(web) == ["Hopeless"]
    await web.attendee(event, "three@example.org")
    assert await work(web) == []
    assert (await web.host.post(f"/api/v1/webhooks/{hook['id']}/enable")).json()["disabled_at"] is None
    receiver.status = 200
    await web.attendee(event, "four@example.org")
    assert await work(web) == ["done"]
    assert (await web.host.delete(f"/api/v1/webhooks/{hook['id']}")).status_code == 204
    assert (await web.host.get("/api/v1/webhooks")).json()["items"] == []


async def test_without_the_operators_word_no_message_reaches_this_machine(web: Web, receiver: Receiver) -> None:
    refused = await web.host.post("/api/v1/webhooks", json={"url": receiver.url, "types": ["event.started"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "url")
    named = receiver.url.replace("http://127.0.0.1", "https://localhost")
    await web.host.post("/api/v1/webhooks", json={"url": named, "types": ["attendee.registered"]})
    await web.attendee(await web.event())
    assert await work(web) == ["Again"]
    assert receiver.heard == []
    error = await web.platform.pool.fetchval("select error from webhook_delivery")
    assert error == "the address is not on the public internet"


async def test_what_was_sent_about_a_person_goes_with_their_data(inside: Web, receiver: Receiver) -> None:
    web = inside
    await make(web, receiver, ["attendee.registered"])
    event = await web.event()
    person = await web.attendee(event)
    await web.attendee(event, "other@example.org")
    assert await work(web) == ["done", "done"]
    attendee = await web.platform.registration.get(uuid.UUID(event["id"]), uuid.UUID(person["id"]))
    await web.platform.forgetting.forget(attendee)
    kept = await web.platform.pool.fetch("select body from webhook_delivery")
    assert ["other@example.org" in row["body"] for row in kept] == [True]


async def test_messages_go_with_their_event_and_with_their_time(inside: Web, receiver: Receiver) -> None:
    web = inside
    await make(web, receiver, ["attendee.registered"])  # of all events
    gone, kept = await web.event(), await web.event()
    for event in (gone, kept):
        await web.attendee(event)
    await tell(web)
    assert (await web.host.delete(f"/api/v1/events/{gone['id']}")).status_code == 204
    count = "select count(*) from webhook_delivery where event_id = $1"
    left = [await web.platform.pool.fetchval(count, uuid.UUID(event["id"])) for event in (gone, kept)]
    assert left == [0, 1]
    assert await web.platform.hooks.tidy() == 0
    await web.platform.pool.execute("update webhook_delivery set created_at = now() - interval '31 days'")
    assert await web.platform.hooks.tidy() == 1


async def test_a_host_makes_sees_and_deletes_webhooks_of_an_event_on_its_page(inside: Web, receiver: Receiver) -> None:
    web = inside
    event, other = await web.event(), await web.event()
    page = f"/events/{event['id']}/settings/webhooks"
    async with Person(web) as owner:
        await owner.become_owner()
        refused = await owner.send(page, {"url": "https://10.0.0.1/x", "types": ""})
        assert (refused.status_code, "field__error" in refused.text) == (422, True)
        made = await owner.send(page, {"url": receiver.url, "types": "attendee.registered"})
        assert made.status_code == 200
        assert made.text.count("whsec_") == 1
        assert "whsec_" not in (await owner.http.get(page)).text
        await web.attendee(event)
        receiver.status = 418
        assert await work(web) == ["Again"]
        shown = (await owner.http.get(page)).text
        assert "answered with 418" in shown
        (hook,) = await web.platform.hooks.of(uuid.UUID(event["id"]))
        (one,) = await web.platform.hooks.deliveries(hook.id)
        for path in (f"{page}/{hook.id}/{one.id}/resend", f"{page}/{hook.id}/enable"):
            assert (await owner.send(path, page=page)).status_code == 303
        foreign = f"/events/{other['id']}/settings/webhooks"
        assert (await owner.send(f"{foreign}/{hook.id}/delete", page=foreign)).status_code == 404
        assert (await owner.send(f"/webhooks/{hook.id}/delete", page="/webhooks")).status_code == 404
        assert (await owner.send(f"{page}/{hook.id}/delete", page=page)).status_code == 303
        assert await web.platform.hooks.of(uuid.UUID(event["id"])) == []


async def test_two_processes_that_tell_of_the_same_thing_tell_it_once(inside: Web, receiver: Receiver) -> None:
    web, kind = inside, HookType.EVENT_STARTED
    await make(web, receiver, [kind.value])
    event = uuid.UUID((await web.event())["id"])
    await asyncio.gather(*(web.platform.hooks.tell(event, [(kind, "once", {})]) for _ in range(5)))
    assert await work(web) == ["done"]
    assert len(receiver.heard) == 1
