"""What was said, asked and answered, in pages, tables and data, by the API and the host's page."""

from __future__ import annotations

import asyncio
import csv
import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.security.pages_client import Person
from webinar.conversation import service
from webinar.conversation.store import ConversationStore
from webinar.mail.model import Kind

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

EVIL = "=1+1</p><script>alert(1)</script>"
ASKS = {
    "question": "Which?",
    "kind": "multiple",
    "options": ["a", "b"],
    "correct": [],
    "anonymous": False,
    "live": True,
}


async def write(web: Web, event: dict[str, Any], *entries: tuple[str, str, dict[str, Any]]) -> None:
    """Rows of the log as the chat service writes them: (type, person, content)."""
    pool = web.platform.pool
    event_id = uuid.UUID(event["id"])
    await pool.execute("insert into chat_room (event_id) values ($1) on conflict do nothing", event_id)
    for type_, person, content in entries:
        role = "host" if person == "host" else "attendee"
        await pool.execute(
            """
            with room as (update chat_room set last_seq = last_seq + 1 where event_id = $1 returning last_seq)
            insert into chat_log (event_id, seq, type, person, body) select $1, last_seq, $2, $3, $4 from room
            """,
            event_id,
            type_,
            person,
            {"name": person, "role": role, **content},
        )


async def get(web: Web, event: dict[str, Any], name: str, **query: Any) -> dict[str, Any]:
    reply = await web.host.get(f"/api/v1/events/{event['id']}/{name}", params=query)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def test_an_event_where_nobody_wrote_has_empty_lists(web: Web) -> None:
    event = await web.event()
    for name in ("chat", "questions", "polls"):
        assert await get(web, event, name) == {"items": [], "next": None}


async def test_every_page_is_given_once_and_shows_the_present_state(web: Web) -> None:
    event = await web.event()
    await write(web, event, *(("message", "kim", {"body": str(n)}) for n in range(1, 8)))
    await write(web, event, ("delete", "host", {"target": 3}))
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await get(web, event, "chat", limit=3, **cursor)
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [(item["seq"], item["state"]) for item in seen] == [
        (n, "deleted" if n == 3 else "shown") for n in range(1, 8)
    ]
    assert (await web.host.get(f"/api/v1/events/{event['id']}/chat?cursor=x")).status_code == 422


async def test_a_page_is_of_now_and_not_of_when_it_was_first_asked_for(web: Web) -> None:
    event = await web.event()
    await write(web, event, ("message", "kim", {"body": "a"}))
    assert len((await get(web, event, "chat"))["items"]) == 1
    await write(web, event, ("message", "kim", {"body": "b"}), ("delete", "host", {"target": 1}))
    assert [item["state"] for item in (await get(web, event, "chat"))["items"]] == ["deleted", "shown"]


async def test_an_open_poll_shows_the_answers_so_far(web: Web) -> None:
    event = await web.event()
    event_id = uuid.UUID(event["id"])
    rating = {**ASKS, "kind": "rating", "options": []}
    await write(
        web, event, ("poll", "host", {**ASKS, "state": "draft"}), ("poll", "host", {**rating, "state": "draft"})
    )
    await write(web, event, ("poll", "host", {**ASKS, "poll": 1, "state": "open"}))
    await write(web, event, ("poll", "host", {**rating, "poll": 2, "state": "open"}))
    pool = web.platform.pool
    await pool.execute("insert into chat_ballot (event_id) values ($1)", event_id)
    await pool.execute(
        "insert into chat_poll (event_id, poll, anonymous, open, counts)"
        " values ($1, 1, false, true, '{0,0}'), ($1, 2, false, true, '{0,0,0,0,0}')",
        event_id,
    )
    await pool.execute(
        "insert into chat_answer (event_id, poll, person, choices, version)"
        " values ($1, 1, 'kim', '{0,1}', 1), ($1, 1, 'lee', '{1}', 1), ($1, 2, 'kim', '{5}', 1)",
        event_id,
    )
    first, second = (await get(web, event, "polls"))["items"]
    assert (first["counts"], first["answers"], first["state"]) == ([1, 2], 2, "open")
    assert (second["counts"], second["answers"]) == ([0, 0, 0, 0, 1], 1)


async def test_a_table_downloads_with_the_events_title_and_without_formulas(web: Web) -> None:
    event = await web.event()
    await write(web, event, ("message", "kim", {"body": EVIL}))
    reply = await web.host.get(f"/api/v1/events/{event['id']}/chat.csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert "UTF-8''%EC%97%B0" in reply.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert rows[1][4] == f"'{EVIL}"


async def test_a_persons_own_data_hold_their_choices_hands_letters_and_certificates(web: Web) -> None:
    event = await web.event()
    me = (await web.attendee(event))["id"]
    await write(
        web,
        event,
        ("question", "p", {"body": "언제 배포되나요?"}),
        ("poll", "host", {**ASKS, "state": "draft"}),
        ("poll", "host", {**ASKS, "question": "몰래?", "anonymous": True, "state": "draft"}),
        ("hand", me, {"up": True}),
        ("hand", "host", {"of": 4, "up": False}),
    )
    pool, event_id = web.platform.pool, uuid.UUID(event["id"])
    await pool.execute("insert into chat_ballot (event_id) values ($1)", event_id)
    await pool.execute("insert into chat_vote values ($1, 1, $2, true, 1)", event_id, me)
    for poll, anonymous in ((2, False), (3, True)):
        await pool.execute("insert into chat_poll values ($1, $2, $3, false, '{0,1}', 1)", event_id, poll, anonymous)
    await pool.execute("insert into chat_answer values ($1, 2, $2, '{1}', 1)", event_id, me)
    await pool.execute("insert into chat_voter values ($1, 3, $2, 1)", event_id, me)
    await web.platform.mail.write(event_id, [uuid.UUID(me)], Kind.LINK)
    found = (await web.host.get(f"/api/v1/events/{event['id']}/attendees/{me}/data")).json()
    assert found["votes"] == [{"question": "언제 배포되나요?"}]
    named, hidden = found["polls"]
    assert (named["anonymous"], named["answer"]) == (False, ["b"])
    assert (hidden["anonymous"], hidden["answer"]) == (True, None)
    assert len(found["raised_hands"]) == 1
    assert [(one["kind"], one["state"]) for one in found["letters"]] == [("link", "waiting")]
    assert found["certificates"] == []
    assert found["attendance"]["corrections"] == []


async def test_the_hosts_page_shows_text_as_text_and_offers_the_downloads(web: Web) -> None:
    event = await web.event()
    await write(
        web,
        event,
        ("message", EVIL, {"body": EVIL}),
        ("question", "anon:x", {"body": EVIL, "anonymous": True}),
        ("poll", "host", {**ASKS, "question": EVIL, "options": [EVIL, "b"], "state": "draft"}),
    )
    async with Person(web) as owner:
        await owner.become_owner()
        for name in ("chat", "questions", "polls"):
            shown = await owner.http.get(f"/events/{event['id']}/conversation?part={name}")
            assert shown.status_code == 200
            assert "&lt;script&gt;" in shown.text
            assert "<script>alert" not in shown.text
            for kind in ("csv", "json"):
                path = f"/events/{event['id']}/conversation/{name}.{kind}"
                assert path in shown.text
                file = await owner.http.get(path)
                assert (file.status_code, "attachment" in file.headers["content-disposition"]) == (200, True)
                assert "anon:" not in file.text
        assert (await owner.http.get(f"/events/{event['id']}/conversation/people.csv")).status_code == 404
        assert (await owner.http.get(f"/events/{event['id']}/conversation?after=x")).status_code == 400


async def test_the_hosts_page_goes_on_where_it_ended(web: Web) -> None:
    event = await web.event()
    await write(web, event, *(("message", "kim", {"body": f"message {n}."}) for n in range(1, 103)))
    async with Person(web) as owner:
        await owner.become_owner()
        first = await owner.http.get(f"/events/{event['id']}/conversation")
        assert "message 100." in first.text
        assert "message 101." not in first.text
        assert "part=chat&amp;after=100" in first.text
        second = await owner.http.get(f"/events/{event['id']}/conversation?part=chat&after=100")
        assert "message 102." in second.text


async def test_reading_a_log_ends_however_much_is_written_meanwhile(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    event, store = await web.event(), ConversationStore
    event_id = uuid.UUID(event["id"])
    await write(web, event, ("message", "a", {"body": "before"}))
    before = await store(web.platform.pool).head(event_id)
    await write(web, event, *(("message", "a", {"body": f"after {n}"}) for n in range(4)))
    monkeypatch.setattr(service, "_READ_AT_ONCE", 2)

    async def head(_store: ConversationStore, _event: uuid.UUID) -> tuple[str, int] | None:
        return before

    monkeypatch.setattr(store, "head", head)
    async with asyncio.timeout(10):
        assert [one.body for one in (await web.platform.conversation.of(event_id)).messages] == ["before"]
