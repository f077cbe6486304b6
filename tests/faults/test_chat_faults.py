"""Chat while its parts die: what was acknowledged is stored once and shown once to everyone, in one order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
import uuid
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from websockets.exceptions import WebSocketException

from tests.chat_client import ChatClient, in_room

if TYPE_CHECKING:
    from tests.chat_stage import ChatProcess, Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def readiness(chat: ChatProcess) -> set[str]:
    """What the process says is missing."""

    def get() -> set[str]:
        try:
            with urlopen(f"http://127.0.0.1:{chat.port}/readyz", timeout=10) as answer:
                return set(json.load(answer)["missing"])
        except HTTPError as error:
            return set(json.load(error)["missing"])

    return await asyncio.to_thread(get)


async def stay(client: ChatClient, done: asyncio.Event) -> None:
    """As a page does: comes back whenever its socket is lost."""
    while not done.is_set():
        if not client.connected:
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                await client.open()
        await asyncio.sleep(0.1)


async def test_acknowledged_messages_survive_the_death_of_every_part(stage: Stage) -> None:
    """Two chat processes on one room; the first, the bus and the database are killed and come back, one by one."""
    event = await stage.new_event()
    first, second = await stage.new_chat(), await stage.new_chat()
    senders = [
        process.client(event, name) for process in (first, second) for name in (f"a{process.port}", f"b{process.port}")
    ]
    watchers = [first.client(event, "w1"), second.client(event, "w2")]
    acknowledged: dict[int, tuple[str, str]] = {}
    silent = asyncio.Event()

    async def talk(client: ChatClient, name: str) -> None:
        number = 0
        while not silent.is_set():
            number += 1
            cid, body = str(uuid.uuid4()), f"{name}-{number}"
            seq = await client.say(body, cid, within_s=60)
            assert seq not in acknowledged
            acknowledged[seq] = (client.answers[cid]["cid"], body)
            await asyncio.sleep(0.4)

    async def acks(more: int) -> None:
        goal = len(acknowledged) + more
        async with asyncio.timeout(40):
            while len(acknowledged) < goal:  # noqa: ASYNC110 - four talkers fill it
                await asyncio.sleep(0.02)

    try:
        async with asyncio.TaskGroup() as tasks:
            pages = [tasks.create_task(stay(w, silent)) for w in watchers]
            for number, sender in enumerate(senders):
                tasks.create_task(talk(sender, f"s{number}"))
            await acks(6)
            await first.kill()
            await acks(3)
            await first.start()
            await acks(6)
            await stage.nats.stop(at_once=True)
            await acks(4)
            assert await readiness(second) == {"bus"}
            await stage.nats.start()
            await acks(4)
            await stage.postgres.stop(at_once=True)
            assert "postgresql" in await readiness(second)
            await stage.postgres.start()
            await acks(8)
            silent.set()
        assert all(page.done() for page in pages)
        last = max(acknowledged)
        for client in [*senders, *watchers]:
            if not client.connected:
                await client.open()
            await client.until(lambda client=client: client.shown[-1]["seq"] >= last)  # type: ignore[misc]
        stored = await stage.stored(event)
        assert [seq for seq, _, _ in stored] == list(range(1, len(stored) + 1))
        assert len({body for _, _, body in stored}) == len(stored)
        by_seq = {seq: body for seq, _, body in stored}
        assert all(by_seq[seq] == body for seq, (_, body) in acknowledged.items())
        for client in [*senders, *watchers]:
            assert client.resets == 0
            assert [(e["seq"], e["from"]["id"], e["body"]) for e in client.shown] == stored[: len(client.shown)]
            assert len(client.shown) >= last
    finally:
        for client in [*senders, *watchers]:
            await client.close()
        await first.stop()
        await second.stop()


async def test_a_message_is_refused_in_time_while_the_database_hangs_and_stored_once_after(stage: Stage) -> None:
    chat, event = await stage.new_chat(), await stage.new_event()
    client, late = chat.client(event, "a"), chat.client(event, "b")
    try:
        async with in_room(client):
            await client.say("before")
            cid = str(uuid.uuid4())
            stage.postgres.freeze()
            try:
                asked = time.monotonic()
                answer = await client.send("meanwhile", cid)
                assert time.monotonic() - asked < 12
                assert answer["code"] == "unavailable"
                assert 0 < answer["retry_after"] <= 5
                # What is in memory is still there, for those inside and for those who come.
                assert (await client.history(2))["events"][0]["body"] == "before"
                async with in_room(late):
                    assert late.bodies == ["before"]
            finally:
                stage.postgres.thaw()
            assert await client.say("meanwhile", cid) == 2
            await client.until(lambda: client.bodies == ["before", "meanwhile"])
            assert [body for _, _, body in await stage.stored(event)] == ["before", "meanwhile"]
    finally:
        await chat.stop()


async def test_a_planned_restart_tells_everyone_when_to_come_back_and_loses_nothing(stage: Stage) -> None:
    chat, event = await stage.new_chat(), await stage.new_event()
    people = [chat.client(event, f"p{n}") for n in range(20)]
    async with in_room(*people):
        sending = [asyncio.create_task(p.send(f"last words {n}")) for n, p in enumerate(people)]
        # All are in the service's hands before it is asked to end.
        await people[0].until(lambda: bool(people[0].shown))
        status = await chat.stop()
        assert status == 0
        answers = await asyncio.gather(*sending)
        assert [a["type"] for a in answers] == ["ack"] * 20
        for person in people:
            code, bye = await person.ended()
            assert code == 1012
            assert bye is not None
            assert (bye["code"], bye["reconnect"]) == ("restart", True)
        waits = [next(m for m in p.messages if m["type"] == "bye")["after_ms"] for p in people]
        assert all(300 <= wait < 5000 for wait in waits)
        assert len(set(waits)) > 10
        await chat.start()
        for person in people:
            await person.open()
            assert len(person.shown) == 20
            assert person.resets == 0
    await chat.stop()


async def test_two_processes_are_one_room(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.new_chat()
    one, two = first.client(event, "a"), second.client(event, "b")
    async with in_room(one, two):
        await asyncio.gather(*(client.say(f"{n}") for client in (one, two) for n in range(3)))
        for client in (one, two):
            await client.until(lambda client=client: len(client.shown) == 6)  # type: ignore[misc]
        assert one.shown == two.shown
        await one.until(lambda: any(m["type"] == "count" and m["online"] == 2 for m in one.messages))
    await second.stop()


async def test_a_frozen_process_that_wakes_up_shows_what_the_other_took_meanwhile(stage: Stage) -> None:
    event = await stage.new_event()
    first, second = await stage.chat(), await stage.new_chat()
    one, two = first.client(event, "a"), second.client(event, "b")
    async with in_room(one, two):
        second.signal(signal.SIGSTOP)
        try:
            for n in range(3):
                await one.say(str(n))
        finally:
            second.signal(signal.SIGCONT)
        await two.until(lambda: two.bodies == ["0", "1", "2"])
    await second.stop()


async def test_the_room_of_a_deleted_event_sends_everyone_away_for_good(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        await stage.sql("delete from event where id = $1", event)
        _, bye = await client.ended()
        assert bye is not None
        assert (bye["code"], bye["reconnect"]) == ("gone", False)


async def test_a_log_that_was_restored_from_a_backup_makes_everyone_start_over(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    client = chat.client(event, "a")
    async with in_room(client):
        for n in range(3):
            await client.say(str(n))
        await client.until(lambda: len(client.shown) == 3)
        await stage.sql("delete from chat_log where event_id = $1 and seq > 1", event)
        await stage.sql("update chat_room set last_seq = 1, epoch = gen_random_uuid() where event_id = $1", event)
        _, bye = await client.ended()
        assert bye is not None
        assert bye["reconnect"] is True
        await client.open()
        assert client.resets == 1
        assert client.bodies == ["0"]
