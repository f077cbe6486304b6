"""Who sees which page, and what every page says to a browser about itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from tests.integration.test_api_records import certificates, held, post
from tests.security.pages_client import NO_FORM, Person, fill, page_routes
from webinar.events.role_model import LinkRole

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_after_a_refused_form_its_address_can_be_opened_again(web: Web) -> None:
    event, people = await held(web, 김하나=90)
    attendee = people["김하나"]
    token = attendee["join_url"].rsplit("/", 1)[1]
    known = {"event_id": event["id"], "attendee_id": attendee["id"], "slug": event["slug"], "token": token}
    await post(web, event, "certificates", {})
    known["certificate_id"] = (await certificates(web, event))["김하나"]["id"]
    known["link_id"] = str((await web.platform.roles.make(UUID(event["id"]), LinkRole.PRESENTER, "박세찬")).id)
    async with Person(web) as owner:
        secret = await web.platform.people.setup_link()
        assert (await owner.http.get(f"/setup/{secret}")).status_code == 200
        await owner.become_owner()
        for method, path in page_routes(web):
            if method == "POST" and path != NO_FORM and not path.startswith(("/setup", "/invite", "/reset", "/email")):
                if path.startswith("/m/"):
                    known["token"] = event["moderate_url"].rsplit("/", 1)[1]
                refused = await owner.http.post(fill(path, **known), data={"csrf": "old"})
                again = re.search(r'class="button button--primary" href="([^"]+)"', refused.text)
                assert again is not None, (path, refused.status_code)
                reply = await owner.http.get(again[1], follow_redirects=True)
                assert reply.status_code == 200, (path, again[1])


async def test_a_session_ends_with_signing_out_in_every_browser_that_held_its_cookie(web: Web) -> None:
    async with Person(web) as owner, Person(web) as thief:
        await owner.become_owner()
        secret = owner.http.cookies["webinar_session"]
        stolen = {"Cookie": f"webinar_session={secret}"}
        assert (await thief.http.get("/events/new", headers=stolen)).status_code == 200
        assert (await owner.send("/sign-out", page="/")).status_code == 303
        assert (await thief.http.get("/events/new", headers=stolen)).status_code == 303


async def test_the_setup_link_works_once_and_a_sign_in_link_works_once(web: Web) -> None:
    secret = await web.platform.people.setup_link()
    async with Person(web) as owner, Person(web) as second, Person(web) as third:
        assert (await second.http.get(f"/setup/{'y' * 43}")).status_code == 410
        reply = await owner.send(f"/setup/{secret}", {"name": "A", "email": "a@example.org", "password": "1234567890"})
        assert reply.status_code == 303
        again = await second.http.get(f"/setup/{secret}")
        assert again.status_code == 409
        assert "/sign-in" in again.text
        account = await web.platform.people.owner()
        assert account is not None
        link = await web.platform.people.sign_in_link(account.id)
        assert (await second.http.head(f"/in/{link}")).status_code == 200  # a preview uses nothing up
        assert (await second.http.get(f"/in/{link}")).headers["location"] == "/"
        assert (await second.http.get("/events/new")).status_code == 200
        assert (await third.http.get(f"/in/{link}")).status_code == 410
        assert (await second.http.get(f"/in/{link}")).status_code == 303  # signed in already: goes on


async def test_a_renewed_personal_link_and_one_of_another_event_open_nothing(web: Web) -> None:
    event, other = await web.event(), await web.event()
    attendee = await web.attendee(event)
    token = attendee["join_url"].rsplit("/", 1)[1]
    async with Person(web) as owner, Person(web) as guest:
        await owner.become_owner()
        assert (await guest.http.get(f"/e/{event['slug']}/registered/{token}")).status_code == 200
        assert (await guest.http.get(f"/e/{other['slug']}/registered/{token}")).status_code == 404
        person = f"/events/{event['id']}/people/{attendee['id']}"
        assert (await owner.send(f"{person}/renew")).status_code == 303
        for path in (f"/e/{event['slug']}/registered/{token}", f"/e/{event['slug']}/cancel/{token}", f"/j/{token}"):
            gone = await guest.http.get(path)
            assert (gone.status_code, gone.text.count("button--primary")) == (410, 1), path


async def test_every_page_and_error_carries_the_policy_and_is_kept_nowhere(web: Web) -> None:
    event = await web.event()
    attendee = await web.attendee(event)
    join = attendee["join_url"].removeprefix(web.url)
    studio = event["studio_url"].removeprefix(web.url)
    async with Person(web) as owner:
        await owner.become_owner()
        paths = ["/", "/sign-in", "/events/new", f"/events/{event['id']}", f"/e/{event['slug']}", join, studio]
        paths += ["/nothing/here", "/e/unknown", f"/j/{'x' * 50}", "/events/no-id", "/?after=nonsense"]
        for path in paths:
            reply = await owner.http.get(path, follow_redirects=path == "/sign-in")
            policy = {
                part.split(" ")[0]: part.split(" ")[1:] for part in reply.headers["content-security-policy"].split("; ")
            }
            assert policy["default-src"] == ["'none'"]
            assert policy["script-src"] == policy["style-src"] == policy["form-action"] == ["'self'"]
            assert policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
            assert policy["connect-src"] == ["'self'", "ws://localhost:8001"]
            assert "unsafe" not in reply.headers["content-security-policy"]
            assert reply.headers["referrer-policy"] == "no-referrer"
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.headers["cache-control"] == "no-store", path
            assert (
                re.findall(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*(?:src=|application/json))", reply.text) == []
            )
            assert re.findall(r'(?:src|action)="(?:https?:)?//', reply.text) == []


async def test_links_are_built_from_the_setting_whatever_host_a_request_names(web: Web) -> None:
    event = await web.event()
    async with Person(web, Host="evil.example") as owner:
        await owner.become_owner()
        reply = await owner.http.get(f"/events/{event['id']}")
        guest = await owner.send(
            f"/e/{event['slug']}/register", {"name": "A", "email": "a@example.org", "agree": "yes"}
        )
        ticket = await owner.http.get(guest.headers["location"])
    assert reply.status_code == ticket.status_code == 200
    assert "evil.example" not in reply.text + ticket.text + guest.headers["location"]
    assert f'value="{web.url}/e/' in reply.text


async def test_pages_that_fail_for_want_of_the_database_say_so_and_try_again(web: Web) -> None:
    event = await web.event()
    await web.platform.pool.close()
    async with Person(web) as guest:
        reply = await guest.http.get(f"/e/{event['slug']}")
    assert reply.status_code == 503
    assert reply.headers["retry-after"]
    assert 'http-equiv="refresh"' in reply.text
