"""Moderation over real sockets, a real PostgreSQL and a real NATS."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.chat_acts import events, poll_of
from tests.chat_client import ChatClient, in_room

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY, ONE, TROLL, GUEST = (str(uuid.UUID(int=n)) for n in range(4))  # as attendees' ids are

ORDERS: list[dict[str, Any]] = [
    {"op": "approve", "target": 1},
    {"op": "reject", "target": 1},
    {"op": "delete", "target": 2},
    {"op": "restore", "target": 2},
    {"op": "pin", "target": 2},
    {"op": "unpin"},
    {"op": "delete_person", "person": NOBODY},
    {"op": "mute", "person": NOBODY, "minutes": 5},
    {"op": "unmute", "person": NOBODY},
    {"op": "ban", "person": NOBODY},
    {"op": "unban", "person": NOBODY},
    {"op": "announce", "body": "Welcome"},
    {"op": "settings", "slow_s": 0},
]


async def held_and_plain(host: ChatClient, guest: ChatClient) -> None:
    """Number 1 would wait for a moderator, 2 is shown, before any order is tried."""
    await host.order("settings", words=["spam"])
    assert (await guest.send("spam"))["held"] is True
    assert (await guest.send("hello"))["type"] == "ack"


@pytest.mark.parametrize("role", ["attendee", "muted", "presenter", "moderator", "host"])
async def test_only_moderators_and_hosts_may_order(stage: Stage, role: str) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, "guest")
    one = chat.client(event, ONE, role="attendee" if role == "muted" else role)
    async with in_room(host, guest, one):
        await held_and_plain(host, guest)
        if role == "muted":
            await host.order("mute", person=ONE, minutes=5)
        before = len(await stage.stored(event))
        for order in ORDERS:
            order = {**order, **({"target": order["target"] + 1} if "target" in order else {})}
            answer = await one.order(**order)
            if role in ("moderator", "host"):
                assert answer["type"] == "ack", (order, answer)
            else:
                assert (answer["of"], answer["code"]) == ("mod", "forbidden"), order
        seen = await one.people()
        assert seen["type"] == ("nak" if role in ("attendee", "muted") else "people")
        stored = len(await stage.stored(event)) - before
        # Refusing what was approved changes nothing and is not stored.
        assert stored == (len(ORDERS) - 1 if role in ("moderator", "host") else 0)


async def test_a_host_of_another_event_orders_nothing_here(stage: Stage) -> None:
    chat, event, other = await stage.chat(), await stage.new_event(), await stage.new_event()
    foreign, guest = chat.client(other, "host:2", role="host"), chat.client(event, GUEST)
    async with in_room(foreign, guest):
        await guest.say("mine")
        # A ticket is of one event; naming another in the order changes nothing.
        assert (await foreign.order("delete", target=1, event=str(event)))["code"] == "bad_target"
        await foreign.order("ban", person=GUEST, event=str(event))
        assert (await guest.send("still here"))["type"] == "ack"
        assert [body for _, _, body in await stage.stored(event)] == ["mine", "still here"]


async def test_extra_fields_never_raise_a_role(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    guest = chat.client(event, "guest")
    async with in_room(guest):
        as_host: Any = {"role": "host", "from": {"id": "host:1", "role": "host"}}
        assert (await guest.order("announce", body="x", **as_host))["code"] == "forbidden"
        assert (await guest.send("x", role="host", name="Host", held=False))["type"] == "ack"
        await guest.until(lambda: len(guest.shown) == 1)
        assert guest.shown[0]["from"] == {"id": "guest", "name": "guest", "role": "attendee"}


async def test_a_ban_survives_a_new_tab_a_new_name_an_open_socket_and_another_process(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.chat(1)
    host = first.client(event, "host:1", role="host")
    tabs = [first.client(event, TROLL), second.client(event, TROLL), second.client(event, TROLL)]
    async with in_room(host, *tabs):
        assert (await host.order("ban", person=TROLL))["type"] == "ack"
        for tab in tabs:
            code, bye = await tab.ended()
            assert code == 1008
            assert bye == {"type": "bye", "code": "banned", "reconnect": False, "after_ms": 0}
        for chat in (first, second):
            with pytest.raises(ConnectionError, match="banned"):
                await chat.client(event, TROLL, name="Somebody else").open()
        # Also for a process that starts afterwards, which has only the log.
        third = await stage.new_chat()
        with pytest.raises(ConnectionError, match="banned"):
            await third.client(event, TROLL).open()
        await third.stop()
        listed = [(TROLL, True, False), ("host:1", False, True)]
        async with asyncio.timeout(20):
            # The other process says within seconds that they have left it.
            while [(p["id"], p["banned"], p["here"]) for p in (await host.people())["items"]] != listed:  # noqa: ASYNC110
                await asyncio.sleep(0.6)
        await host.order("unban", person=TROLL)
        back = second.client(event, TROLL)

        async def let_in() -> None:
            async with asyncio.timeout(10):
                while True:
                    try:
                        await back.open()
                    except ConnectionError:
                        await asyncio.sleep(0.05)
                    else:
                        return

        await let_in()
        assert (await back.send("sorry"))["type"] == "ack"
        await back.close()


async def test_a_deleted_text_is_in_no_frame_any_more_and_staff_still_sees_it(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.chat(1)
    host, guest = first.client(event, "host:1", role="moderator"), first.client(event, GUEST)
    there = second.client(event, "there")
    async with in_room(host, guest, there):
        await stage.fill(event, 5)  # somebody else's, from another process
        await guest.say("secret number")
        await guest.until(lambda: guest.bodies[-1:] == ["secret number"])
        await host.order("pin", target=6)
        late = first.client(event, "late")
        async with in_room(late):
            assert late.bodies[-1] == "secret number"
            assert late.newest("state")["pinned"][0]["body"] == "secret number"
        await host.order("delete", target=6)
        for client in (guest, there):
            await client.until(lambda client=client: client.shown[-1]["type"] == "delete")  # type: ignore[misc]
        assert guest.shown[-1]["target"] == 6
        assert "from" not in guest.shown[-1]
        for chat in (first, second):
            for role in ("attendee", "moderator"):
                newcomer = chat.client(event, f"new {role}", role=role)
                async with in_room(newcomer):
                    await newcomer.history(8)
                    await newcomer.history(after=0)
                    await newcomer.history(until=dt.datetime.now(dt.UTC).isoformat())
                    assert ("secret number" in json.dumps(newcomer.messages)) is (role == "moderator")
                    shown = next(e for e in newcomer.shown if e["seq"] == 6)
                    assert shown["deleted"] is True
        await host.order("restore", target=6)
        await guest.until(lambda: guest.shown[-1]["type"] == "restore")
        assert guest.shown[-1]["message"]["body"] == "secret number"
        await host.order("delete_person", person=GUEST)
        await there.until(lambda: there.shown[-1]["type"] == "delete_person")
        again = second.client(event, "again")
        async with in_room(again):
            assert "secret number" not in json.dumps(again.messages)
            assert again.newest("state")["pinned"] == []


async def test_a_message_held_for_review_is_shown_where_it_is_approved(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest, other = chat.client(event, "host:1", role="host"), chat.client(event, "g"), chat.client(event, "o")
    async with in_room(host, guest, other):
        await host.order("settings", mode="review")
        await guest.until(lambda: guest.shown[-1:] != [] and guest.shown[-1]["type"] == "settings")
        first = await guest.send("may I?")
        second = await guest.send("and this?")
        assert (first["held"], second["held"]) == (True, True)
        await host.until(lambda: len(host.shown) == 3)
        assert (host.shown[1]["body"], host.shown[1]["held"], host.shown[1]["why"]) == ("may I?", True, "review")
        newcomer = chat.client(event, "h2", role="moderator")
        async with in_room(newcomer):
            assert [m["body"] for m in newcomer.newest("state")["staff"]["held"]] == ["may I?", "and this?"]
        await host.order("approve", target=first["seq"])
        await host.order("reject", target=second["seq"])
        assert (await host.order("approve", target=1))["code"] == "bad_target"
        late = chat.client(event, "late")
        async with in_room(late):
            for client in (guest, other, late):
                await client.until(lambda client=client: len(client.shown) == 5)  # type: ignore[misc]
                assert [e["type"] for e in client.shown] == ["settings", "mod", "mod", "approve", "reject"]
                message = client.shown[3]["message"]
                assert (message["seq"], message["body"], message["cid"]) == (2, "may I?", first["cid"])
                assert message["from"]["id"] == "g"
                assert "and this?" not in json.dumps(client.messages)
        # Staff's own words never wait.
        assert "held" not in await host.send("at once")


async def test_a_blocked_word_holds_a_message_and_the_words_are_staffs_alone(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, "g")
    async with in_room(host, guest):
        await host.order("settings", words=["바보", "casino"])
        assert (await guest.send("이런 바보야"))["held"] is True
        assert (await guest.send("C\u200basino now"))["held"] is True
        assert "held" not in await guest.send("the occasinoal word")
        late = chat.client(event, "late")
        async with in_room(late):
            assert "casino" not in json.dumps(late.messages).replace("occasinoal", "")
        watcher = chat.client(event, "p", role="presenter")
        async with in_room(watcher):
            assert watcher.newest("state")["staff"]["words"] == ["바보", "casino"]


async def test_each_mode_says_why_a_message_is_not_taken(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, GUEST)
    async with in_room(host, guest):
        for settings, code in (
            ({"mode": "hosts"}, "hosts_only"),
            ({"mode": "questions"}, "questions_only"),
            ({"mode": "open", "frozen": True}, "frozen"),
            ({"frozen": False, "links": False}, "links"),
        ):
            await host.order("settings", **settings)
            answer = await guest.send("see www.example.org")
            assert (answer["type"], answer["code"]) == ("nak", code)
            assert "retry_after" not in answer
        assert (await host.send("see www.example.org"))["type"] == "ack"
        await host.order("settings", links=True, slow_s=60)
        assert (await guest.send("first"))["type"] == "ack"
        slow = await guest.send("second")
        assert slow["code"] == "slow"
        assert 50 < slow["retry_after"] <= 60
        await host.order("settings", slow_s=0)
        await host.order("mute", person=GUEST, minutes=2)
        muted = await guest.send("third")
        assert muted["code"] == "muted"
        assert 100 < muted["retry_after"] <= 120
        assert guest.newest("you")["muted_until"] is not None
        await host.order("unmute", person=GUEST)
        await guest.until(lambda: guest.newest("you")["muted_until"] is None)
        assert (await guest.send("fourth"))["type"] == "ack"


async def test_nobody_of_staff_can_be_muted_or_banned_also_before_they_come(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    moderator = chat.client(event, "moderator:1", role="moderator")
    async with in_room(moderator):
        for person in ("host:1", "presenter", "moderator:1", "anyone"):
            answer = await moderator.order("ban", person=person)
            assert (answer["type"], answer["code"]) == ("nak", "bad_target")
        host = chat.client(event, "host:1", role="host")
        async with in_room(host):
            for op in ("mute", "delete_person"):
                assert (await moderator.order(op, person="host:1", minutes=1))["code"] == "bad_target"
        # One that an older version has stored closes the door to nobody of staff.
        await stage.sql(
            "with e as (insert into chat_log (event_id, seq, type, cid, person, body) select event_id, last_seq + 1,"
            """ 'ban', gen_random_uuid(), 'm', '{"name": "M", "role": "moderator", "person": "host:1"}'"""
            " from chat_room where event_id = $1 returning seq)"
            " update chat_room set last_seq = e.seq from e where event_id = $1",
            event,
        )
        await moderator.until(lambda: moderator.shown[-1:] != [] and moderator.shown[-1]["type"] == "ban")
        async with in_room(host):
            assert (await host.order("unban", person="host:1"))["type"] == "ack"


async def test_an_order_repeated_with_its_cid_is_one_event(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host = chat.client(event, "host:1", role="host")
    async with in_room(host):
        cid = "0b9c2f4e-6b5a-4a57-9a3c-0d8f6b1f2a3e"
        first = await host.order("announce", cid, body="Welcome")
        assert await host.order("announce", cid, body="Welcome") == first
        assert len(await stage.stored(event)) == 1
        for bad in ({"op": "delete", "target": 99}, {"op": "delete", "target": "1"}, {"op": "dance"}):
            assert (await host.order(**bad))["type"] == "nak"


async def test_the_end_of_the_event_makes_the_room_read_only_and_everyone_hears_it(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, "g")
    async with in_room(host, guest):
        await guest.say("during")
        poll = await poll_of(host)
        await guest.until(lambda: bool(events(guest, "poll")))
        await guest.ask("answer_poll", poll=poll, choices=[1])
        assert guest.newest("state")["settings"]["ended"] is False
        await stage.sql("update event set state = 'ended' where id = $1", event)
        for client in (host, guest):
            await client.until(lambda client=client: client.newest("state")["settings"]["ended"])  # type: ignore[misc]
            assert (await client.send("after"))["code"] == "ended"
        for order in (
            {"op": "announce", "body": "x"},
            {"op": "settings", "slow_s": 5},
            {"op": "poll_save", "question": "?", "kind": "rating", "options": [], "anonymous": False, "live": False},
            {"op": "hand", "target": 1, "state": "down"},
        ):
            assert (await host.order(**order))["code"] == "ended", order
        # What was left open is closed, as by an order that nobody gave; its result can still be shown.
        for client in (host, guest):
            await client.until(lambda client=client: events(client, "poll")[-1]["state"] == "closed")  # type: ignore[misc]
        closed = events(host, "poll")[-1]
        assert (closed["poll"], closed["counts"], closed["answers"], closed["from"]["id"]) == (poll, [0, 1], 1, "")
        assert (await guest.ask("answer_poll", poll=poll, choices=[0]))["code"] in ("ended", "not_open")
        assert (await host.order("poll", poll=poll, state="open"))["code"] == "ended"
        assert (await host.order("poll", poll=poll, state="shared"))["type"] == "ack"
        assert (await host.order("delete", target=1))["type"] == "ack"
        assert (await host.order("restore", target=1))["type"] == "ack"
        late = chat.client(event, "late")
        async with in_room(late):
            assert late.newest("welcome")["settings"]["ended"] is True
            assert late.bodies == ["during"]


async def test_locks_are_seen_by_all_of_staff_in_every_process_and_end_with_their_holder(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.chat(1)
    kim, lee = first.client(event, "m1", role="moderator", name="Kim"), second.client(event, "m2", role="moderator")
    guest = second.client(event, "g")
    async with in_room(kim, lee, guest):
        await kim.put(type="mod", op="lock", target=7)
        for client in (kim, lee):
            await client.until(lambda client=client: client.newest("locks")["locks"] != [])  # type: ignore[misc]
            assert client.newest("locks")["locks"] == [{"target": 7, "by": {"id": "m1", "name": "Kim"}}]
        kim.drop()
        await lee.until(lambda: lee.newest("locks")["locks"] == [])
        assert not any(m["type"] == "locks" for m in guest.messages)


async def test_people_are_listed_once_over_all_processes_page_by_page(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.chat(1)
    host = first.client(event, "host:1", role="host", name="Host")
    here = [first.client(event, f"a{n}", name=f"Kim {n}") for n in range(3)]
    there = [second.client(event, f"b{n}", name=f"Lee {n}") for n in range(2)]
    both = [first.client(event, "c", name="Park"), second.client(event, "c", name="Park")]
    async with in_room(host, *here, *there, *both):
        async with asyncio.timeout(20):
            # The processes tell each other every few seconds; asking is bounded to two a second.
            while (page := await host.people(limit=3))["total"] != 7:  # noqa: ASYNC110
                await asyncio.sleep(0.6)
        names = [p["name"] for p in page["items"]]
        while page["next"] is not None:
            await asyncio.sleep(0.6)
            page = await host.people(limit=3, after=page["next"])
            names += [p["name"] for p in page["items"]]
        assert names == ["Host", "Kim 0", "Kim 1", "Kim 2", "Lee 0", "Lee 1", "Park"]
        await asyncio.sleep(0.6)
        found = await host.people(query="lee")
        assert ([p["id"] for p in found["items"]], found["total"]) == (["b0", "b1"], 2)
        await here[0].until(lambda: any(m["type"] == "count" and m["online"] == 7 for m in here[0].messages))


async def test_mentions_are_kept_of_staff_alone(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host, guest = chat.client(event, "host:1", role="host"), chat.client(event, "g")
    async with in_room(host, guest):
        await guest.send("@host @g look", mentions=["host:1", "g", "nobody"])
        await host.until(lambda: len(host.shown) == 1)
        assert host.shown[0]["mentions"] == ["host:1"]
        late = chat.client(event, "late")
        async with in_room(late):
            assert late.newest("state")["hosts"] == [{"id": "host:1", "name": "host:1", "role": "host"}]
