"""The moderators' link: who has it moderates one event, under a name, until it is renewed."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from tests.security.pages_client import Person

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

BOOT = re.compile(r'id="boot">(.*?)</script>', re.DOTALL)


def boot(page: str) -> dict[str, Any]:
    """What the page gives to its script."""
    found = BOOT.search(page)
    assert found is not None
    return dict(json.loads(found.group(1)))


def path_of(event: dict[str, Any], web: Web) -> str:
    return str(event["moderate_url"]).removeprefix(web.url)


async def test_a_name_is_asked_once_and_the_console_opens_with_it(web: Web) -> None:
    event = await web.event()
    link = path_of(event, web)
    async with Person(web) as moderator:
        asked = await moderator.http.get(link)
        assert 'name="name"' in asked.text
        assert 'id="boot"' not in asked.text
        sent = await moderator.send(link, {"name": "  <b>김</b> "})
        assert (sent.status_code, sent.headers["location"]) == (303, link)
        console = await moderator.http.get(link)
        assert boot(console.text)["name"] == "<b>김</b>"
        assert "<b>김" not in console.text
        ticket = await web.call("GET", f"/api/v1/events/{event['id']}/studio/ticket", boot(console.text)["token"])
        assert ticket.status_code == 200


async def test_a_name_must_be_one_line_and_not_empty(web: Web) -> None:
    link = path_of(await web.event(), web)
    async with Person(web) as moderator:
        for name in ("", "   ", "a\nb", "x" * 61):
            refused = await moderator.send(link, {"name": name})
            assert (refused.status_code, "field__error" in refused.text) == (422, True), name


async def test_two_browsers_are_two_people_and_one_browser_is_one(web: Web) -> None:
    event = await web.event()
    link = path_of(event, web)
    tokens = []
    async with Person(web) as first, Person(web) as second:
        for browser in (first, second, first):
            if 'id="boot"' not in (await browser.http.get(link)).text:
                await browser.send(link, {"name": "Kim"})
            token = boot((await browser.http.get(link)).text)["token"]
            tokens.append((await web.platform.access.principal(f"Bearer {token}")).person)
    assert tokens[0] == tokens[2] != tokens[1]
    assert all(person.startswith("moderator:") for person in tokens)


async def test_a_renewed_link_opens_nothing_and_sends_everybody_out_who_came_by_it(web: Web) -> None:
    event = await web.event()
    link = path_of(event, web)
    gone: asyncio.Queue[dict[str, Any]] = asyncio.Queue(10)

    async def heard(payload: bytes) -> None:
        gone.put_nowait(json.loads(payload))

    await web.ingest_bus.subscribe(f"event.{event['id']}.out", heard)
    await web.ingest_bus.flush()  # the server knows of it before anybody says anything
    async with Person(web) as owner, Person(web) as moderator:
        await owner.become_owner()
        await moderator.send(link, {"name": "<b>Kim"})
        shown = await owner.http.get(f"/events/{event['id']}")
        assert "Opened by &lt;b&gt;Kim" in shown.text
        token = boot((await moderator.http.get(link)).text)["token"]
        renewed = await owner.send(f"/events/{event['id']}/moderator-link")
        assert renewed.status_code == 303
        person = (await web.platform.access.principal(f"Bearer {token}")).person
        async with asyncio.timeout(10):
            assert (await gone.get())["person"] == person
        refused = await web.call("GET", f"/api/v1/events/{event['id']}/studio/ticket", token)
        assert (refused.status_code, refused.json()["code"]) == (401, "link_revoked")
        assert (await moderator.http.get(link)).status_code == 410
        fresh = (await web.host.get(f"/api/v1/events/{event['id']}")).json()
        again = await moderator.http.get(path_of(fresh, web))
        assert 'id="boot"' not in again.text  # who knew the old link only is nobody to the new one


async def test_links_of_other_kinds_open_no_console_and_this_one_opens_no_studio(web: Web) -> None:
    event = await web.event()
    token = path_of(event, web).rsplit("/", 1)[1]
    studio = str(event["studio_url"]).rsplit("/", 1)[1]
    async with Person(web) as stranger:
        for path in (f"/m/{studio}", f"/m/{event['stream_key']}", f"/s/{token}", f"/j/{token}", f"/m/{'x' * 50}"):
            assert (await stranger.http.get(path)).status_code == 401, path


async def test_a_presenter_and_a_moderator_are_given_no_links_of_others(web: Web) -> None:
    event = await web.event()
    mine = await web.platform.events.get(uuid.UUID(event["id"]))
    presenter = web.platform.access.studio_token(mine, "presenter")
    shown = await web.call("GET", f"/api/v1/events/{event['id']}", presenter)
    assert (shown.status_code, shown.json()["moderate_url"]) == (200, None)
    moderator = web.platform.access.console_token(await web.platform.moderators.admit(mine, "Kim"))
    assert (await web.call("GET", f"/api/v1/events/{event['id']}", moderator)).status_code == 403


async def test_a_cookie_of_one_event_is_nobody_in_another(web: Web) -> None:
    event, other = await web.event(), await web.event()
    async with Person(web) as moderator:
        await moderator.send(path_of(event, web), {"name": "Kim"})
        ((name, value),) = ((n, v) for n, v in moderator.http.cookies.items() if n.startswith("wb_moderator_"))
        foreign = name.replace(uuid.UUID(event["id"]).hex, uuid.UUID(other["id"]).hex)
        reply = await moderator.http.get(path_of(other, web), headers={"Cookie": f"{foreign}={value}"})
        assert 'id="boot"' not in reply.text
