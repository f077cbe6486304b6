"""A person's data go from the chat: from the database, from open rooms in every process, from exports."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.chat_client import in_room
from webinar.base import db
from webinar.base.bus import Bus
from webinar.conversation.service import ConversationService

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def conversation(stage: Stage) -> AsyncIterator[ConversationService]:
    pool = await db.connect(stage.database_url, service="tests", max_size=4)
    bus = await Bus.connect(stage.nats.embedded.url, "tests")
    yield ConversationService(pool, bus)
    await bus.close()
    await pool.close()


async def test_what_a_person_said_goes_from_open_rooms_the_log_and_exports(
    stage: Stage, conversation: ConversationService
) -> None:
    event, person = await stage.new_event(), str(uuid.uuid4())
    one, two = await stage.chat(), await stage.chat(1)
    her, bob = one.client(event, person, name="김하나"), two.client(event, "bob", name="Bob")
    mia = one.client(event, "moderator:m", role="moderator", name="Mia")
    async with in_room(her, bob, mia):
        first = await her.say("secret one")
        question = (await her.ask("ask", body="secret two"))["seq"]
        answer = await bob.say("I agree")
        assert (await bob.ask("vote", question=question))["type"] == "ack"
        assert (await her.ask("vote", question=question))["type"] == "ack"
        assert (await mia.order("pin", target=first))["type"] == "ack"
        assert (await mia.order("mute", person=person, minutes=5))["type"] == "ack"
        await her.close()
        assert await conversation.forget(event, person) == 4
        # Every open room starts over, in every process.
        for client in (bob, mia):
            _, bye = await client.ended()
            assert bye is not None
            assert (bye["code"], bye["reconnect"]) == ("restart", True)
            before = len(client.messages)
            await client.open()
            told = json.dumps(client.messages[before:], ensure_ascii=False)
            assert not any(word in told for word in ("secret", "김하나", person))
            assert client.shown[-1]["seq"] >= answer
            assert [e.get("deleted") for e in client.shown if e["seq"] == first] == [True]
        assert client.bodies == ["", "I agree"]  # staff gets an empty text of it
    rows = await stage.sql("select row_to_json(l)::text as row from chat_log l where event_id = $1 order by seq", event)
    stored = " ".join(row["row"] for row in rows)
    assert not any(word in stored for word in ("secret", "김하나", person))
    assert [json.loads(row["row"])["seq"] for row in rows] == list(range(1, len(rows) + 1))
    votes = await stage.sql("select person from chat_vote where event_id = $1 and up", event)
    assert len(votes) == 2
    assert person not in {row["person"] for row in votes}
    made = await conversation.of(event)
    assert [(said.name, said.body, said.state) for said in made.messages] == [
        ("", "", "deleted"),
        ("Bob", "I agree", "shown"),
    ]


async def test_a_room_where_somebody_said_nothing_goes_on(stage: Stage, conversation: ConversationService) -> None:
    event = await stage.new_event()
    assert await conversation.forget(event, str(uuid.uuid4())) == 0
    ann = (await stage.chat()).client(event, "ann")
    async with in_room(ann):
        await ann.say("hello")
        assert await conversation.forget(event, str(uuid.uuid4())) == 0
        assert await ann.say("again") == 2
