"""Who asks and who raises a hand, over several processes: muted askers whom nobody knows, hands of who left."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

import pytest

from chat.entry import Draft
from chat.floor import Floor
from chat.hands import AWAY_S
from chat.hub import Hub
from chat.store import Store
from tests.chat_client import ChatClient, in_room
from webinar.base import db
from webinar.base.bus import Bus, Refused

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_anonymous_asker_is_muted_in_every_process_and_nobody_learns_who_it_is(stage: Stage) -> None:
    event, person = await stage.new_event(), str(uuid.uuid4())
    one, two = await stage.chat(), await stage.chat(1)
    asker, other = one.client(event, person, name="숨은이"), two.client(event, person, name="숨은이")
    mia, bob = two.client(event, "moderator:m", role="moderator"), one.client(event, "bob")
    async with in_room(asker, other, mia, bob):
        question = (await asker.ask("ask", body="You fools", anonymous=True))["seq"]
        await mia.until(lambda: any(e["type"] == "question" for e in mia.shown))
        assert (await mia.order("mute_asker", target=question, minutes=5))["type"] == "ack"
        assert (await bob.order("mute_asker", target=question, minutes=5))["code"] == "forbidden"
        await asker.until(lambda: any(e["type"] == "mod" for e in asker.shown))

        async def refused(client: ChatClient) -> bool:
            answer = await client.ask("ask", body="Again", anonymous=True)
            return answer.get("code") in ("muted", "rate")

        async with asyncio.timeout(10):
            while not await refused(other):  # noqa: ASYNC110 - the other process hears of it and tells nobody
                await asyncio.sleep(0.05)
        answer = await asker.ask("ask", body="In my own name")
        assert (answer["code"], 0 < answer["retry_after"] <= 300) == ("muted", True)
        assert await asker.say("I still write")
        assert (await bob.ask("ask", body="Mine", anonymous=True))["type"] == "ack"
        people = await mia.people()
        assert [p["muted_until"] for p in people["items"]] == [None] * len(people["items"])
        assert mia.newest("state")["staff"]["muted"] == []
        shown = next(e for e in mia.shown if e["type"] == "mute_asker")
        assert (shown["target"], "person" in shown) == (question, False)
        assert (await mia.order("mute_asker", target=9999, minutes=5))["code"] == "bad_target"
    rows = await stage.sql("select row_to_json(l)::text as row from chat_log l where event_id = $1", event)
    about = [row["row"] for row in rows if '"question"' in row["row"] or '"mute_asker"' in row["row"]]
    assert about
    assert not any(person in row or "숨은이" in row for row in about)


async def test_where_questions_are_off_nobody_asks_or_votes(stage: Stage) -> None:
    event = await stage.new_event()
    chat = await stage.chat()
    ann, mia = chat.client(event, "ann"), chat.client(event, "moderator:m", role="moderator")
    async with in_room(ann, mia):
        question = (await ann.ask("ask", body="Why?"))["seq"]
        assert (await mia.order("settings", questions=False))["type"] == "ack"
        await ann.until(lambda: any(e["type"] == "settings" for e in ann.shown))
        assert (await ann.ask("ask", body="How?"))["code"] == "off"
        assert (await mia.ask("vote", question=question))["code"] == "off"
        assert await ann.say("hello")
        assert (await mia.order("settings", questions=True))["type"] == "ack"
        assert (await ann.ask("ask", body="How?"))["type"] == "ack"


async def test_the_hand_of_somebody_who_left_goes_down_once_from_two_processes(stage: Stage) -> None:
    event = await stage.new_event()
    pool = await db.connect(stage.database_url, service="chat", max_size=4)
    buses = [await Bus.connect(stage.nats.embedded.url, "chat") for _ in range(2)]
    hubs = [Hub(Store(pool), bus) for bus in buses]
    try:
        rooms = [await hub.room(event) for hub in hubs]
        hand = Draft("hand", str(uuid.uuid4()), "ann", {"name": "Ann", "role": "attendee", "up": True})
        raised = await rooms[0].submit(hand)
        now = asyncio.get_running_loop().time()
        for at in (now, now + AWAY_S + 1):
            await asyncio.gather(*(room.feature(Floor).lower(at) for room in rooms))
        assert rooms[0].state.hands.of("ann") is None
        rows = await stage.sql("select seq, person, body::text as body from chat_log where event_id = $1", event)
        assert [(row["seq"], row["person"]) for row in rows] == [(1, "ann"), (2, "ann")]
        assert json.loads(rows[1]["body"]) == {"name": "Ann", "role": "attendee", "up": False, "of": raised.seq}
    finally:
        for hub in hubs:
            await hub.close()
        for bus in buses:
            await bus.close()
        await pool.close()


async def test_an_order_over_the_bus_is_done_once_and_given_by_staff_alone(stage: Stage) -> None:
    event, cid = await stage.new_event(), str(uuid.uuid4())
    ann = (await stage.chat()).client(event, "ann")
    await stage.chat(1)
    bus = await Bus.connect(stage.nats.embedded.url, "tests")
    order = {"op": "announce", "cid": cid, "body": "In five minutes"}
    said = {"event": str(event), "person": "host:1", "name": "Han", "role": "host", "order": order}
    try:
        async with in_room(ann):
            answers = [await bus.request("chat.order", said) for _ in range(3)]
            assert [answer["seq"] for answer in answers] == [1, 1, 1]
            await ann.until(lambda: any(e["type"] == "announcement" for e in ann.shown))
            (shown,) = [e for e in ann.shown if e["type"] == "announcement"]
            assert (shown["body"], shown["from"]["name"]) == ("In five minutes", "Han")
            for wrong, status, code in (
                ({"role": "attendee"}, 400, "bad_request"),
                ({"role": "presenter"}, 403, "forbidden"),
                ({"event": str(uuid.uuid4())}, 404, "event_not_found"),
                ({"order": {**order, "body": " "}}, 422, "empty"),
                ({"order": {**order, "cid": "1"}}, 422, "bad_message"),
                ({"order": {"op": "pin", "target": 99, "cid": str(uuid.uuid4())}}, 404, "bad_target"),
                ({"order": {"op": "lock", "target": 1}}, 400, "bad_request"),
                ({"order": {**order, "op": "dance"}}, 400, "unknown_op"),
            ):
                with pytest.raises(Refused) as refused:
                    await bus.request("chat.order", {**said, **wrong})
                assert (refused.value.status, refused.value.code) == (status, code)
    finally:
        await bus.close()
