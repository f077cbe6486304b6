"""Locked doors: who is inside stays, newcomers wait and are let in; a person is sent out; announcements."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.security.pages_client import Person
from tests.waiting import until
from webinar.base.bus import Json
from webinar.base.errors import Conflict
from webinar.registration.doorway import Doorway
from webinar.registration.model import Status

if TYPE_CHECKING:
    from tests.fake_ingest import FakeIngest
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


def path_of(web: Web, person: dict[str, Any]) -> str:
    return str(person["join_url"]).removeprefix(web.url)


async def test_who_is_inside_stays_and_newcomers_wait_until_they_are_let_in(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    door = f"/api/v1/events/{event['id']}/door"
    people = [await web.attendee(event, f"p{n}@example.org", name=f"사람{n}") for n in range(4)]
    file = await web.platform.handouts.add(uuid.UUID(event["id"]), "program.pdf", b"%PDF")
    async with Person(web) as guest:
        assert 'id="boot"' in (await guest.http.get(path_of(web, people[0]))).text
        assert (await web.playback(people[0]["viewer_token"])).json()["hls_url"] is not None
        locked = await web.host.put(door, json={"locked": True})
        assert locked.json() == {"locked": True, "waiting": []}
        # Inside: comes back, and plays on.
        assert 'id="boot"' in (await guest.http.get(path_of(web, people[0]))).text
        assert (await web.playback(people[0]["viewer_token"])).status_code == 200
        assert (await guest.http.get(f"{path_of(web, people[0])}/files/{file.id}")).content == b"%PDF"
        # Newcomers wait, by their page and by their token.
        for person in people[1:]:
            page = await guest.http.get(path_of(web, person))
            assert ('id="boot"' in page.text, 'http-equiv="refresh"' in page.text) == (False, True)
            refused = await web.playback(person["viewer_token"])
            assert (refused.status_code, refused.json()["code"]) == (403, "locked")
            for path in ("files", f"files/{file.id}"):
                assert (await guest.http.get(f"{path_of(web, person)}/{path}")).status_code == 403
            headers = {"Content-Type": "application/sdp"}
            whep = f"/whep/{event['id']}"
            refused = await web.call("POST", whep, person["viewer_token"], content="v=0\r\n", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "locked")
        assert [one["name"] for one in (await web.host.get(door)).json()["waiting"]] == ["사람1", "사람2", "사람3"]
        one = await web.host.post(f"{door}/let-in", json={"attendee_id": people[1]["id"]})
        assert [two["name"] for two in one.json()["waiting"]] == ["사람2", "사람3"]
        assert 'id="boot"' in (await guest.http.get(path_of(web, people[1]))).text
        assert (await web.playback(people[1]["viewer_token"])).status_code == 200
        assert (await web.host.post(f"{door}/let-in", json={"attendee_id": None})).json()["waiting"] == []
        assert 'id="boot"' in (await guest.http.get(path_of(web, people[2]))).text
        late = await web.attendee(event, "late@example.org")
        assert 'id="boot"' not in (await guest.http.get(path_of(web, late))).text
        assert (await web.host.put(door, json={"locked": False})).json() == {"locked": False, "waiting": []}
        assert 'id="boot"' in (await guest.http.get(path_of(web, late))).text


async def test_who_only_looked_into_the_lobby_is_a_newcomer(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    inside, outside = [await web.attendee(event, f"p{n}@example.org", name=f"사람{n}") for n in range(2)]
    async with Person(web) as guest:
        for person in (inside, outside):
            assert 'id="boot"' in (await guest.http.get(path_of(web, person))).text
            assert (await web.playback(person["viewer_token"])).json()["state"] == "scheduled"
        assert (await web.host.post(f"/api/v1/events/{event['id']}/start")).status_code == 200

        async def played() -> bool:
            return (await web.playback(inside["viewer_token"])).json()["hls_url"] is not None

        await until(played)
        await web.host.put(f"/api/v1/events/{event['id']}/door", json={"locked": True})
        assert (await web.playback(inside["viewer_token"])).status_code == 200
        assert (await web.playback(outside["viewer_token"])).json()["code"] == "locked"
        assert 'id="boot"' not in (await guest.http.get(path_of(web, outside))).text
        # Another process knows it of the database.
        await web.platform.doorway.note()
        other = Doorway(web.platform.pool, web.platform.bus)
        passed = [await other.enter(uuid.UUID(event["id"]), uuid.UUID(one["id"])) for one in (inside, outside)]
        assert passed == [True, False]


async def test_a_person_who_is_sent_out_loses_picture_chat_and_link(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    outs: asyncio.Queue[Json] = asyncio.Queue()

    async def heard(payload: bytes) -> None:
        outs.put_nowait(json.loads(payload))

    await web.ingest_bus.subscribe(f"event.{event['id']}.out", heard)
    await web.ingest_bus.flush()  # the server knows of it before anybody says anything
    await web.ingest_bus.flush()
    never = await web.attendee(event, "never@example.org")
    assert (await web.playback(person["viewer_token"])).status_code == 200
    async with Person(web) as guest:
        assert 'id="boot"' in (await guest.http.get(path_of(web, person))).text
    for one in (person, never):
        sent = await web.host.post(f"/api/v1/events/{event['id']}/attendees/{one['id']}/send-out")
        assert sent.status_code == 204
    assert (await asyncio.wait_for(outs.get(), 10))["person"] == person["id"]
    assert (await web.playback(person["viewer_token"])).status_code == 403
    async with Person(web) as guest:
        for one, words in ((person, "Your seat was taken back"), (never, "This registration was not approved")):
            shown = (await guest.http.get(f"{path_of(web, one)}?lang=en")).text
            assert ('id="boot"' in shown, words in shown) == (False, True)


async def test_an_announcement_goes_to_the_chat_under_the_name_of_who_makes_it(web: Web) -> None:
    event = await web.event(title="가을 학술대회")
    path = f"/api/v1/events/{event['id']}/announcements"
    asked: list[Json] = []

    def chat(error: Exception | None) -> Callable[[Json], Awaitable[Json]]:
        async def take(said: Json) -> Json:
            asked.append(said)
            if error is not None:
                raise error
            return {"seq": 1}

        return take

    assert (await web.host.post(path, json={"body": "곧 시작해요"})).status_code == 503  # no chat is running
    served = await web.ingest_bus.serve("chat.order", chat(None))
    await web.ingest_bus.flush()
    mine = str(uuid.uuid4())
    assert (await web.host.post(path, json={"body": " 곧 시작해요 ", "id": mine})).status_code == 204
    assert (asked[0]["event"], asked[0]["role"]) == (event["id"], "host")
    assert asked[0]["order"] == {"op": "announce", "cid": mine, "body": "곧 시작해요"}
    assert asked[0]["name"] == "가을 학술대회"  # not what the API token is called
    await web.host.patch(f"/api/v1/events/{event['id']}", json={"organizer": "한국학회"})
    assert (await web.host.post(path, json={"body": "끝나요"})).status_code == 204
    assert asked[1]["name"] == "한국학회"
    assert (await web.host.post(path, json={"body": " "})).status_code == 422
    await web.ingest_bus.unsubscribe(served)
    await web.ingest_bus.serve("chat.order", chat(Conflict("over", code="ended")))
    await web.ingest_bus.flush()
    assert (await web.host.post(path, json={"body": "끝"})).status_code == 409


async def test_a_presenter_decides_nothing_about_people(web: Web) -> None:
    event = await web.event()
    found = await web.platform.events.by_slug(event["slug"])
    token = web.platform.access.studio_token(found, "presenter")
    path = f"/api/v1/events/{event['id']}"
    person = await web.attendee(event)
    for method, call, body in (
        ("GET", "/door", None),
        ("PUT", "/door", {"locked": True}),
        ("POST", "/door/let-in", {"attendee_id": None}),
        ("POST", f"/attendees/{person['id']}/send-out", None),
        ("POST", "/announcements", {"body": "x"}),
    ):
        reply = await web.call(method, path + call, token, **({} if body is None else {"json": body}))
        assert reply.status_code == 403, call


async def test_locked_doors_end_with_the_event(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    path = f"/api/v1/events/{event['id']}"
    person = await web.attendee(event)
    assert (await web.host.put(f"{path}/door", json={"locked": True})).json()["locked"] is True
    async with Person(web) as guest:
        assert 'http-equiv="refresh"' in (await guest.http.get(path_of(web, person))).text
        assert (await web.host.post(f"{path}/end")).status_code == 200
        # Whoever never came in gets what everybody gets: the replay, as its gate says.
        link = path_of(web, person)
        assert (await guest.http.get(link)).headers["location"] == f"{link}/replay"
        replied = (await web.playback(person["viewer_token"])).json()
        assert (replied["state"], replied["replay_refused"]) == ("ended", None)
        assert (await web.host.patch(f"{path}/replay", json={"who": "nobody"})).is_success
        page = await guest.http.get(link)
        assert (page.status_code, 'id="boot"' in page.text) == (200, True)
    assert (await web.host.get(f"{path}/door")).json() == {"locked": False, "waiting": []}
    again = await web.host.put(f"{path}/door", json={"locked": True})
    assert (again.status_code, again.json()["code"]) == (409, "event_ended")


async def test_who_had_no_seat_waits_no_more_once_the_event_is_over(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    asked = await web.attendee(event, "asked@example.org")
    await web.platform.registration.set_status(uuid.UUID(event["id"]), uuid.UUID(asked["id"]), Status.PENDING)
    assert (await web.host.patch(f"/api/v1/events/{event['id']}", json={"capacity": 1})).is_success
    await web.attendee(event, "seat@example.org")
    waiting = await web.attendee(event, "late@example.org")
    assert waiting["status"] == "waitlisted"
    links = {}
    for person, words in ((asked, "was not decided about in time"), (waiting, "No seat became free for you")):
        one = await web.platform.registration.find(uuid.UUID(person["id"]))
        assert one is not None
        links[f"/j/{web.platform.registration.join_link(one)}?lang=en"] = words
    async with Person(web) as guest:
        for link in links:
            assert 'http-equiv="refresh"' in (await guest.http.get(link)).text
        assert (await web.host.post(f"/api/v1/events/{event['id']}/end")).status_code == 200
        for link, words in links.items():
            page = (await guest.http.get(link)).text
            found = 'http-equiv="refresh"' in page, "The event is over" in page, words in page
            assert found == (False, True, True)
    async with Person(web) as host:
        await host.become_owner()
        for path in ("", "/people"):
            page = (await host.http.get(f"/events/{event['id']}{path}")).text
            assert ("to approve" in page, "waits for your approval" in page, "To approve" in page) == (False,) * 3
        assert page.count("Not decided") == 2  # in the list, and its filter
