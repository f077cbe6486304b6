"""Events and people over the API, on a real socket, with real PostgreSQL and NATS."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.fake_ingest import FakeIngest

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_an_event_is_created_with_defaults_and_read_again(web: Web) -> None:
    event = await web.event()
    assert event["state"] == "scheduled"
    assert (event["language"], event["timezone"], event["capacity"], event["registration"]) == (
        "ko",
        "Asia/Seoul",
        300,
        "open",
    )
    assert event["ends_at"] == "2037-12-01T06:00:00Z"
    assert event["slug"].startswith("연례-학술대회-2026-")
    assert event["event_url"].startswith(f"{web.url}/e/")
    assert event["whip_url"] == f"{web.url}/whip/{event['id']}"
    reply = await web.host.get(f"/api/v1/events/{event['id']}")
    assert reply.json() == event


async def test_a_bad_body_names_every_bad_field(web: Web) -> None:
    body = {"title": "\n", "starts_at": "tomorrow", "timezone": "Mars/Olympus", "capacity": "300", "colour": "red"}
    reply = await web.host.post("/api/v1/events", json=body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["code"] == "invalid"
    assert {e["field"] for e in problem["errors"]} == {"title", "starts_at", "capacity", "colour"}
    body = {"title": "A", "starts_at": "2026-12-01T05:00:00Z", "timezone": "Mars/Olympus"}
    reply = await web.host.post("/api/v1/events", json=body)
    assert [e["field"] for e in reply.json()["errors"]] == ["timezone"]
    body = {"title": "A", "starts_at": "2026-12-01T05:00:00Z", "ends_at": "2026-12-01T05:00:00Z"}
    reply = await web.host.post("/api/v1/events", json=body)
    assert [e["field"] for e in reply.json()["errors"]] == ["ends_at"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_json"),
        (b"\xff\xfe", "application/json", 400, "bad_json"),
        (b"[" * 20_000, "application/json", 400, "bad_json"),
        (b'{"title": "\\ud800"}', "application/json", 400, "bad_json"),
        (b"[]", "application/json", 422, "invalid"),
        (b"title=A", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'"' + b"a" * 70_000 + b'"', "application/json", 413, "too_large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_its_reason(
    web: Web, content: bytes, kind: str, status: int, code: str
) -> None:
    reply = await web.host.post("/api/v1/events", content=content, headers={"Content-Type": kind})
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_unknown_paths_and_methods_are_problems(web: Web) -> None:
    reply = await web.host.get("/api/v1/nothing")
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    reply = await web.host.put("/api/v1/events")
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "GET, HEAD, POST"
    reply = await web.host.get("/api/v1/events/not-an-id")
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    reply = await web.host.get("/api/v1/events/00000000-0000-4000-8000-000000000000")
    assert (reply.status_code, reply.json()["code"]) == (404, "event_not_found")
    reply = await web.guest.get("/api/v2/events")
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


async def test_a_list_is_paged_by_cursor_newest_first(web: Web) -> None:
    ids = [(await web.event(title=f"Event {n}"))["id"] for n in range(5)]
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = (await web.host.get("/api/v1/events", params=query)).json()
        seen += [e["id"] for e in page["items"]]
        if page["next"] is None:
            break
        query = {"limit": 2, "cursor": page["next"]}
    assert seen == ids[::-1]
    reply = await web.host.get("/api/v1/events", params={"cursor": "nonsense"})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "cursor")
    assert (await web.host.get("/api/v1/events", params={"state": "ended"})).json()["items"] == []


async def test_a_change_keeps_what_is_absent_and_a_deleted_event_is_gone(web: Web) -> None:
    event = await web.event(description="Bring paper.")
    path = f"/api/v1/events/{event['id']}"
    changed = (await web.host.patch(path, json={"title": "New title", "capacity": 5})).json()
    assert (changed["title"], changed["capacity"], changed["description"]) == ("New title", 5, "Bring paper.")
    reply = await web.host.patch(path, json={"ends_at": "2020-01-01T00:00:00Z"})
    assert reply.status_code == 422
    assert (await web.host.delete(path)).status_code == 204
    assert (await web.host.get(path)).status_code == 404
    assert (await web.host.delete(path)).status_code == 404


async def test_the_same_address_gives_the_same_person(web: Web) -> None:
    event = await web.event()
    first = await web.attendee(event, "Kim@Example.org")
    again = await web.attendee(event, "kim@example.ORG", name="Somebody else")
    assert again["id"] == first["id"]
    assert (again["name"], again["email"]) == ("김하나", "kim@example.org")
    assert again["join_url"].startswith(f"{web.url}/j/")
    assert again["viewer_token"]


async def test_approval_keeps_link_and_token_back_until_approved(web: Web) -> None:
    event = await web.event(registration="approval")
    person = await web.attendee(event)
    assert (person["status"], person["join_url"], person["viewer_token"]) == ("pending", None, None)
    path = f"/api/v1/events/{event['id']}/attendees/{person['id']}"
    approved = (await web.host.patch(path, json={"status": "approved"})).json()
    assert approved["status"] == "approved"
    assert (await web.playback(approved["viewer_token"])).status_code == 200
    declined = (await web.host.patch(path, json={"status": "declined"})).json()
    assert (declined["status"], declined["viewer_token"]) == ("declined", None)


async def test_closed_registration_and_ended_events_say_so(web: Web, ingest: FakeIngest) -> None:
    event = await web.event(registration="closed")
    path = f"/api/v1/events/{event['id']}"
    body = {"name": "A", "email": "a@example.org"}
    reply = await web.host.post(f"{path}/attendees", json=body)
    assert (reply.status_code, reply.json()["code"]) == (409, "registration_closed")
    await web.host.post(f"{path}/start")
    await web.host.post(f"{path}/end")
    reply = await web.host.post(f"{path}/attendees", json=body)
    assert (reply.status_code, reply.json()["code"]) == (409, "event_ended")


async def test_fifty_at_once_for_ten_seats_give_ten_seats(web: Web) -> None:
    event = await web.event(capacity=10)
    people = await asyncio.gather(*(web.attendee(event, f"p{n}@example.org") for n in range(50)))
    statuses = [p["status"] for p in people]
    assert (statuses.count("approved"), statuses.count("waitlisted")) == (10, 40)
    listed = (await web.host.get(f"/api/v1/events/{event['id']}/attendees", params={"limit": 200})).json()
    assert len(listed["items"]) == 50


async def test_a_cancelled_seat_goes_to_the_first_of_the_waiting_list(web: Web) -> None:
    event = await web.event(capacity=1)
    path = f"/api/v1/events/{event['id']}/attendees"
    first, second, third = [await web.attendee(event, f"p{n}@example.org") for n in range(3)]
    assert [p["status"] for p in (first, second, third)] == ["approved", "waitlisted", "waitlisted"]
    assert (await web.host.delete(f"{path}/{first['id']}")).status_code == 204
    statuses = {p["id"]: p["status"] for p in (await web.host.get(path)).json()["items"]}
    assert [statuses[p["id"]] for p in (first, second, third)] == ["cancelled", "approved", "waitlisted"]
    reply = await web.host.patch(f"{path}/{third['id']}", json={"status": "approved"})
    assert (reply.status_code, reply.json()["code"]) == (409, "full")
    await web.host.patch(f"/api/v1/events/{event['id']}", json={"capacity": 2})
    statuses = {p["id"]: p["status"] for p in (await web.host.get(path)).json()["items"]}
    assert statuses[third["id"]] == "approved"


async def test_a_cancelled_person_loses_access_and_comes_back_with_a_new_link(web: Web) -> None:
    event = await web.event()
    person = await web.attendee(event)
    assert (await web.playback(person["viewer_token"])).status_code == 200
    await web.host.delete(f"/api/v1/events/{event['id']}/attendees/{person['id']}")
    reply = await web.playback(person["viewer_token"])
    assert (reply.status_code, reply.json()["code"]) == (410, "cancelled")
    again = await web.attendee(event)
    assert again["id"] == person["id"]
    assert again["join_url"] != person["join_url"]
    reply = await web.playback(person["viewer_token"])
    assert (reply.status_code, reply.json()["code"]) == (410, "link_revoked")
    assert (await web.playback(again["viewer_token"])).status_code == 200


async def test_a_host_who_adds_somebody_by_hand_passes_door_and_approval_but_not_the_seats(web: Web) -> None:
    event = await web.event(registration="approval", capacity=1)
    waiting = await web.attendee(event, "lee@example.org")
    registration, event_id = web.platform.registration, uuid.UUID(event["id"])
    invited = await registration.register(event_id, web.new_attendee("lee@example.org"), by_host=True)
    assert (str(invited.attendee.id), invited.attendee.status, invited.created) == (waiting["id"], "approved", False)
    late = await registration.register(event_id, web.new_attendee("choi@example.org"), by_host=True)
    assert (late.attendee.status, late.created) == ("waitlisted", True)
    assert await registration.waiting_place(late.attendee) == 1
    seats = await registration.seats(event_id)
    assert (seats.approved, seats.waitlisted, seats.left) == (1, 1, 0)
