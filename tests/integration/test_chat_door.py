"""Who is let in, and what is not taken from those who are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.chat_client import SUBPROTOCOL, ChatClient, in_room
from tests.waiting import until
from webinar.base.bus import Bus

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refused(url: str, origin: str | None, *protocols: Subprotocol) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(url, origin=Origin(origin) if origin else None, subprotocols=protocols or None):
            pass
    return refusal.value


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost:8000", "http://localhost:8001", "http://localhost", "null"]
)
async def test_a_page_of_another_origin_is_refused(stage: Stage, origin: str) -> None:
    chat = await stage.chat()
    refusal = await refused(chat.url, origin, SUBPROTOCOL)
    assert refusal.response.status_code == 403
    assert json.loads(refusal.response.body)["code"] == "origin"


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
async def test_the_public_page_is_let_in_under_each_name_of_this_machine(stage: Stage, origin: str) -> None:
    chat = await stage.chat()
    async with connect(chat.url, origin=Origin(origin), subprotocols=[SUBPROTOCOL]) as socket:
        assert socket.subprotocol == SUBPROTOCOL
        assert socket.protocol.extensions == [], "offered compression is not agreed to: a small frame stays small"


async def test_who_does_not_speak_the_protocol_is_refused(stage: Stage) -> None:
    chat = await stage.chat()
    for protocols in ((), (Subprotocol("webinar.chat.v9"),)):
        refusal = await refused(chat.url, None, *protocols)
        assert refusal.response.status_code == 400


@pytest.mark.parametrize(
    ("make", "code", "reconnect"),
    [
        (lambda s, e: s.ticket(e, "a", ttl_s=-1), "ticket_expired", True),
        (lambda s, e: s.ticket(e, "a")[:-3] + "abc", "ticket_invalid", False),
        (lambda s, e: "", "ticket_invalid", False),
        (lambda s, e: s.ticket(e, "a", role="owner"), "ticket_invalid", False),
        (lambda s, e: s.ticket(e, "x" * 500), "ticket_invalid", False),
        (lambda s, e: s.ticket("no uuid", "a"), "ticket_invalid", False),
        (lambda s, e: s.viewer_token(e), "ticket_invalid", False),
        (lambda s, e: s.ticket(uuid.uuid4(), "a"), "gone", False),
    ],
)
async def test_a_wrong_ticket_opens_nothing_and_says_why(stage: Stage, make: Any, code: str, reconnect: bool) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = ChatClient(chat.url, lambda: make(stage, event))
    with pytest.raises(ConnectionError, match=code):
        await client.open()
    close_code, bye = await client.ended()
    assert close_code == 1008
    assert bye is not None
    assert bye["reconnect"] is reconnect
    assert not any(m["type"] in ("welcome", "events") for m in client.messages)


async def test_a_ticket_that_expires_later_does_not_end_the_conversation(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = ChatClient(chat.url, lambda: stage.ticket(event, "a", ttl_s=2))
    async with in_room(client):
        until = time.time() + 2.1
        while time.time() < until:
            await client.put(type="ping")
            await client.wait_for("pong", len(client.messages))
            await asyncio.sleep(0.1)
        assert (await client.send("still here"))["type"] == "ack"


@pytest.mark.parametrize(
    ("data", "close_code"),
    [
        (b"\x00\x01binary", 1003),
        ("no json", 1007),
        ("[" * 5000, 1007),
        ('{"type":"send","cid":' + '{"a":' * 1200 + "1" + "}" * 1201, 1007),
        ('{"type":"ping","pad":"' + "x" * 9000 + '"}', 1009),
        (json.dumps({"type": "hello", "ticket": "again"}), 1008),
    ],
)
async def test_what_is_no_message_ends_that_socket_and_no_other(
    stage: Stage, data: str | bytes, close_code: int
) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    bad, good = chat.client(event, "bad"), chat.client(event, "good")
    async with in_room(bad, good):
        await bad.put_raw(data)
        code, bye = await bad.ended()
        assert code == close_code
        assert close_code == 1009 or (bye is not None and bye["code"] == "bad_message")
        assert (await good.send("fine"))["type"] == "ack"


async def test_the_first_word_must_be_hello(stage: Stage) -> None:
    chat = await stage.chat()
    async with connect(chat.url, subprotocols=[SUBPROTOCOL]) as socket:
        await socket.send(json.dumps({"type": "history", "before": 5}))
        assert json.loads(await socket.recv()) == {
            "type": "bye",
            "code": "bad_message",
            "reconnect": False,
            "after_ms": 0,
        }
        await socket.wait_closed()
        assert socket.close_code == 1008


async def test_a_flood_of_messages_ends_its_socket_after_an_outbox_of_fifty_was_taken(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        for _ in range(50):
            await client.put(type="send", cid=str(uuid.uuid4()), body="x")
        await client.until(lambda: len(client.answers) == 50)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(2000):
                await client.put(type="ping")
        code, bye = await client.ended()
        assert code == 1008
        assert bye is not None
        assert (bye["code"], bye["reconnect"]) == ("flood", True)
        assert bye["after_ms"] >= 5000


async def test_one_person_has_a_bounded_number_of_sockets(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    tabs = [chat.client(event, "presenter") for _ in range(20)]
    other = chat.client(event, "someone else")
    async with in_room(*tabs, other):
        with pytest.raises(ConnectionError, match="too_many_tabs"):
            await chat.client(event, "presenter").open()
        await tabs[0].close()
        async with in_room(chat.client(event, "presenter")):
            assert (await other.send("fine"))["type"] == "ack"


async def test_health_says_that_it_serves(stage: Stage) -> None:
    chat = await stage.chat()

    def get(path: str) -> tuple[int, str]:
        with urlopen(f"http://127.0.0.1:{chat.port}{path}", timeout=15) as answer:
            return answer.status, answer.read().decode()

    assert await asyncio.to_thread(get, "/healthz") == (200, "ok\n")
    status, body = await asyncio.to_thread(get, "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "missing": {}})
    assert "webinar_chat_sockets" in (await asyncio.to_thread(get, "/metrics"))[1]


async def test_who_loses_their_seat_is_sent_out_of_every_tab(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    old = stage.ticket(event, "kim")
    tabs = [ChatClient(chat.url, lambda: old), ChatClient(chat.url, lambda: old)]
    other = chat.client(event, "lee")
    for client in (*tabs, other):
        await client.open()
    bus = await Bus.connect(stage.nats.embedded.url, "tests")
    try:
        at = time.time()
        await bus.publish_json(f"event.{event}.out", {"person": "kim", "at": at})
        for tab in tabs:
            close_code, bye = await tab.ended()
            assert (close_code, bye) == (1008, {"type": "bye", "code": "revoked", "reconnect": False, "after_ms": 0})
        # The ticket of before opens nothing any more; one from afterwards does.
        with pytest.raises(ConnectionError, match="revoked"):
            await ChatClient(chat.url, lambda: old).open()
        await until(lambda: time.time() > math.floor(at) + 1)
        back = chat.client(event, "kim")
        await back.open()
        assert await back.say("here again")
        assert other.connected
        await back.close()
    finally:
        await bus.close()
        await other.close()


async def test_who_is_there_comes_back_under_the_name_that_is_shown_from_now_on(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    ann, mia = chat.client(event, "ann", name="김○○ 1", names=False), chat.client(event, "host:mia", role="host")
    async with in_room(ann, mia):
        await ann.say("hello")
        await stage.sql("update event set names_shown = true where id = $1", event)
        for client in (ann, mia):
            _, bye = await client.ended()
            assert bye is not None
            assert (bye["code"], bye["reconnect"]) == ("restart", True)
    # A ticket from before opens nothing, and the page asks for the next one; also where nobody has been since.
    late = chat.client(event, "ann", name="김○○ 1", names=False)
    with pytest.raises(ConnectionError, match="ticket_expired"):
        await late.open()
    _, bye = await late.ended()
    assert bye is not None
    assert bye["reconnect"] is True
    named = chat.client(event, "ann", name="김하나", names=True)
    async with in_room(named):
        await named.say("again")
        await named.until(lambda: len(named.shown) == 2)
        assert [line["from"]["name"] for line in named.shown] == ["김○○ 1", "김하나"]


async def test_staff_finds_people_by_ids_beside_the_names_of_the_room(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    ann, bob = (chat.client(event, person, name=name) for person, name in (("ann", "김○○ 1"), ("bob", "이○○ 2")))
    mia = chat.client(event, "host:mia", role="host")
    async with in_room(ann, bob, mia):
        found = [
            await mia.people(query=query, ids=ids) for query, ids in (("○○ 2", []), ("하나", ["ann"]), ("하나", []))
        ]
        assert [[one["id"] for one in page["items"]] for page in found] == [["bob"], ["ann"], []]
        for ids in ("ann", [1], ["x"] * 101):
            assert (await mia.people(query="", ids=ids))["code"] == "bad_message"
        assert (await ann.people(ids=["bob"]))["type"] == "nak"
