"""People in a room, over real sockets, a real PostgreSQL and a real NATS."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.chat_client import ChatClient, in_room

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_three_people_see_the_same_messages_in_the_same_order_as_stored(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    people = [chat.client(event, name) for name in ("지민", "Sam", "민수")]
    async with in_room(*people):

        async def talk(client: ChatClient) -> list[int]:
            return [await client.say(f"{n}") for n in range(3)]

        seqs = await asyncio.gather(*(talk(client) for client in people))
        assert sorted(s for some in seqs for s in some) == list(range(1, 10))
        assert all(some == sorted(some) for some in seqs)
        for client in people:
            await client.until(lambda client=client: len(client.shown) == 9)  # type: ignore[misc]
        assert people[0].shown == people[1].shown == people[2].shown
        stored = await stage.stored(event)
        assert [(e["seq"], e["from"]["id"], e["body"]) for e in people[0].shown] == stored


async def test_a_message_says_who_sent_it_in_which_role_and_to_what_it_answers(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host = chat.client(event, "host:1", role="host", name="한별")
    async with in_room(host):
        first = await host.say("어서 오세요 <script>alert(1)</script>")
        answer = await host.send("또", reply_to=first)
        assert answer["type"] == "ack"
        await host.until(lambda: len(host.shown) == 2)
        assert host.shown[0]["from"] == {"id": "host:1", "name": "한별", "role": "host"}
        assert host.shown[0]["body"] == "어서 오세요 <script>alert(1)</script>"
        assert host.shown[1]["reply_to"] == first
        assert (await host.send("?", reply_to=99))["code"] == "bad_reply"


async def test_the_same_cid_again_is_acknowledged_with_the_first_number_and_stored_once(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    one, two = chat.client(event, "a"), chat.client(event, "b")
    async with in_room(one, two):
        cid = str(uuid.uuid4())
        first = await one.send("once", cid)
        assert await one.send("once", cid) == first
        await one.close()
        await one.open()
        assert await one.send("once, but told otherwise", cid) == first
        # Another person's cid is another message.
        assert (await two.send("mine", cid))["seq"] == first["seq"] + 1
        assert [body for _, _, body in await stage.stored(event)] == ["once", "mine"]


async def test_a_reload_shows_what_was_said_and_a_return_only_what_was_missed(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    one, two = chat.client(event, "a"), chat.client(event, "b")
    async with in_room(one, two):
        await one.say("first")
        await two.until(lambda: two.bodies == ["first"])
        two.drop()
        await one.say("second")
        await two.until(lambda: not two.connected)
        seen = len(two.messages)
        await two.open()
        assert [e["body"] for m in two.messages[seen:] if m["type"] == "events" for e in m["events"]] == ["second"]
        assert two.resets == 0
    reloaded = chat.client(event, "a")
    async with in_room(reloaded):
        assert reloaded.bodies == ["first", "second"]


async def test_a_newcomer_gets_the_newest_hundred_and_asks_for_older_ones(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    await stage.fill(event, 750)
    client = chat.client(event, "a")
    async with in_room(client):
        assert [e["seq"] for e in client.shown] == list(range(651, 751))
        near = await client.history(651, 100)  # in memory
        assert [e["seq"] for e in near["events"]] == list(range(551, 651))
        far = await client.history(201, 100)  # only in the database
        assert [e["seq"] for e in far["events"]] == list(range(101, 201))
        assert far["events"][0]["body"] == "101"
        assert (await client.history(1, 5))["events"] == []
        beyond = await client.history(10**9, 2)
        assert [e["seq"] for e in beyond["events"]] == [749, 750]


async def test_who_was_away_for_too_long_is_told_to_start_over(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client, stays = chat.client(event, "a"), chat.client(event, "b")
    async with in_room(client, stays):
        await client.say("1")
        await client.until(lambda: client.bodies == ["1"])
        await client.close()
        await stage.fill(event, 700, start=2)
        await stays.until(lambda: len(stays.shown) == 701)
        await client.open()
        assert client.resets == 1
        assert [e["seq"] for e in client.shown] == list(range(602, 702))


async def test_another_epoch_means_reset(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        await client.say("1")
        await client.until(lambda: client.bodies == ["1"])
        await client.close()
        client.epoch = str(uuid.uuid4())
        await client.open()
        assert client.resets == 1
        assert client.bodies == ["1"]


async def test_the_fourth_message_in_two_seconds_waits_and_is_then_taken(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        answers = [await client.send(str(n)) for n in range(4)]
        assert [a["type"] for a in answers] == ["ack", "ack", "ack", "nak"]
        assert answers[3]["code"] == "rate"
        assert 0 < answers[3]["retry_after"] <= 2
        # A second tab of the same person is the same person.
        tab = chat.client(event, "a")
        async with in_room(tab):
            assert (await tab.send("from the other tab"))["code"] == "rate"
        assert await client.say("4") == 4


async def test_everyone_is_told_how_many_are_here(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    one, two, tab = chat.client(event, "a"), chat.client(event, "b"), chat.client(event, "b")
    async with in_room(one, two, tab):
        await one.until(lambda: any(m["type"] == "count" and m["online"] == 2 for m in one.messages))


async def test_what_nobody_knows_is_refused_and_the_conversation_goes_on(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        await client.put(type="dance")
        nak = await client.wait_for("nak")
        assert (nak["of"], nak["code"]) == ("dance", "unknown_type")
        await client.put(type="ping")
        await client.wait_for("pong")
