"""Forms are believed only from our own pages, and what is typed into them never becomes code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.security.pages_client import NO_FORM, PASSWORD, Person, fill, page_routes
from tests.web_stage import Web, web_service
from webinar.base.embedded import EmbeddedNats
from webinar.pages.screen import Doors
from webinar.people.throttle import Throttle

pytest_plugins = ["tests.web_stage"]

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


async def test_no_post_is_taken_without_the_form_token_of_this_visit(web: Web) -> None:
    event = await web.event()
    attendee = await web.attendee(event)
    known = {"event_id": event["id"], "slug": event["slug"], "attendee_id": attendee["id"]}
    async with Person(web) as owner, Person(web) as stranger:
        await owner.become_owner()
        foreign = await stranger.token("/sign-in")
        posts = [fill(path, **known) for method, path in page_routes(web) if method == "POST" and path != NO_FORM]
        assert len(posts) > 12
        for path in posts:
            for data in ({}, {"csrf": ""}, {"csrf": "x.y.z"}, {"csrf": foreign}):
                reply = await owner.http.post(path, data={"name": "x", **data})
                if reply.status_code == 415:  # a form that carries a file
                    reply = await owner.http.post(path, data={"name": "x", **data}, files={"file": ("x.csv", b"x")})
                assert reply.status_code == 403, (path, data, reply.status_code)
                assert "text/html" in reply.headers["content-type"]
    after = (await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"]
    assert [(a["id"], a["status"]) for a in after] == [(attendee["id"], "approved")]


async def test_what_takes_no_form_token_takes_no_form_at_all(web: Web) -> None:
    async with Person(web) as guest:
        for body in ({"data": {"name": "x"}}, {"data": {"name": "x"}, "files": {"file": ("x.csv", b"x")}}):
            assert (await guest.http.post(NO_FORM, **body)).status_code == 415
        assert (await guest.http.post(NO_FORM, content=b"v=0", headers={"Content-Type": "text/plain"})).is_error


async def test_another_sites_page_cannot_post_even_with_a_stolen_token(web: Web) -> None:
    async with Person(web) as owner:
        await owner.become_owner()
        token = await owner.token("/events/new")
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            reply = await owner.http.post("/sign-out", data={"csrf": token}, headers=headers)
            assert reply.status_code == 403
        assert (await owner.http.get("/events/new")).status_code == 200


async def test_the_form_token_of_before_signing_in_is_of_no_use_after(web: Web) -> None:
    async with Person(web) as owner:
        await owner.become_owner()
        await owner.send("/sign-out", page="/")
        before = await owner.token("/sign-in")
        reply = await owner.send("/sign-in", {"email": "owner@example.org", "password": PASSWORD})
        assert reply.status_code == 303
        assert (await owner.http.post("/sign-out", data={"csrf": before})).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"csrf=x&name=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"--b\r\n", "multipart/form-data; boundary=b", 415),
        (b"csrf=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 2_000, "application/x-www-form-urlencoded", 400),
    ],
)
async def test_a_body_that_is_no_form_of_ours_gets_a_page_that_says_so(
    web: Web, body: bytes, kind: str, status: int
) -> None:
    reply = await web.guest.post("/sign-in", content=body, headers={"Content-Type": kind})
    assert reply.status_code == status
    assert reply.text.count('class="button button--primary"') == 1


async def test_hostile_names_titles_and_descriptions_are_shown_as_text(web: Web) -> None:
    event = await web.event(title=HOSTILE, description=HOSTILE, registration="open")
    async with Person(web) as owner, Person(web) as guest:
        await owner.become_owner()
        register = f"/e/{event['slug']}/register"
        reply = await guest.send(register, {"name": HOSTILE, "email": "x@example.org", "agree": "yes"})
        assert reply.status_code == 303, reply.text
        answers = [
            await guest.http.get(f"/e/{event['slug']}"),
            await guest.http.get(register),
            await guest.http.get(reply.headers["location"]),
            await guest.send(register, {"name": HOSTILE + "\n", "email": HOSTILE}),
            await owner.http.get("/"),
            await owner.http.get(f"/events/{event['id']}"),
            await owner.http.get(f"/events/{event['id']}/people"),
            await owner.http.get(f"/events/{event['id']}/settings"),
            await owner.http.get(f"/events/{event['id']}/end"),
        ]
    for answer in answers:
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


async def test_a_known_address_is_told_nothing_about_the_person(web: Web) -> None:
    event = await web.event()
    attendee = await web.attendee(event, name="박비밀")
    async with Person(web) as guest:
        reply = await guest.send(
            f"/e/{event['slug']}/register", {"name": "X", "email": "KIM@example.org", "agree": "yes"}
        )
    assert reply.status_code == 200
    assert attendee["join_url"].rsplit("/", 1)[1] not in reply.text
    assert "박비밀" not in reply.text
    assert "/j/" not in reply.text


@pytest_asyncio.fixture
async def narrow_web(
    database: str, nats: EmbeddedNats, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """The web app with doors of three tries, so that a limit is reached soon."""

    def narrow() -> Doors:
        return Doors(**{door.name: Throttle(burst=3, refill_s=60) for door in fields(Doors)})

    monkeypatch.setattr(Doors, "new", narrow)
    async with web_service(database, nats.url, folder) as made:
        yield made


async def test_registration_and_wrong_links_have_a_limit_for_one_network_address(narrow_web: Web) -> None:
    event = await narrow_web.event()
    register = f"/e/{event['slug']}/register"
    async with Person(narrow_web) as guest:
        token = await guest.token(register)
        fields = {"csrf": token, "name": "x", "email": "x"}
        tries = [await guest.http.post(register, data=fields) for _ in range(4)]
        assert [reply.status_code for reply in tries] == [422, 422, 422, 429]
        assert int(tries[-1].headers["retry-after"]) > 0
        assert tries[-1].text.count("button--primary") == 1
        links = [(await guest.http.get(f"/in/{n:043}")).status_code for n in range(4)]
        slug, wrong = event["slug"], "x" * 50
        for path in (f"/e/{slug}/registered/{wrong}", f"/e/{slug}/cancel/{wrong}", f"/j/{wrong}/event.ics",
                     f"/mail/stop/{wrong}", f"/j/{wrong}", f"/j/{wrong}/me"):  # fmt: skip
            assert (await guest.http.get(path)).status_code == 429, path
    assert links == [410, 410, 410, 429]


async def test_signing_in_has_a_limit_and_says_when_to_try_again(web: Web) -> None:
    async with Person(web) as guest:
        token = await guest.token("/sign-in")
        replies: list[httpx.Response] = []
        for _ in range(11):
            fields = {"csrf": token, "email": "nobody@example.org", "password": "wrong password"}
            replies.append(await guest.http.post("/sign-in", data=fields))
    assert [r.status_code for r in replies] == [401] * 10 + [429]
    assert int(replies[-1].headers["retry-after"]) > 0
    assert "wrong password" not in replies[0].text
