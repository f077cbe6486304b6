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


async def told_alike(stage: Stage, event: uuid.UUID, clients: list[ChatClient]) -> dict[int, tuple[str, str]]:
    """Everyone was shown the log without a gap, each message as it is stored, once; the messages, by number."""
    rows = await stage.sql(
        "select seq, type, person, body->>'body' as body from chat_log where event_id = $1 order by seq", event
    )
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    said = {row["seq"]: (row["person"], row["body"]) for row in rows if row["type"] == "message"}
    assert len({body for _, body in said.values()}) == len(said)
    for client in clients:
        assert client.resets == 0
        first = client.shown[0]["seq"]
        assert [shown["seq"] for shown in client.shown] == list(range(first, first + len(client.shown)))
        for shown in client.shown:
            if shown["type"] == "message" and "deleted" not in shown:
                assert (shown["from"]["id"], shown["body"]) == said[shown["seq"]]
    return said


async def newcomer_gets(late: ChatClient, gone: dict[int, str], votes: int) -> None:
    """Nothing that was deleted, and the votes of everyone's last mind, once its process has read that far."""
    async with asyncio.timeout(20), in_room(late):
        while not all(shown.get("deleted") for shown in late.shown if shown["seq"] in gone):
            late.shown.clear()
            late.messages.clear()
            await late.open()
        text = json.dumps(late.messages)
        assert not any(f'"{body}"' in text for body in gone.values())
        while late.newest("state")["questions"][0]["votes"] != votes:
            await late.open()


class Assembly:
    """People who write, a moderator who deletes what they wrote, voters who change their minds: until `silent`."""

    def __init__(self) -> None:
        self.acknowledged: dict[int, str] = {}  # by number
        self.deleted: set[int] = set()
        self.minds: dict[ChatClient, bool] = {}
        self.silent = asyncio.Event()

    async def talk(self, client: ChatClient, name: str) -> None:
        number = 0
        while not self.silent.is_set():
            number += 1
            body = f"{name}-{number}"
            seq = await client.say(body, within_s=60)
            assert seq not in self.acknowledged
            self.acknowledged[seq] = body
            await asyncio.sleep(0.4)

    async def moderate(self, client: ChatClient) -> None:
        while not self.silent.is_set():
            target = max(self.acknowledged.keys() - self.deleted, default=None)
            if target is not None:
                await client.surely("mod", op="delete", target=target, within_s=60)
                self.deleted.add(target)
            await asyncio.sleep(1)

    async def vote(self, client: ChatClient, question: int) -> None:
        while not self.silent.is_set():
            up = not self.minds.get(client, False)
            await client.surely("vote", question=question, up=up, within_s=60)
            self.minds[client] = up
            await asyncio.sleep(0.7)

    async def acks(self, more: int) -> None:
        """Until so many messages more were acknowledged."""
        goal = len(self.acknowledged) + more
        async with asyncio.timeout(40):
            while len(self.acknowledged) < goal:  # noqa: ASYNC110 - four talkers fill it
                await asyncio.sleep(0.02)


async def kill_one_by_one(stage: Stage, first: ChatProcess, second: ChatProcess, assembly: Assembly) -> None:
    await assembly.acks(6)
    await first.kill()
    await assembly.acks(3)
    await first.start()
    await assembly.acks(6)
    await stage.nats.stop(at_once=True)
    await assembly.acks(4)
    assert await readiness(second) == {"bus"}
    await stage.nats.start()
    await assembly.acks(4)
    await stage.postgres.stop(at_once=True)
    assert "postgresql" in await readiness(second)
    await stage.postgres.start()
    await assembly.acks(8)
    assembly.silent.set()


async def test_acknowledged_messages_survive_the_death_of_every_part(stage: Stage) -> None:
    """Two chat processes on one room; the first, the bus and the database are killed and come back, one by one.

    Meanwhile people write, a moderator deletes, and voters change their minds.
    """
    event = await stage.new_event()
    both = first, second = await stage.new_chat(), await stage.new_chat()
    senders = [process.client(event, f"{name}{process.port}") for process in both for name in "ab"]
    watchers = [process.client(event, f"w{process.port}") for process in both]
    voters = [process.client(event, f"v{process.port}") for process in both]
    moderator = first.client(event, "mod", role="moderator")
    everyone = [*senders, *watchers, *voters, moderator]
    assembly = Assembly()
    try:
        question = int((await voters[0].surely("ask", body="Why?"))["seq"])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(assembly.moderate(moderator))
            for voter in voters:
                tasks.create_task(assembly.vote(voter, question))
            for watcher in watchers:
                tasks.create_task(stay(watcher, assembly.silent))
            for number, sender in enumerate(senders):
                tasks.create_task(assembly.talk(sender, f"s{number}"))
            await kill_one_by_one(stage, first, second, assembly)
        last = max(assembly.acknowledged)
        for client in everyone:
            if not client.connected:
                await client.open()
            await client.until(lambda client=client: client.shown[-1]["seq"] >= last)  # type: ignore[misc]
        said = await told_alike(stage, event, everyone)
        assert all(said[seq][1] == body for seq, body in assembly.acknowledged.items())
        assert assembly.deleted
        gone = {seq: said[seq][1] for seq in assembly.deleted}
        for process in both:
            await newcomer_gets(process.client(event, "late"), gone, votes=sum(assembly.minds.values()))
    finally:
        for client in everyone:
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
