"""Polls, and what is secret in them: real sockets of two processes, a real PostgreSQL and a real NATS."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.chat_acts import LUNCH, ask, events, ordered, poll_of, two_processes
from tests.chat_client import Json, in_room

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_poll_from_draft_to_shared(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob, mia = one.client(event, "ann"), two.client(event, "bob"), one.client(event, "mia", role="moderator")
    async with in_room(ann, bob, mia):
        poll = await ordered(mia, "poll_save", **{**LUNCH, "correct": [1]})
        await ann.until(lambda: bool(ann.shown))
        assert ann.shown[-1]["type"] == "mod"
        assert "Lunch" not in json.dumps(ann.messages)
        assert (await ann.ask("answer_poll", poll=poll, choices=[0]))["code"] == "bad_target"
        await ordered(mia, "poll_save", poll=poll, **{**LUNCH, "question": "Dinner?", "correct": [1]})
        await ordered(mia, "poll", poll=poll, state="open")
        await bob.until(lambda: bool(events(bob, "poll")))
        assert events(bob, "poll")[0]["question"] == "Dinner?"
        for choices in ([], [2], [0, 1], "x"):
            assert (await bob.ask("answer_poll", poll=poll, choices=choices))["code"] == "bad_choice"
        await ann.ask("answer_poll", poll=poll, choices=[0])
        await ann.ask("answer_poll", poll=poll, choices=[1])
        await bob.ask("answer_poll", poll=poll, choices=[1])
        await mia.until(lambda: result(poll, [0, 2], 2) in mia.messages)
        assert (await mia.order("poll_save", poll=poll, **LUNCH))["code"] == "bad_target"
        await ordered(mia, "poll", poll=poll, state="closed")
        assert (await ann.ask("answer_poll", poll=poll, choices=[0]))["code"] == "not_open"
        await ordered(mia, "poll", poll=poll, state="shared")
        await ann.until(lambda: len(events(ann, "poll")) == 3)
        for before in events(ann, "poll")[:2]:
            assert not {"counts", "correct", "answers"} & before.keys()
        shared = events(ann, "poll")[2]
        assert (shared["counts"], shared["answers"], shared["correct"]) == ([0, 2], 2, [1])
        assert not any(m["type"] == "poll_results" for m in ann.messages)
        await ordered(mia, "poll", poll=poll, state="removed")
        await ann.until(lambda: events(ann, "poll")[-1]["state"] == "removed")


def result(poll: int, counts: list[int], answers: int) -> Json:
    return {"type": "poll_results", "poll": poll, "counts": counts, "answers": answers}


async def test_a_live_poll_shows_its_bars_to_all_and_to_those_who_come_later(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob, mia = one.client(event, "ann"), two.client(event, "bob"), two.client(event, "mia", role="moderator")
    async with in_room(ann, bob, mia):
        rating = await poll_of(mia, kind="rating", options=[], live=True, anonymous=True, question="How was it?")
        for client in (ann, bob):
            await client.until(lambda client=client: bool(events(client, "poll")))  # type: ignore[misc]
        await ann.ask("answer_poll", poll=rating, choices=[5])
        await bob.ask("answer_poll", poll=rating, choices=[4])
        for client in (ann, bob, mia):
            await client.until(lambda client=client: result(rating, [0, 0, 0, 1, 1], 2) in client.messages)  # type: ignore[misc]
        assert (await ann.ask("answer_poll", poll=rating, choices=[1]))["code"] == "answered"
        late = one.client(event, "late")
        async with in_room(late):
            assert late.newest("poll_results") == result(rating, [0, 0, 0, 1, 1], 2)


async def test_an_answer_from_two_processes_at_once_counts_once(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    tabs = [chat.client(event, "ann") for chat in (one, two, one, two)]
    mia = one.client(event, "mia", role="moderator")
    async with in_room(*tabs, mia):
        for anonymous in (False, True):
            poll = await poll_of(mia, anonymous=anonymous)
            for tab in tabs:
                await tab.until(lambda tab=tab, poll=poll: any(e["poll"] == poll for e in events(tab, "poll")))  # type: ignore[misc]
            await asyncio.gather(*(tab.ask("answer_poll", poll=poll, choices=[n % 2]) for n, tab in enumerate(tabs)))
            await ordered(mia, "poll", poll=poll, state="closed")
            await mia.until(lambda: events(mia, "poll")[-1]["state"] == "closed")
            closed = events(mia, "poll")[-1]
            assert (sum(closed["counts"]), closed["answers"]) == (1, 1)


async def test_nothing_links_an_anonymous_question_or_answer_to_its_person(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    person, name = f"secret-{uuid.uuid4().hex}", f"Name{uuid.uuid4().hex}"
    secret = one.client(event, person, name=name)
    watchers = [
        one.client(event, "early"),
        two.client(event, "mia", role="moderator"),
        two.client(event, "host", role="host"),
    ]
    async with in_room(*watchers):
        seen = [len(watcher.messages) for watcher in watchers]
        async with in_room(secret):
            cid = str(uuid.uuid4())
            first = await secret.ask("ask", cid, body="Who is fired?", anonymous=True)
            assert await secret.ask("ask", cid, body="Who is fired?", anonymous=True) == first
            second = await ask(secret, "And when?", anonymous=True)
            mia = watchers[1]
            await mia.until(lambda: len(events(mia, "question")) == 2)
            await ordered(mia, "pin", target=first["seq"])
            await ordered(mia, "question", target=second, state="answered", answer="Never")
            await ordered(mia, "delete", target=second)
            await ordered(mia, "restore", target=second)
            poll = await poll_of(mia, anonymous=True, live=True)
            await secret.until(lambda: bool(events(secret, "poll")))
            await secret.ask("answer_poll", poll=poll, choices=[1])
            await ordered(mia, "poll", poll=poll, state="shared")
            await watchers[0].until(lambda: any(e["state"] == "shared" for e in events(watchers[0], "poll")))
        frames = [
            message for watcher, start in zip(watchers, seen, strict=True) for message in watcher.messages[start:]
        ]
        assert all(e["from"] is None for m in frames for e in m.get("events", ()) if e["type"] == "question")
        assert person not in json.dumps(frames)
        assert name not in json.dumps(frames, ensure_ascii=False)
        late = two.client(event, "late", role="host")
        async with in_room(late):
            said = [m for m in late.messages if m["type"] in ("state", "events")]
            assert person not in json.dumps(said)
            assert "anon:" not in json.dumps([frames, said])
    rows = await everywhere(stage, event)
    assert {table for table, row in rows if person in row or name in row} == {"chat_voter"}
    voter = next(row for table, row in rows if table == "chat_voter")
    assert json.loads(voter) | {"version": 0} == {"event_id": str(event), "poll": poll, "person": person, "version": 0}
    asked = [json.loads(row) for table, row in rows if table == "chat_log" and '"question"' in row]
    pseudonyms = {row["person"] for row in asked if row["type"] == "question"}
    assert len(pseudonyms) == 2
    assert all("name" not in row["body"] for row in asked if row["type"] == "question")


async def everywhere(stage: Stage, event: uuid.UUID) -> list[tuple[str, str]]:
    """(table, row as JSON) of every table that knows the event."""
    tables = await stage.sql(
        "select table_name::text as name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'event_id'"
    )
    rows: list[tuple[str, str]] = []
    for table in [row["name"] for row in tables]:
        of_table = f'select row_to_json(t)::text as row from "{table}" t where event_id = $1'  # noqa: S608 - of the schema
        found = await stage.sql(of_table, event)
        rows += [(table, row["row"]) for row in found]
    return rows
