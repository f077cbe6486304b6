"""Guests see one another's names where the host turns it on; staff sees them always."""

from __future__ import annotations

import csv
import io
import uuid
from typing import TYPE_CHECKING, Any

from tests.integration.test_api_conversation import get, write
from tests.security.pages_client import Person
from webinar.base.tokens import Purpose

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def show_names(web: Web, event: dict[str, Any], shown: bool) -> None:
    reply = await web.host.patch(f"/api/v1/events/{event['id']}", json={"names_shown": shown})
    assert (reply.status_code, reply.json()["names_shown"]) == (200, shown), reply.text


async def chat_claims(web: Web, person: dict[str, Any]) -> dict[str, Any]:
    """What the chat service is told of somebody who enters the room."""
    reply = await web.playback(person["viewer_token"])
    assert reply.status_code == 200, reply.text
    return web.platform.tokens.read(Purpose.CHAT, reply.json()["chat"]["ticket"])


async def test_a_guest_enters_the_room_under_a_short_form_and_under_the_name_where_names_are_shown(web: Web) -> None:
    event = await web.event()
    assert event["names_shown"] is False
    first = await web.attendee(event, "kim@example.org", name="김하나")
    second = await web.attendee(event, "mina@example.org", name="Mina Park")
    claims = await chat_claims(web, first)
    assert (claims["name"], claims["names"]) == ("김○○ 1", False)
    assert not [claim for claim in claims.values() if "하나" in str(claim)]
    assert (await chat_claims(web, second))["name"] == "참가자 2"
    await show_names(web, event, True)
    assert [(await chat_claims(web, one))["name"] for one in (first, second)] == ["김하나", "Mina Park"]
    await show_names(web, event, False)
    assert [(await chat_claims(web, one))["name"] for one in (first, second)] == ["김○○ 1", "참가자 2"]


async def test_a_number_stays_whoever_goes_and_comes_back(web: Web) -> None:
    event = await web.event()
    first, second = [await web.attendee(event, f"{n}@example.org", name="김하나") for n in (1, 2)]
    people = f"/api/v1/events/{event['id']}/attendees"
    assert (await web.host.delete(f"{people}/{first['id']}")).status_code == 204
    assert (await chat_claims(web, second))["name"] == "김○○ 2"
    again = await web.attendee(event, "1@example.org", name="김하나")
    third = await web.attendee(event, "3@example.org", name="김하나")
    assert [(await chat_claims(web, one))["name"] for one in (again, third)] == ["김○○ 1", "김○○ 3"]


async def test_the_setting_is_copied_and_is_settled_with_the_end(web: Web) -> None:
    event = await web.event()
    change = "update event set state = $2, started_at = now(), ended_at = case when $2 = 'ended' then now() end"
    await web.platform.pool.execute(f"{change} where id = $1", uuid.UUID(event["id"]), "live")
    await show_names(web, event, True)
    copy = await web.host.post(
        f"/api/v1/events/{event['id']}/duplicate", json={"title": "Copy", "starts_at": "2037-12-08T05:00:00Z"}
    )
    assert (copy.status_code, copy.json()["names_shown"]) == (201, True), copy.text
    await web.platform.pool.execute(f"{change} where id = $1", uuid.UUID(event["id"]), "ended")
    reply = await web.host.patch(f"/api/v1/events/{event['id']}", json={"names_shown": False})
    assert (reply.status_code, reply.json()["code"]) == (409, "event_ended")


async def talk(web: Web) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event in whose room a guest has written under a short form, and asked, also anonymously."""
    event = await web.event()
    person = await web.attendee(event, "kim@example.org", name="김하나")
    mine = {"name": "김○○ 1"}
    await write(web, event, ("message", person["id"], {**mine, "body": "안녕하세요"}))
    await write(web, event, ("message", "host", {"name": "이진행", "body": "어서 오세요"}))
    await write(web, event, ("question", person["id"], {**mine, "body": "왜요?"}))
    await write(web, event, ("question", "anonymous:1", {"name": "", "anonymous": True, "body": "몰래"}))
    return event, person


async def test_staff_reads_the_full_name_beside_what_was_shown(web: Web) -> None:
    event, person = await talk(web)
    said = [(one["name"], one["full_name"]) for one in (await get(web, event, "chat"))["items"]]
    assert said == [("김○○ 1", "김하나"), ("이진행", "이진행")]
    asked = [(one["name"], one["full_name"]) for one in (await get(web, event, "questions"))["items"]]
    assert asked == [("김○○ 1", "김하나"), (None, None)]
    table = await web.host.get(f"/api/v1/events/{event['id']}/chat.csv")
    row = next(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert (row["name"], row["full_name"]) == ("김○○ 1", "김하나")
    found = [await get(web, event, "names", **query) for query in ({"ids": person["id"]}, {"search": "하나"})]
    assert found == [{"items": [{"id": person["id"], "name": "김하나", "seen_as": "김○○ 1"}]}] * 2
    assert (await get(web, event, "names", search="두리"))["items"] == []
    assert (await get(web, await web.event(), "names", ids=person["id"]))["items"] == []
    async with Person(web) as host:
        await host.become_owner()
        assert "김하나" in (await host.http.get(f"/events/{event['id']}/conversation")).text
        data = await host.http.get(f"/events/{event['id']}/conversation/chat.json")
        assert data.json()[0]["full_name"] == "김하나"


async def test_who_has_their_data_deleted_has_no_full_name_any_more(web: Web) -> None:
    event, person = await talk(web)
    reply = await web.host.delete(f"/api/v1/events/{event['id']}/attendees/{person['id']}/data")
    assert reply.status_code == 204, reply.text
    assert [one["full_name"] for one in (await get(web, event, "chat"))["items"]] == [None, "이진행"]
    assert (await get(web, event, "names", ids=person["id"]))["items"] == []


async def test_the_pages_say_what_is_shown(web: Web) -> None:
    event = await web.event(language="en")
    person = await web.attendee(event, "kim@example.org", name="Kim Hana")
    form, me = f"/e/{event['slug']}/register", f"/j/{person['join_url'].rpartition('/')[2]}/me"
    shown = "Shown beside what you write in the chat."
    async with Person(web) as host:
        host.http.headers["Accept-Language"] = "en"
        await host.become_owner()
        assert shown not in (await host.http.get(form)).text
        assert "other guests see you as Guest 1." in (await host.http.get(me)).text
        settings = f"/events/{event['id']}/settings"
        fields = {"title": event["title"], "date": "2037-12-01", "start": "14:00", "length": "60"}
        more = {"timezone": "Asia/Seoul", "language": "en", "capacity": "300", "registration": "open"}
        await host.send(settings, {**fields, **more, "names_shown": "yes"})
        assert (await web.platform.events.get(uuid.UUID(event["id"]))).names_shown is True
        assert 'name="names_shown" value="yes" checked' in (await host.http.get(settings)).text
        assert shown in (await host.http.get(form)).text
        assert shown in (await host.http.get(me)).text
