"""Questions, votes, hands and reactions: real sockets of two processes, a real PostgreSQL and a real NATS."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.chat_acts import ask, events, ordered, poll_of, two_processes
from tests.chat_client import ChatClient, Json, in_room

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


def tallied(client: ChatClient) -> dict[int, int]:
    """The votes of every question, as the events told."""
    votes: dict[int, int] = {}
    for event in events(client, "tally"):
        votes.update({int(seq): count for seq, count in event["votes"].items()})
    return votes


async def until_tally(client: ChatClient, expected: dict[int, int]) -> None:
    await client.until(lambda: tallied(client) == expected)


async def test_votes_of_two_processes_are_tallied_for_everybody_and_a_person_counts_once(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob, ann_too = one.client(event, "ann"), two.client(event, "bob"), two.client(event, "ann")
    async with in_room(ann, bob, ann_too):
        seq = await ask(ann, "Why is the sky blue?")
        await bob.until(lambda: len(events(bob, "question")) == 1)
        assert events(bob, "question")[0] | {"at": "", "cid": ""} == {
            "seq": seq,
            "type": "question",
            "at": "",
            "cid": "",
            "from": {"id": "ann", "name": "ann", "role": "attendee"},
            "body": "Why is the sky blue?",
            "anonymous": False,
        }
        answers = await asyncio.gather(*(client.ask("vote", question=seq) for client in (ann, bob, ann_too)))
        assert [(answer["type"], answer["seq"]) for answer in answers] == [("ack", None)] * 3
        for client in (ann, bob):
            await until_tally(client, {seq: 2})
        await bob.ask("vote", question=seq, up=False)
        for client in (ann, bob):
            await until_tally(client, {seq: 1})
        assert (await bob.ask("vote", question=seq + 500))["code"] == "bad_target"
        await ann.ask("vote", question=seq, up=False)
        await ann_too.until(lambda: ann_too.newest("you")["votes"] == [])
        await ann_too.ask("vote", question=seq)
        await ann.until(lambda: ann.newest("you")["votes"] == [seq])


async def test_tallies_of_two_processes_come_at_most_once_a_second(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    people = [chat.client(event, f"p{n}") for n, chat in enumerate((one, two, one, two, one, two))]
    async with in_room(*people):
        seq = await ask(people[0])
        await asyncio.gather(*(client.until(lambda c=client: bool(c.shown)) for client in people))  # type: ignore[misc]
        for number, client in enumerate(people):
            await client.ask("vote", question=seq)
            await people[0].until(lambda number=number: tallied(people[0]).get(seq, 0) > number // 2)  # type: ignore[misc]
        await until_tally(people[0], {seq: len(people)})
        times = [dt.datetime.fromisoformat(event["at"]) for event in events(people[0], "tally")]
    assert len(times) >= 2
    assert min((b - a).total_seconds() for a, b in itertools.pairwise(times)) >= 1.0


async def test_merged_questions_count_each_person_once(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob, mia = one.client(event, "ann"), two.client(event, "bob"), two.client(event, "mia", role="presenter")
    async with in_room(ann, bob, mia):
        first, second, third = await ask(ann, "a"), await ask(ann, "b"), await ask(bob, "c")
        await bob.until(lambda: len(events(bob, "question")) == 3)
        for client, question in ((ann, first), (ann, second), (bob, second), (bob, third)):
            assert (await client.ask("vote", question=question))["type"] == "ack"
        # Of one that is merged nothing may have been told before that.
        await ordered(mia, "question", target=first, into=second)
        await ann.until(lambda: {first: 1, **tallied(ann)} == {first: 1, second: 2, third: 1})
        await ordered(mia, "question", target=second, into=third)
        await ann.until(lambda: tallied(ann).get(third) == 2)
        assert (await mia.order("question", target=third, into=first))["code"] == "bad_target"
        assert (await ann.ask("vote", question=first))["code"] == "bad_target"
        late = one.client(event, "late")
        async with in_room(late):
            state = late.newest("state")
            assert [(q["seq"], q["votes"], q["state"]) for q in state["questions"]] == [(third, 2, "new")]


async def test_a_question_goes_its_way_and_one_is_on_screen(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, mia = one.client(event, "ann"), two.client(event, "mia", role="moderator")
    async with in_room(ann, mia):
        first, second = await ask(ann, "a"), await ask(ann, "b")
        await mia.until(lambda: len(events(mia, "question")) == 2)
        await ordered(mia, "question", target=first, state="queue")
        await ordered(mia, "question", target=first, state="screen")
        await ordered(mia, "question", target=second, state="screen")
        await ordered(mia, "question", target=second, state="answered", answer="Rayleigh")
        await ann.until(lambda: len(events(ann, "question_state")) == 4)
        assert all("from" not in event for event in events(ann, "question_state"))
        assert events(mia, "question_state")[0]["from"]["id"] == "mia"
        late = two.client(event, "late")
        async with in_room(late):
            state = late.newest("state")
            assert [q["state"] for q in state["questions"]] == ["queue", "answered"]
            assert state["questions"][1]["answer"] == "Rayleigh"
            assert state["screen"] is None
        for refused in ({"target": 999, "state": "queue"}, {"target": first, "into": 999}):
            assert (await mia.order("question", **refused))["code"] == "bad_target"
        assert (await ann.order("question", target=first, state="queue"))["code"] == "forbidden"


async def test_a_reviewed_question_is_seen_by_the_public_when_it_is_approved(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    ann, bob, mia = (
        chat.client(event, name, role=role)
        for name, role in (("ann", "attendee"), ("bob", "attendee"), ("mia", "moderator"))
    )
    async with in_room(ann, bob, mia):
        await ordered(mia, "settings", review_questions=True)
        await ann.until(lambda: bool(ann.shown))
        answer = await ann.ask("ask", body="May I?")
        assert answer["held"] is True
        assert (await bob.ask("vote", question=answer["seq"]))["code"] == "bad_target"
        assert (await mia.order("question", target=answer["seq"], state="queue"))["code"] == "bad_target"
        await ordered(mia, "approve", target=answer["seq"])
        await bob.until(lambda: bool(events(bob, "approve")))
        message = events(bob, "approve")[0]["message"]
        assert (message["seq"], message["type"], message["body"]) == (answer["seq"], "question", "May I?")
        assert events(bob, "question") == []
        assert (await bob.ask("vote", question=answer["seq"]))["type"] == "ack"


async def test_what_somebody_voted_answered_and_raised_comes_back_in_another_process(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, mia = one.client(event, "ann"), two.client(event, "mia", role="host")
    async with in_room(ann, mia):
        seq = await ask(ann)
        named, secret = await poll_of(mia), await poll_of(mia, anonymous=True)
        await ann.until(lambda: len(events(ann, "poll")) == 2)
        hand = (await ann.ask("hand", up=True))["seq"]
        assert (await ann.ask("hand", up=True))["seq"] == hand
        await ann.ask("vote", question=seq)
        await ann.ask("answer_poll", poll=named, choices=[1])
        await ann.ask("answer_poll", poll=secret, choices=[0])
        again = two.client(event, "ann")

        async def mine() -> Json:
            async with in_room(again):
                return again.newest("you")

        # The other process knows it by the bus, a moment later.
        async with asyncio.timeout(10):
            while (you := await mine())["votes"] != [seq] or len(you["answers"]) < 2:
                pass
        assert you["hand"] == hand
        assert you["answers"] == {str(named): [1], str(secret): []}


async def test_hands_are_called_and_put_down_in_order_and_only_staff_knows_whose(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob, pat = one.client(event, "ann"), two.client(event, "bob"), two.client(event, "pat", role="presenter")
    async with in_room(ann, bob, pat):
        first = (await ann.ask("hand", up=True))["seq"]
        await bob.until(lambda: bool(events(bob, "hand")))
        second = (await bob.ask("hand", up=True))["seq"]
        await pat.until(lambda: len(events(pat, "hand")) == 2)
        assert [event["from"]["id"] for event in events(pat, "hand")] == ["ann", "bob"]
        assert "from" not in events(bob, "hand")[0]
        await ordered(pat, "hand", target=first, state="called")
        await ann.until(lambda: len(events(ann, "hand")) == 3)
        late = one.client(event, "late", role="host")
        async with in_room(late):
            hands = [(hand["hand"], hand["from"]["id"], hand.get("called")) for hand in late.newest("state")["hands"]]
            assert hands == [(first, "ann", True), (second, "bob", None)]
        await ordered(pat, "hand", target=first, state="down")
        assert (await pat.order("hand", target=first, state="down"))["code"] == "bad_target"
        await bob.ask("hand", up=False)
        await ann.until(lambda: len(events(ann, "hand")) == 5)
        reloaded = one.client(event, "bob")
        async with in_room(reloaded):
            assert reloaded.newest("state")["hands"] == []
            assert reloaded.newest("you")["hand"] is None


async def test_reactions_of_all_processes_are_shown_together_and_counted_a_minute(stage: Stage) -> None:
    (one, two), event = await two_processes(stage), await stage.new_event()
    ann, bob = one.client(event, "ann"), two.client(event, "bob")
    async with in_room(ann, bob):
        for _ in range(3):
            await ann.put(type="react", kind="clap")
        await bob.put(type="react", kind="love")
        for client in (ann, bob):
            await client.until(lambda client=client: reactions(client) == {"clap": 3, "love": 1})  # type: ignore[misc]
        await ann.put(type="react", kind="knife")
        await ann.wait_for("nak")

        async def totals() -> dict[str, int]:
            rows = await stage.sql(
                "select kind, sum(count)::int as n from chat_reaction where event_id = $1 group by 1", event
            )
            return {row["kind"]: row["n"] for row in rows}

        async with asyncio.timeout(30):
            while await totals() != {"clap": 3, "love": 1}:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.2)


def reactions(client: ChatClient) -> dict[str, int]:
    shown: dict[str, int] = {}
    for message in client.messages:
        for kind, count in message.get("counts", {}).items() if message["type"] == "reactions" else ():
            shown[kind] = shown.get(kind, 0) + count
    return shown


async def test_what_the_settings_switch_off_is_refused(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    who = str(uuid.uuid4())
    ann, mia = chat.client(event, who), chat.client(event, "mia", role="moderator")
    async with in_room(ann, mia):
        seq = await ask(ann)
        await ordered(mia, "settings", anonymous_questions=False, hands=False, reactions=False, links=False)
        await ann.until(lambda: bool(events(ann, "settings")))
        assert (await ann.ask("ask", body="psst", anonymous=True))["code"] == "anonymous_off"
        assert (await ann.ask("ask", body="see www.spam.example"))["code"] == "links"
        assert (await ann.ask("hand", up=True))["code"] == "off"
        await ann.put(type="react", kind="clap")
        await ann.until(lambda: any(m["type"] == "nak" and m["of"] == "react" for m in ann.messages))
        await ordered(mia, "settings", mode="hosts")
        await ann.until(lambda: len(events(ann, "settings")) == 2)
        assert (await ann.ask("ask", body="me?"))["code"] == "hosts_only"
        await ordered(mia, "mute", person=who, minutes=5)
        await ann.until(lambda: ann.newest("you")["muted_until"] is not None)
        for refused in (("ask", {"body": "?"}), ("vote", {"question": seq})):
            assert (await ann.ask(refused[0], **refused[1]))["code"] == "muted"


async def test_one_person_asks_only_so_often_over_all_tabs(stage: Stage) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    tabs = [chat.client(event, "ann"), chat.client(event, "ann")]
    async with in_room(*tabs):
        answers = [await tabs[n % 2].ask("ask", body=f"{n}?") for n in range(6)]
    assert [answer["type"] for answer in answers] == ["ack"] * 5 + ["nak"]
    assert (answers[5]["code"], answers[5]["retry_after"] > 0) == ("rate", True)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ask", "body": "x", "anonymous": "yes"},
        {"type": "vote", "question": "1"},
        {"type": "vote", "question": 1, "up": 1},
        {"type": "answer_poll", "poll": True, "choices": [0]},
        {"type": "hand", "up": "high"},
        {"type": "mod", "op": "question", "target": 1, "state": "gone"},
        {"type": "mod", "op": "poll_save", "question": "?", "kind": "single", "options": ["one"]},
        {"type": "mod", "op": "poll_save", "question": "?", "kind": "rating", "options": ["a", "b"]},
        {"type": "mod", "op": "poll", "poll": 1, "state": "draft"},
        {"type": "mod", "op": "hand", "target": 1, "state": "up"},
    ],
)
async def test_what_is_no_message_of_the_protocol_is_refused_and_the_talk_goes_on(
    stage: Stage, message: dict[str, Any]
) -> None:
    chat, event = await stage.chat(), await stage.new_event()
    host = chat.client(event, "host", role="host")
    async with in_room(host):
        answer = await host.ask(message["type"], **{key: value for key, value in message.items() if key != "type"})
        assert (answer["type"], answer["code"]) == ("nak", "bad_message")
        assert await ask(host)
