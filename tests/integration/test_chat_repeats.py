"""What was stored once stays acknowledged, whatever the room takes by now: a real PostgreSQL and a real NATS."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.chat_client import ChatClient, Json, in_room

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

GUEST = str(uuid.UUID(int=7))


def cids(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


async def test_a_repeat_is_acknowledged_by_one_who_is_muted_and_in_a_room_that_has_ended(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, GUEST)
    said, asked, raised, announced = cids(4)
    async with in_room(host, guest):
        first = [
            await guest.send("hello", said),
            await guest.ask("ask", asked, body="why?", anonymous=True),
            await guest.ask("hand", raised, up=True),
        ]
        assert [answer["type"] for answer in first] == ["ack"] * 3
        announcement = await host.order("announce", announced, body="Welcome")
        await host.order("settings", hands=False, anonymous_questions=False)
        await host.order("mute", person=GUEST, minutes=5)
        assert await guest.send("hello", said) == first[0]
        assert await guest.ask("ask", asked, body="why?", anonymous=True) == first[1]
        assert (await guest.send("more"))["code"] == "muted"
        await guest.ask("hand", up=False)
        assert await guest.ask("hand", raised, up=True) == first[2]
        await stage.sql("update event set state = 'ended' where id = $1", event)
        await host.until(lambda: host.newest("state")["settings"]["ended"])
        late = chat.client(event, GUEST)
        async with in_room(late):
            assert await late.send("hello", said) == first[0]
            assert (await late.send("more"))["code"] == "ended"
        assert await host.order("announce", announced, body="Welcome") == announcement


async def test_refusals_are_no_flood_of_look_ups(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, GUEST)
    async with in_room(host, guest):
        await host.order("settings", frozen=True)
        codes = [(await guest.send("x"))["code"] for _ in range(12)]
        assert codes[0] == "frozen"
        assert "rate" in codes


async def test_a_repeat_of_a_held_message_says_whether_it_still_waits(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, GUEST)
    approved, waiting, approval = cids(3)
    async with in_room(host, guest):
        await host.order("settings", mode="review")
        first = await guest.send("one", approved)
        held = await guest.send("two", waiting)
        assert (first["held"], held["held"]) == (True, True)
        order = await host.order("approve", approval, target=first["seq"])
        assert await guest.surely("send", approved, body="one") == {"type": "ack", "cid": approved, "seq": first["seq"]}
        assert await guest.surely("send", waiting, body="two") == held
        await host.order("settings", mode="hosts")
        assert await guest.surely("send", approved, body="one") == {"type": "ack", "cid": approved, "seq": first["seq"]}
        # Approving again is acknowledged and stored once.
        before = len(await stage.stored(event))
        assert await host.order("approve", approval, target=first["seq"]) == order
        again = await host.order("approve", target=first["seq"])
        assert (again["type"], again["seq"]) == ("ack", None)
        assert len(await stage.stored(event)) == before


async def test_an_old_order_does_not_close_again_what_was_opened_since(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, GUEST)
    closed, opened = cids(2)
    async with in_room(host, guest):
        poll = await polled(host)
        first = await host.order("poll", closed, poll=poll, state="closed")
        await host.order("poll", opened, poll=poll, state="open")
        assert await host.order("poll", closed, poll=poll, state="closed") == first
        await guest.until(lambda: guest.shown[-1].get("state") == "open")
        assert (await guest.ask("answer_poll", poll=poll, choices=[0]))["type"] == "ack"
        await host.order("poll", poll=poll, state="closed")
        assert (await host.order("poll", opened, poll=poll, state="open"))["type"] == "ack"
        await guest.until(lambda: guest.shown[-1].get("state") == "closed")
        assert (await guest.ask("answer_poll", poll=poll, choices=[1]))["code"] == "not_open"


async def polled(host: ChatClient) -> int:
    """An open one."""
    definition: Json = {"question": "Lunch?", "kind": "single", "options": ["soup", "rice"]}
    poll = int((await host.order("poll_save", **definition, anonymous=False, live=False))["seq"])
    await host.order("poll", poll=poll, state="open")
    return poll
