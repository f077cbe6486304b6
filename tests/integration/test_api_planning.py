"""Agenda, speakers, pictures, duplicates and series over the API, with real PostgreSQL and a real store."""

from __future__ import annotations

import io
import re
import uuid
from typing import TYPE_CHECKING, Any

from PIL import Image

from chat.entry import Draft
from chat.store import Store
from webinar.events.fields import EventChange

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


def _picture(form: str = "PNG", size: tuple[int, int] = (800, 450), colour: str = "#204060") -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", size, colour).save(out, form, exif=exif)
    return out.getvalue()


OPENING = {
    "title": "개회",
    "speakers": "김하나",
    "starts_at": "2037-12-01T05:00:00Z",
    "ends_at": "2037-12-01T05:10:00Z",
}
TALK = {
    "title": "Keynote",
    "note": "In English",
    "starts_at": "2037-12-01T05:10:00Z",
    "ends_at": "2037-12-01T06:00:00Z",
}


async def test_an_agenda_is_kept_in_its_order_and_moves_with_the_event(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/agenda"
    made = (await web.host.put(path, json={"items": [OPENING, TALK]})).json()["items"]
    assert [(item["title"], item["speakers"], item["note"]) for item in made] == [
        ("개회", "김하나", ""),
        ("Keynote", "", "In English"),
    ]
    kept = {**TALK, "id": made[1]["id"], "title": "The keynote"}
    again = (await web.host.put(path, json={"items": [kept, OPENING]})).json()["items"]
    assert again[0]["id"] == made[1]["id"]
    assert again[1]["id"] not in {item["id"] for item in made}
    form = f"/api/v1/events/{event['id']}/registration"
    assert (await web.host.patch(form, json={"closes_at": "2037-11-30T05:00:00Z"})).is_success
    body = {"starts_at": "2037-12-02T06:00:00Z", "ends_at": "2037-12-02T07:00:00Z"}
    assert (await web.host.patch(f"/api/v1/events/{event['id']}", json=body)).status_code == 200
    assert [item["starts_at"] for item in (await web.host.get(path)).json()["items"]] == [
        "2037-12-02T06:10:00Z",
        "2037-12-02T06:00:00Z",
    ]
    assert (await web.host.get(form)).json()["closes_at"] == "2037-12-01T06:00:00Z"


async def test_who_is_inside_reads_the_agenda_on_their_own_clock_and_is_told_when_it_changes(web: Web) -> None:
    event = await web.event()
    guest = await web.attendee(event)
    link = guest["join_url"].removeprefix(web.url)
    person = await web.platform.registration.find(uuid.UUID(guest["id"]))
    assert person is not None
    viewer, path = web.platform.access.viewer_token(person), f"/api/v1/events/{event['id']}/agenda"

    async def read(zone: str) -> str:
        return (await web.guest.get(f"{link}/agenda", params={"zone": zone, "lang": "en"})).text

    assert (await web.playback(viewer)).json()["agenda"] is None
    assert "agenda__one" not in await read("")
    made = (await web.host.put(path, json={"items": [OPENING, TALK]})).json()["items"]
    version = (await web.playback(viewer)).json()["agenda"]
    assert version not in (None, "unknown")
    for zone in ("Asia/Seoul", "Asia/Tokyo", "Asia", "../../etc/passwd", "Nowhere/Land"):
        page = await read(zone)
        assert ("2:00 – 2:10 PM" in page, "where you are" in page) == (True, False), zone
    page = await read("America/Los_Angeles")
    assert re.findall(r"[0-9:]+ – [0-9:]+ [AP]M", page) == ["9:00 – 9:10 PM", "9:10 – 10:00 PM"]
    assert ("Nov 30" in page, "(PST)" in page, "<html" in page) == (True, True, False)
    items = [{**OPENING, "id": made[0]["id"], "title": "<b>개회"}, {**TALK, "id": made[1]["id"]}]
    await web.host.put(path, json={"items": items})
    assert (await web.playback(viewer)).json()["agenda"] not in (version, None)
    assert "&lt;b&gt;개회" in await read("")
    moved = {"starts_at": "2037-12-01T06:00:00Z", "ends_at": "2037-12-01T07:00:00Z"}
    assert (await web.host.patch(f"/api/v1/events/{event['id']}", json=moved)).is_success
    assert "3:00 – 3:10 PM" in await read("")


async def test_an_agenda_that_cannot_be_is_refused_field_by_field_and_nothing_is_changed(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/agenda"
    await web.host.put(path, json={"items": [OPENING]})
    backwards = {**TALK, "ends_at": TALK["starts_at"]}
    elsewhere = {**TALK, "starts_at": "2027-12-01T05:00:00Z", "ends_at": "2027-12-01T05:10:00Z"}
    reply = await web.host.put(path, json={"items": [OPENING, backwards, elsewhere]})
    assert reply.status_code == 422
    assert {e["field"] for e in reply.json()["errors"]} == {"items.1.ends_at", "items.2.starts_at"}
    assert len((await web.host.get(path)).json()["items"]) == 1


async def test_an_item_of_another_event_is_not_taken_over(web: Web) -> None:
    one, other = await web.event(), await web.event()
    made = (await web.host.put(f"/api/v1/events/{one['id']}/agenda", json={"items": [OPENING]})).json()["items"]
    stolen = (
        await web.host.put(f"/api/v1/events/{other['id']}/agenda", json={"items": [{**TALK, "id": made[0]["id"]}]})
    ).json()["items"]
    assert stolen[0]["id"] != made[0]["id"]
    assert (await web.host.get(f"/api/v1/events/{one['id']}/agenda")).json()["items"] == made


async def test_pictures_are_encoded_anew_and_served_to_everybody_for_ever(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/images"
    sent = _picture("JPEG", (3000, 1200))
    reply = await web.host.put(f"{path}/cover", content=sent, headers={"Content-Type": "image/jpeg"})
    assert reply.status_code == 200, reply.text
    cover = reply.json()
    assert (cover["kind"], cover["type"], cover["width"], cover["height"]) == ("cover", "image/jpeg", 1600, 640)
    shown = await web.guest.get(cover["url"].removeprefix(web.url))
    assert shown.headers["content-type"] == "image/jpeg"
    assert "immutable" in shown.headers["cache-control"]
    assert b"taken at home" in sent
    assert b"taken at home" not in shown.content
    second = await web.host.put(f"{path}/cover", content=_picture(), headers={"Content-Type": "image/png"})
    assert second.json()["url"] != cover["url"]
    assert (await web.guest.get(cover["url"].removeprefix(web.url))).status_code == 404
    stored = await web.platform.storage.list_keys(f"images/{event['id']}")
    assert len(stored) == 1
    assert [image["kind"] for image in (await web.host.get(path)).json()["items"]] == ["cover"]
    assert (await web.host.delete(f"{path}/cover")).status_code == 204
    assert await web.platform.storage.list_keys(f"images/{event['id']}") == []


async def test_what_is_no_picture_is_refused(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/images/logo"
    for content in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", _picture()[:200], _picture(size=(3, 3))):
        reply = await web.host.put(path, content=content, headers={"Content-Type": "image/png"})
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert (await web.host.put(path, content=b"x", headers={"Content-Type": "text/html"})).status_code == 415
    large = b"\0" * (10 * 1024 * 1024 + 1)
    assert (await web.host.put(path, content=large, headers={"Content-Type": "image/png"})).status_code == 413
    wrong = path.replace("logo", "portrait")
    assert (await web.host.put(wrong, content=_picture(), headers={"Content-Type": "image/png"})).status_code == 404


async def test_a_duplicate_has_everything_but_people_and_is_a_draft(web: Web) -> None:
    event = await web.event(organizer="대한학회", accent="#aa3355", capacity=42, description="Two speakers")
    await web.attendee(event)
    await web.host.put(f"/api/v1/events/{event['id']}/agenda", json={"items": [OPENING, TALK]})
    await web.host.put(f"/api/v1/events/{event['id']}/speakers", json={"items": [{"name": "김하나", "role": "교수"}]})
    await web.host.put(
        f"/api/v1/events/{event['id']}/images/logo", content=_picture(), headers={"Content-Type": "image/png"}
    )
    await _prepare(web, event["id"])
    for name in ("slides.pdf", "programme.hwp"):
        sent = await web.host.post(
            f"/api/v1/events/{event['id']}/files?name={name}",
            content=name.encode(),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert sent.status_code == 201, sent.text
    reply = await web.host.post(
        f"/api/v1/events/{event['id']}/duplicate", json={"starts_at": "2037-12-08T05:00:00Z", "title": "Once more"}
    )
    assert reply.status_code == 201, reply.text
    copy = reply.json()
    assert (copy["state"], copy["title"], copy["ends_at"]) == ("draft", "Once more", "2037-12-08T06:00:00Z")
    assert (copy["organizer"], copy["accent"], copy["capacity"], copy["description"]) == (
        "대한학회",
        "#aa3355",
        42,
        "Two speakers",
    )
    assert copy["slug"] != event["slug"]
    assert copy["stream_key"] != event["stream_key"]
    path = f"/api/v1/events/{copy['id']}"
    assert (await web.host.get(f"{path}/attendees")).json()["items"] == []
    agenda = (await web.host.get(f"{path}/agenda")).json()["items"]
    assert [item["starts_at"] for item in agenda] == ["2037-12-08T05:00:00Z", "2037-12-08T05:10:00Z"]
    assert [one["name"] for one in (await web.host.get(f"{path}/speakers")).json()["items"]] == ["김하나"]
    gate = (await web.host.get(f"{path}/replay")).json()
    assert (gate["who"], gate["until"], gate["download"]) == ("nobody", "2038-01-08T05:00:00Z", True)
    form = (await web.host.get(f"{path}/registration")).json()
    assert (form["has_passcode"], form["closes_at"]) == (True, "2037-12-07T05:00:00Z")
    room = await Store(web.platform.pool).open(uuid.UUID(copy["id"]))
    assert [(poll.question, poll.state) for poll in (await web.platform.conversation.of(room_of(copy))).polls] == [
        ("Done before?", "draft"),
        ("Which way?", "draft"),
    ]
    assert (room.state.settings.slow_s, room.state.settings.allows("frozen")) == (30, False)
    assert room.state.settings.blocked.found_in("광고")
    assert all(entry.content["name"] == "" for entry in room.entries)
    (logo,) = (await web.host.get(f"{path}/images")).json()["items"]
    assert (await web.host.delete(f"/api/v1/events/{event['id']}")).status_code == 204
    assert (await web.guest.get(logo["url"].removeprefix(web.url))).status_code == 200
    files = await web.platform.handouts.all(uuid.UUID(copy["id"]))
    assert [(one.name, await web.platform.storage.get_bytes(one.key)) for one in files] == [
        ("slides.pdf", b"slides.pdf"),
        ("programme.hwp", b"programme.hwp"),
    ]


def room_of(event: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(event["id"])


async def _prepare(web: Web, event_id: str) -> None:
    """A gate, a form and a room as a host leaves them."""
    path = f"/api/v1/events/{event_id}"
    gate = {"who": "nobody", "until": "2038-01-01T05:00:00Z", "download": True}
    assert (await web.host.patch(f"{path}/replay", json=gate)).is_success
    rules = {"passcode": "open sesame", "closes_at": "2037-11-30T05:00:00Z"}
    assert (await web.host.patch(f"{path}/registration", json=rules)).is_success
    asked = [
        {"question": question, "kind": "single", "options": ["A", "B"], "correct": [], "anonymous": True, "live": False}
        for question in ("Done before?", "Never mind", "Which way?")
    ]
    changed = {"slow_s": 30, "words": ["광고"], "frozen": True}
    events: list[tuple[str, dict[str, Any]]] = [("poll", {**one, "state": "draft"}) for one in asked]
    events += [
        ("poll", {**asked[0], "poll": 1, "state": "open"}),
        ("poll", {**asked[1], "poll": 2, "state": "removed"}),
    ]
    events += [("settings", {"settings": {"slow_s": 5}}), ("settings", {"settings": changed})]
    drafts = [
        Draft(type_, str(uuid.uuid4()), "host", {"name": "박주최", "role": "host", **content})
        for type_, content in events
    ]
    store = Store(web.platform.pool)
    await store.open(uuid.UUID(event_id))
    await store.append(uuid.UUID(event_id), drafts)


async def test_a_series_keeps_its_time_of_day_over_summer_time_and_is_changed_from_one_on(web: Web) -> None:
    event = await web.event(starts_at="2037-10-13T16:00:00Z", timezone="Europe/Berlin")  # 18:00 there
    path = f"/api/v1/events/{event['id']}/series"
    made = await web.host.post(path, json={"rhythm": "biweekly", "count": 3})
    assert made.status_code == 201, made.text
    items = made.json()["items"]
    assert [one["starts_at"] for one in items] == [
        "2037-10-13T16:00:00Z",
        "2037-10-27T17:00:00Z",
        "2037-11-10T17:00:00Z",
    ]
    assert len({one["series_id"] for one in items}) == 1
    assert (await web.host.post(path, json={"rhythm": "weekly", "count": 2})).json()["code"] == "in_series"
    second = await web.platform.events.get(uuid.UUID(items[1]["id"]))
    assert (await web.platform.handouts.add(second.id, "slides.pdf", b"slides")).name == "slides.pdf"
    more = await web.host.post(f"/api/v1/events/{second.id}/series/dates", json={"rhythm": "monthly", "count": 2})
    assert more.status_code == 201, more.text
    assert [one["starts_at"] for one in more.json()["items"]] == ["2037-12-10T17:00:00Z", "2038-01-10T17:00:00Z"]
    assert len({one["series_id"] for one in [*items, *more.json()["items"]]}) == 1
    kept = [await web.platform.handouts.all(uuid.UUID(one["id"])) for one in [*items, *more.json()["items"]]]
    assert [[file.name for file in files] for files in kept] == [[], ["slides.pdf"], [], ["slides.pdf"], ["slides.pdf"]]
    full = await web.host.post(f"/api/v1/events/{second.id}/series/dates", json={"rhythm": "weekly", "count": 48})
    assert (full.status_code, full.json()["errors"][0]["field"]) == (422, "count")
    alone = await web.event()
    none = await web.host.post(f"/api/v1/events/{alone['id']}/series/dates", json={"rhythm": "weekly", "count": 1})
    assert (none.status_code, none.json()["code"]) == (409, "no_series")
    for one in more.json()["items"]:
        assert (await web.host.delete(f"/api/v1/events/{one['id']}")).is_success
    change = EventChange.model_validate(
        {"title": "New title", "starts_at": "2037-10-28T18:30:00Z", "ends_at": "2037-10-28T19:30:00Z"}, strict=False
    )
    assert len(await web.platform.copies.change_following(second.id, change)) == 2
    shown = (await web.host.get(path)).json()["items"]
    assert [(one["title"], one["starts_at"]) for one in shown] == [
        (event["title"], "2037-10-13T16:00:00Z"),
        ("New title", "2037-10-28T18:30:00Z"),
        ("New title", "2037-11-11T18:30:00Z"),
    ]
