"""What moderators do by the API, on rooms at work: what is answered is what their logs say to everybody."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from chat import ordering
from chat.entry import Draft
from chat.hub import Hub
from chat.store import Store

if TYPE_CHECKING:
    import httpx

    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


@dataclass
class Room:
    """An event with a guest and a chat that takes orders."""

    web: Web
    hub: Hub
    event: dict[str, Any]
    guest: dict[str, Any]

    async def says(self, type_: str = "message", **content: Any) -> int:
        """By the guest, as the chat service stores it."""
        room = await self.hub.room(uuid.UUID(self.event["id"]))
        by = {"name": "김○○ 1", "role": "attendee"}
        return (await room.submit(Draft(type_, str(uuid.uuid4()), self.guest["id"], {**by, **content}))).seq

    async def call(self, method: str, path: str, /, **body: Any) -> httpx.Response:
        return await self.call_as(self.web.token, method, path, body)

    async def call_as(self, token: str, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        path = f"/api/v1/events/{self.event['id']}/{path}"
        return await self.web.call(method, path, token, **({"json": body} if body else {}))

    async def does(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        reply = await self.call(method, path, **body)
        assert reply.status_code in (200, 201), reply.text
        return dict(reply.json())

    async def refused(self, method: str, path: str, /, **body: Any) -> tuple[int, str]:
        reply = await self.call(method, path, **body)
        return reply.status_code, reply.json()["code"]

    async def states(self, path: str) -> list[str]:
        return [item["state"] for item in (await self.does("GET", path))["items"]]


@pytest_asyncio.fixture
async def room(web: Web) -> AsyncIterator[Room]:
    hub = Hub(Store(web.platform.pool), web.ingest_bus)
    await web.ingest_bus.serve(ordering.SUBJECT, ordering.taker(hub))
    await web.ingest_bus.flush()
    event = await web.event(organizer="한국학회")
    yield Room(web, hub, event, await web.attendee(event))
    await hub.close()


async def test_messages_are_deleted_approved_refused_and_brought_back(room: Room) -> None:
    said, held = await room.says(body="안녕하세요"), await room.says(body="광고", held=True, why="word")
    assert (await room.does("PATCH", f"chat/{said}", state="deleted"))["state"] == "deleted"
    assert (await room.does("PATCH", f"chat/{held}", state="rejected"))["state"] == "rejected"
    assert await room.states("chat") == ["deleted", "rejected"]
    # Twice is once, and the way back takes as many orders as it needs.
    for _ in range(2):
        assert (await room.does("PATCH", f"chat/{held}", state="shown"))["state"] == "shown"
    assert (await room.does("PATCH", f"chat/{said}", state="shown"))["body"] == "안녕하세요"
    assert await room.refused("PATCH", f"chat/{said}", state="rejected") == (409, "not_held")
    assert await room.refused("PATCH", f"chat/{said + 90}", state="deleted") == (404, "bad_target")
    assert await room.refused("PATCH", "chat/0", state="deleted") == (404, "not_found")
    given = await room.web.platform.pool.fetch(
        "select type, body ->> 'name' as name, person from chat_log where body ->> 'role' = 'host' order by seq"
    )
    assert [row["type"] for row in given] == ["delete", "reject", "restore", "approve", "restore"]
    # Who ordered it stands in the log; what the token is called is the host's own matter.
    assert {row["name"] for row in given} == {"한국학회"}
    assert all(row["person"].startswith("api:") for row in given)


async def test_what_nobody_has_left_any_more_does_not_come_back(room: Room) -> None:
    said = await room.says(body="제 이야기")
    assert (await room.call("DELETE", f"attendees/{room.guest['id']}/data")).status_code == 204
    assert await room.refused("PATCH", f"chat/{said}", state="shown") == (409, "undone")
    assert await room.states("chat") == ["deleted"]


async def test_a_question_goes_its_way_by_the_api(room: Room) -> None:
    asked = ("왜?", "왜요?", "언제?")
    first, second, third = [await room.says("question", body=body, anonymous=False) for body in asked]
    for state in ("queue", "screen"):
        assert (await room.does("PATCH", f"questions/{first}", state=state))["state"] == state
    answered = await room.does("PATCH", f"questions/{first}", state="answered", answer="그래서요")
    assert (answered["answer"], answered["answered_at"] is not None) == ("그래서요", True)
    assert (await room.does("PATCH", f"questions/{second}", into=first))["into"] == first
    assert (await room.does("PATCH", f"questions/{third}", state="deleted"))["state"] == "deleted"
    # What was deleted comes back on its way into the queue.
    assert (await room.does("PATCH", f"questions/{third}", state="queue"))["state"] == "queue"
    assert await room.refused("PATCH", f"questions/{first}", into=first) == (404, "bad_target")
    for wrong in ({"state": None}, {"state": "queue", "into": second}, {"state": "queue", "answer": "x"}):
        assert (await room.call_as(room.web.token, "PATCH", f"questions/{first}", dict(wrong))).status_code == 422, (
            wrong
        )
    assert (await room.call("POST", f"questions/{third}/mute", minutes=5)).status_code == 204
    assert await room.refused("POST", f"questions/{third + 90}/mute", minutes=5) == (404, "bad_target")


async def test_a_poll_is_prepared_opened_counted_and_shared_by_the_api(room: Room) -> None:
    mine = str(uuid.uuid4())
    asks: dict[str, Any] = {"question": "점심은?", "options": ["국", "밥"]}
    made = [await room.does("POST", "polls", id=mine, **asks) for _ in range(2)]
    poll = made[0]["poll"]
    assert [(one["poll"], one["state"], one["live"]) for one in made] == [(poll, "draft", False)] * 2
    saved = await room.does("PUT", f"polls/{poll}", **asks, kind="multiple", correct=[1], live=True)
    assert (saved["kind"], saved["correct"], saved["live"]) == ("multiple", [1], True)
    assert (await room.does("PATCH", f"polls/{poll}", state="open"))["state"] == "open"
    assert await room.refused("PUT", f"polls/{poll}", **asks) == (404, "bad_target")
    shared = await room.does("PATCH", f"polls/{poll}", state="shared")
    assert (shared["state"], shared["counts"], shared["answers"]) == ("shared", [0, 0], 0)
    assert (await room.call("DELETE", f"polls/{poll}")).status_code == 204
    assert await room.states("polls") == []
    others = [(await room.does("POST", "polls", **asks))["poll"] for _ in range(6)]
    for other in others[:5]:
        await room.does("PATCH", f"polls/{other}", state="open")
    assert await room.refused("PATCH", f"polls/{others[5]}", state="open") == (409, "limit")
    for wrong in ({"options": ["x"]}, {"kind": "rating"}, {"correct": [2]}, {"correct": [0, 1]}):
        assert (await room.call_as(room.web.token, "POST", "polls", {**asks, **wrong})).status_code == 422, wrong


async def test_what_the_room_allows_and_pins_is_changed_by_the_api(room: Room) -> None:
    said = await room.says(body="공지예요")
    before = await room.does("GET", "chat/settings")
    assert (before["mode"], before["words"], before["pinned"]) == ("open", [], None)
    changed = await room.does("PATCH", "chat/settings", mode="review", slow_s=30, words=["광고", " 광고 "], pinned=said)
    assert changed == {**before, "mode": "review", "slow_s": 30, "words": ["광고"], "pinned": said}
    # One that is deleted stands above nothing.
    await room.does("PATCH", f"chat/{said}", state="deleted")
    assert (await room.does("GET", "chat/settings"))["pinned"] is None
    await room.does("PATCH", f"chat/{said}", state="shown")
    assert (await room.does("PATCH", "chat/settings", pinned=None)) == {**changed, "pinned": None}
    assert await room.refused("PATCH", "chat/settings", pinned=said + 90) == (404, "bad_target")
    assert (await room.call("PATCH", "chat/settings", slow_s=121)).status_code == 422


async def test_who_may_write_is_changed_by_the_api(room: Room) -> None:
    path = f"attendees/{room.guest['id']}/chat"
    said = [await room.says(body=str(n)) for n in range(3)]
    assert (await room.does("GET", path)) == {"state": "open", "until": None}
    assert (await room.does("PUT", path, state="muted", minutes=5))["until"] is not None
    for state in ("banned", "banned", "muted", "open"):
        assert (await room.does("PUT", path, state=state))["state"] == state
    assert (await room.call("DELETE", path)).status_code == 204
    assert await room.states("chat") == ["deleted"] * len(said)
    nobody = f"attendees/{uuid.uuid4()}/chat"
    for method, body in (("GET", {}), ("PUT", {"state": "banned"}), ("DELETE", {})):
        assert (await room.call_as(room.web.token, method, nobody, body)).status_code == 404, method


async def test_what_an_order_reads_of_the_log_says_the_same_as_all_of_it(room: Room) -> None:
    said = [await room.says(body=str(n)) for n in range(3)]
    asked = await room.says("question", body="왜?", anonymous=False)
    await room.does("PATCH", f"questions/{asked}", state="queue")
    await room.does("PATCH", f"chat/{said[1]}", state="deleted")
    await room.does("PATCH", "chat/settings", mode="review", pinned=said[2])
    poll = (await room.does("POST", "polls", question="?", options=["a", "b"]))["poll"]
    await room.does("PATCH", f"polls/{poll}", state="open")
    await room.does("PUT", f"attendees/{room.guest['id']}/chat", state="muted")
    await room.says("hand", up=True)
    conversation, event_id = room.web.platform.conversation, uuid.UUID(room.event["id"])
    whole, read = await conversation.of(event_id), await conversation.standing(event_id, said[1])
    assert (read.questions, read.polls, read.floor) == (whole.questions, whole.polls, whole.floor)
    assert read.messages == [message for message in whole.messages if message.seq == said[1]]


async def test_hands_are_called_in_their_order_by_the_api(room: Room) -> None:
    hand = await room.says("hand", up=True)
    (raised,) = (await room.does("GET", "hands"))["items"]
    assert (raised["hand"], raised["name"], raised["full_name"], raised["called"]) == (hand, "김○○ 1", "김하나", False)
    assert (await room.call("PATCH", f"hands/{hand}", state="called")).status_code == 204
    assert (await room.does("GET", "hands"))["items"][0]["called"] is True
    assert (await room.call("PATCH", f"hands/{hand}", state="down")).status_code == 204
    assert (await room.does("GET", "hands"))["items"] == []
    assert await room.refused("PATCH", f"hands/{hand}", state="called") == (404, "bad_target")


async def test_a_presenter_leads_questions_and_polls_and_decides_nothing_about_what_is_written(room: Room) -> None:
    web, said = room.web, await room.says(body="x")
    asked, gone = [await room.says("question", body=body, anonymous=False) for body in ("왜?", "광고")]
    await room.does("PATCH", f"questions/{gone}", state="deleted")
    token = web.platform.access.studio_token(await web.platform.events.get(uuid.UUID(room.event["id"])), "presenter")
    assert (await room.call_as(token, "PATCH", f"questions/{asked}", {"state": "screen"})).status_code == 200
    assert (await room.call_as(token, "POST", "polls", {"question": "?", "options": ["a", "b"]})).status_code == 201
    person = f"attendees/{room.guest['id']}/chat"
    for method, path, body in (
        ("PATCH", f"chat/{said}", {"state": "deleted"}),
        ("PATCH", f"questions/{asked}", {"state": "deleted"}),
        ("PATCH", f"questions/{gone}", {"state": "screen"}),
        ("POST", f"questions/{asked}/mute", {"minutes": 1}),
        ("GET", "chat/settings", {}),
        ("PATCH", "chat/settings", {"frozen": True}),
        ("GET", person, {}),
        ("PUT", person, {"state": "banned"}),
        ("DELETE", person, {}),
    ):
        assert (await room.call_as(token, method, path, dict(body))).status_code == 403, (method, path)


async def test_after_the_end_what_was_said_is_still_moderated_and_nothing_new_is_asked(room: Room) -> None:
    said = await room.says(body="x")
    poll = (await room.does("POST", "polls", question="?", options=["a", "b"]))["poll"]
    await room.web.platform.pool.execute("update event set state = 'ended', started_at = now(), ended_at = now()")
    await room.hub.look_at_logs()
    assert (await room.does("PATCH", f"chat/{said}", state="deleted"))["state"] == "deleted"
    for method, path, body in (
        ("PATCH", f"polls/{poll}", {"state": "open"}),
        ("POST", "polls", {"question": "?", "options": ["a", "b"]}),
        ("PATCH", "chat/settings", {"frozen": True}),
        ("POST", "announcements", {"body": "끝"}),
    ):
        assert await room.refused(method, path, **body) == (409, "ended"), path


async def test_what_another_process_committed_just_now_is_known_to_the_one_that_is_asked(room: Room) -> None:
    web, event_id = room.web, uuid.UUID(room.event["id"])
    elsewhere = Hub(Store(web.platform.pool), web.ingest_bus)
    try:
        other, here = await elsewhere.room(event_id), await room.hub.room(event_id)
        for subscription in list(web.ingest_bus._subscriptions):  # noqa: SLF001 - the bus may lose what it was told
            if subscription.subject == f"chat.{event_id}.log":
                await web.ingest_bus.unsubscribe(subscription)
        content = {"name": "김○○ 1", "role": "attendee", "body": "왜?", "anonymous": False}
        asked = await other.submit(Draft("question", str(uuid.uuid4()), room.guest["id"], content))
        assert here.room.last == 0
        assert (await room.does("PATCH", f"questions/{asked.seq}", state="screen"))["state"] == "screen"
    finally:
        await elsewhere.close()
