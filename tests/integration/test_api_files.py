"""Files that a host hands out: who gets them, how they are sent, and that they go with the event."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import pytest

from tests.security.pages_client import Person
from tests.web_stage import Web
from webinar.events.handouts import MOST_BYTES, MOST_FILES, folder
from webinar.registration.model import Status

pytest_plugins = ["tests.web_stage"]

_BYTES = {"Content-Type": "application/octet-stream"}


async def test_a_file_that_is_handed_out_is_saved_by_guests_with_a_seat_and_by_nobody_else(web: Web) -> None:
    event = await web.event(registration="approval")
    files = f"/api/v1/events/{event['id']}/files"
    guest = await web.attendee(event)
    await web.host.patch(f"/api/v1/events/{event['id']}/attendees/{guest['id']}", json={"status": "approved"})
    guest = (await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"][0] | guest
    person = await web.platform.registration.find(uuid.UUID(guest["id"]))
    assert person is not None
    link = web.platform.links.join(person).removeprefix(web.url)
    token = web.platform.access.viewer_token(person)
    assert (await web.playback(token)).json()["files"] is None

    name = "../발표 자료\u202e<1>.PDF"
    made = await web.host.post(f"{files}?name={quote(name)}", content=b"<script>%PDF", headers=_BYTES)
    assert (made.status_code, made.json()["name"], made.json()["bytes"]) == (201, "발표 자료1.pdf", 12)
    assert (await web.playback(token)).json()["files"] is not None
    async with Person(web) as browser:
        listed = (await browser.http.get(f"{link}/files")).json()["items"]
        assert [(one["name"], one["size"]) for one in listed] == [("발표 자료1.pdf", "12 B")]
        sent = await browser.http.get(listed[0]["url"])
        assert (sent.content, sent.headers["content-type"]) == (b"<script>%PDF", "application/octet-stream")
        assert sent.headers["content-disposition"].startswith("attachment;")
        assert quote("발표 자료1.pdf") in sent.headers["content-disposition"]
        assert (sent.headers["x-content-type-options"], sent.headers["content-length"]) == ("nosniff", "12")
        # Of another event there is no such file, and without a seat there is none at all.
        other = await web.event(title="다른 행사", registration="open")
        stranger = await web.attendee(other, "s@example.org")
        theirs = stranger["join_url"].removeprefix(web.url)
        assert (await browser.http.get(f"{theirs}/files/{made.json()['id']}")).status_code == 404
        assert (await browser.http.get(f"/j/{'x' * 43}/files")).status_code == 401
        await web.platform.registration.set_status(uuid.UUID(event["id"]), person.id, Status.DECLINED)
        for path in (f"{link}/files", listed[0]["url"]):
            assert (await browser.http.get(path)).status_code == 403


async def test_what_runs_by_a_double_click_is_refused_and_so_is_one_file_too_many(web: Web) -> None:
    event = await web.event()
    files = f"/api/v1/events/{event['id']}/files"
    for name in ("setup.exe", "page.html", "drawing.svg", "noending", ".pdf.js", "a.pdf\u202e.lnk"):
        refused = await web.host.post(f"{files}?name={quote(name)}", content=b"x", headers=_BYTES)
        assert (refused.status_code, refused.json()["code"]) == (422, "file_kind"), name
    assert (await web.host.post(f"{files}?name=a.pdf", content=b"", headers=_BYTES)).status_code == 422
    assert (await web.host.post(f"{files}?name=a.pdf", json={})).status_code == 415
    for number in range(MOST_FILES):
        made = await web.host.post(f"{files}?name={number}.pdf", content=b"x", headers=_BYTES)
        assert made.status_code == 201
    assert (await web.host.post(f"{files}?name=more.pdf", content=b"x", headers=_BYTES)).json()["code"] == "too_many"
    stored = await web.platform.storage.list_keys(folder(uuid.UUID(event["id"])))
    assert len(stored) == MOST_FILES
    assert (await web.host.delete(f"{files}/{made.json()['id']}")).status_code == 204
    assert (await web.host.delete(f"{files}/{made.json()['id']}")).status_code == 404
    assert len((await web.host.get(files)).json()["items"]) == MOST_FILES - 1
    assert (await web.host.delete(f"/api/v1/events/{event['id']}")).status_code == 204
    assert await web.platform.storage.list_keys(folder(uuid.UUID(event["id"]))) == []


async def test_a_file_whose_event_is_deleted_while_it_is_on_its_way_leaves_nothing(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, storage = await web.event(), web.platform.storage
    event_id = uuid.UUID(event["id"])

    async def put_bytes(key: str, data: bytes) -> None:
        await type(storage).put_bytes(storage, key, data)
        if key.startswith(folder(event_id)):
            await web.platform.course.delete(event_id)
            await type(storage).put_bytes(storage, key, data)

    monkeypatch.setattr(storage, "put_bytes", put_bytes)
    reply = await web.host.post(f"/api/v1/events/{event['id']}/files?name=a.pdf", content=b"x", headers=_BYTES)
    assert (reply.status_code, reply.json()["code"]) == (404, "event_not_found")
    assert await storage.list_keys(folder(event_id)) == []


async def test_a_host_hands_a_file_out_by_the_page_and_takes_it_away(web: Web) -> None:
    async with Person(web) as host:
        await host.become_owner()
        event = await web.event()
        path = f"/events/{event['id']}/settings/files"

        async def upload(name: str, data: bytes) -> tuple[int, str]:
            form = {"csrf": await host.token(path)}
            reply = await host.http.post(path, data=form, files={"file": (name, data)})
            return reply.status_code, reply.text

        assert (await upload("program.hwp", b"hwp"))[0] == 303
        for name, data in (("virus.bat", b"bat"), ("empty.pdf", b"")):
            status, page = await upload(name, data)
            assert (status, f"<bdi>{name}</bdi>" in page) == (422, True)
        status, page = await upload("강의 “1”.pdf", bytes(MOST_BYTES + 100_000))
        assert (status, "<bdi>강의 “1”.pdf</bdi>: It is larger than 25 MB." in page) == (413, True)
        # Of several that are sent one by one, each is answered by itself.
        for name, data, expected in (("a.exe", b"a", 422), ("b.pdf", b"b", 204), ("c.pdf", b"", 422)):
            form = {"csrf": await host.token(path)}
            reply = await host.http.post(
                path, data=form, files={"file": (name, data)}, headers={"Accept": "application/json"}
            )
            assert (reply.status_code, bool(reply.content and reply.json()["message"])) == (expected, expected == 422)
        file, _ = await web.platform.handouts.all(uuid.UUID(event["id"]))
        assert (await host.http.get(f"{path}/{file.id}")).content == b"hwp"
        assert "program.hwp" in (await host.http.get(path)).text
        assert (await host.send(f"{path}/{file.id}/remove", page=path)).status_code == 303
        assert "program.hwp" not in (await host.http.get(path)).text
