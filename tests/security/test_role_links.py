"""Links by role: each opens one role of one event, and what it opened closes with it; who may see which host's page."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from tests.fake_ingest import FakeIngest
from tests.security.pages_client import PASSWORD, Person
from tests.security.test_moderator_link import boot
from webinar.events.role_model import LinkRole, RoleLink

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def made(web: Web, event: dict[str, Any], role: LinkRole, name: str = "박서준") -> tuple[RoleLink, str]:
    """(link, its path)."""
    link = await web.platform.roles.make(uuid.UUID(event["id"]), role, name)
    return link, web.platform.links.role(link).removeprefix(web.url)


async def test_a_cohost_is_shown_neither_the_other_events_nor_a_home(web: Web) -> None:
    event, _ = await web.event(title="내 행사"), await web.event(title="남의 행사")
    _, path = await made(web, event, LinkRole.COHOST)
    async with Person(web) as cohost:
        reply = await cohost.http.get(path)
        assert (reply.status_code, reply.headers["location"]) == (303, f"/events/{event['id']}")
        for path in ("/events/new", "/"):
            seen = await cohost.http.get(path)
            assert "내 행사" not in seen.text
            assert "남의 행사" not in seen.text


async def test_a_host_sees_their_own_events_and_the_owner_sees_all(web: Web) -> None:
    async with Person(web) as owner, Person(web) as host:
        await owner.become_owner()
        account = await web.platform.people.owner()
        assert account is not None
        theirs = await web.event(title="소유자의 행사")
        invited = await web.platform.people.hosts.invite("이하늘", "host@example.org")
        await host.http.get(f"/in/{await web.platform.people.sign_in_link(invited.id)}")
        mine = await web.event(title="호스트의 행사")
        await web.platform.roles.give_to(uuid.UUID(mine["id"]), invited.id)
        home = (await host.http.get("/")).text
        assert ("호스트의 행사" in home, "소유자의 행사" in home) == (True, False)
        assert (await host.http.get(f"/events/{mine['id']}")).status_code == 200
        assert (await owner.http.get(f"/events/{mine['id']}")).status_code == 200
        # What is made of it is theirs, too, whoever asked for it.
        again = {"title": "다음 행사", "starts_at": "2037-12-08T05:00:00Z"}
        copy = (await web.host.post(f"/api/v1/events/{mine['id']}/duplicate", json=again)).json()
        assert (await host.http.get(f"/events/{copy['id']}")).status_code == 200
        unknown = await host.http.get(f"/events/{uuid.uuid4()}")
        assert (
            (await host.http.get(f"/events/{theirs['id']}")).text.count("소유자") == unknown.text.count("소유자") == 0
        )


async def test_programs_make_list_and_revoke_links_of_their_event_alone(web: Web) -> None:
    event, other = await web.event(), await web.event()
    links = f"/api/v1/events/{event['id']}/links"
    reply = await web.host.post(links, json={"role": "presenter", "name": " 박서준 "})
    assert reply.status_code == 201, reply.text
    link = reply.json()
    assert (link["role"], link["name"], link["last_used_at"]) == ("presenter", "박서준", None)
    async with Person(web) as speaker:
        path = link["url"].removeprefix(web.url)
        assert (await speaker.http.get(path)).status_code == 200
        assert [one["id"] for one in (await web.host.get(links)).json()["items"]] == [link["id"]]
        assert (await web.host.get(links.replace(event["id"], other["id"]))).json()["items"] == []
        wrong = links.replace(event["id"], other["id"]) + f"/{link['id']}"
        assert (await web.host.delete(wrong)).status_code == 404
        assert (await web.host.delete(f"{links}/{link['id']}")).status_code == 204
        assert (await speaker.http.get(path)).status_code == 410
    assert (await web.host.get(links)).json()["items"] == []
    assert (await web.host.post(links, json={"role": "owner", "name": "A"})).status_code == 422
    assert (await web.host.post(links, json={"role": "cohost", "name": " "})).status_code == 422


async def test_a_revoked_link_opens_nothing_and_the_others_go_on(web: Web) -> None:
    event = await web.event()
    api = f"/api/v1/events/{event['id']}"
    for role, call in (
        (LinkRole.PRESENTER, "/live"),
        (LinkRole.MODERATOR, "/studio/ticket"),
        (LinkRole.COHOST, "/live"),
    ):
        (gone, path), (_, stays) = await made(web, event, role), await made(web, event, role, "다른 사람")
        async with Person(web) as person, Person(web) as colleague:
            tokens = []
            for who, door in ((person, path), (colleague, stays)):
                page = await who.http.get(door, follow_redirects=True)
                assert page.status_code == 200
                if role is LinkRole.COHOST:
                    page = await who.http.get(f"/events/{event['id']}/studio")
                found = boot(page.text)
                tokens.append(str(found.get("studio_token") or found["token"]))
            assert [(await web.call("GET", api + call, token)).status_code for token in tokens] == [200, 200]
            outs: list[bytes] = []

            async def heard(payload: bytes, outs: list[bytes] = outs) -> None:
                outs.append(payload)

            await web.ingest_bus.subscribe(f"event.{event['id']}.out", heard)
            await web.ingest_bus.flush()  # the server knows of it before anybody says anything
            await web.platform.roles.revoke(gone.event_id, gone.id)
            assert [(await web.call("GET", api + call, token)).status_code for token in tokens] == [401, 200]
            async with asyncio.timeout(10):
                while not outs:  # noqa: ASYNC110 - the bus tells nobody else
                    await asyncio.sleep(0.01)
            assert json.loads(outs[0])["person"] == gone.person
            again = await person.http.get(path)
            assert (again.status_code, again.text.count("button--primary")) == (410, 1)
            assert (await colleague.http.get(stays, follow_redirects=True)).status_code == 200
            if role is LinkRole.COHOST:
                assert (await person.http.get(f"/events/{event['id']}")).status_code == 303
                assert (await colleague.http.get(f"/events/{event['id']}")).status_code == 200


async def test_a_link_of_one_role_is_none_of_another(web: Web) -> None:
    event = await web.event()
    async with Person(web) as person:
        for role in LinkRole:
            token = (await made(web, event, role))[1].rsplit("/", 1)[1]
            letter = {LinkRole.COHOST: "h", LinkRole.PRESENTER: "s", LinkRole.MODERATOR: "m"}[role]
            for door in {"h", "s", "m"} - {letter}:
                assert (await person.http.get(f"/{door}/{token}")).status_code == 401, (role, door)


async def test_a_stream_of_a_revoked_link_ends_and_its_key_opens_no_other(web: Web, ingest: FakeIngest) -> None:
    event, other = await web.event(), await web.event()
    link, path = await made(web, event, LinkRole.PRESENTER)
    async with Person(web) as speaker:
        key = str(boot((await speaker.http.get(path)).text)["stream_key"])
    headers = {"Content-Type": "application/sdp"}
    begun = await web.call("POST", f"/whip/{event['id']}", key, content="v=0\r\n", headers=headers)
    assert begun.status_code == 201, begun.text
    assert (await web.call("POST", f"/whip/{other['id']}", key, content="v=0\r\n", headers=headers)).status_code == 403
    assert ingest.sessions[event["id"]].publisher is not None
    await web.platform.roles.revoke(link.event_id, link.id)
    async with asyncio.timeout(10):
        while ingest.sessions[event["id"]].publisher is not None:  # noqa: ASYNC110 - the bus tells nobody else
            await asyncio.sleep(0.01)
    refused = await web.call("POST", f"/whip/{event['id']}", key, content="v=0\r\n", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "link_revoked")


async def test_a_cohost_makes_speakers_and_moderators_and_no_cohosts(web: Web) -> None:
    event = await web.event()
    hidden, path = await made(web, event, LinkRole.COHOST, "공동 진행")
    links = f"/events/{event['id']}/links"
    async with Person(web) as cohost:
        await cohost.http.get(path)
        assert (await cohost.send(links, {"role": "moderator", "name": "조교"})).status_code == 303
        assert (await cohost.send(links, {"role": "cohost", "name": "또 하나"})).status_code == 403
        shown = (await cohost.http.get(links)).text
        assert "조교" in shown
        assert str(hidden.id) not in shown
        for address in (f"{links}/{hidden.id}/revoke", f"{links}/{hidden.id}/qr.svg"):
            assert (await cohost.http.get(address)).status_code == 404
        (moderator,) = [link for link in await web.platform.roles.all(hidden.event_id) if link.role == "moderator"]
        code = await cohost.http.get(f"{links}/{moderator.id}/qr.svg")
        assert code.headers["content-type"].startswith("image/svg+xml")
        assert (await cohost.send(f"{links}/{moderator.id}/revoke")).status_code == 303
        assert (await cohost.send(links, {"role": "presenter", "name": "연사"})).status_code == 303
        shown = (await cohost.http.get(f"/events/{event['id']}")).text
        for secret in (event["studio_url"], event["moderate_url"], event["stream_key"]):
            assert secret not in shown, "what a co-host is shown goes with their link"
        refused = await cohost.send(links, {"role": "moderator", "name": " "})
        assert (refused.status_code, "field__error" in refused.text) == (422, True)
    await web.platform.roles.revoke(hidden.event_id, hidden.id)
    assert await web.platform.roles.all(hidden.event_id) == [], "what a co-host made goes with them"


async def test_who_came_by_a_link_of_their_own_is_given_nothing_that_outlives_it(web: Web) -> None:
    event = await web.event()
    for role in (LinkRole.PRESENTER, LinkRole.COHOST):
        _, path = await made(web, event, role)
        async with Person(web) as person:
            page = await person.http.get(path, follow_redirects=True)
            if role is LinkRole.COHOST:
                page = await person.http.get(f"/events/{event['id']}/studio")
            found = boot(page.text)
        seen = (await web.call("GET", f"/api/v1/events/{event['id']}", str(found["studio_token"]))).json()
        assert seen["stream_key"] == found["stream_key"]
        assert {seen["studio_url"], seen["moderate_url"], seen["stream_key"]}.isdisjoint(
            {event["studio_url"], event["moderate_url"], event["stream_key"]}
        )


async def test_a_removed_host_keeps_nothing_of_their_events(web: Web) -> None:
    event = await web.event()
    event_id = uuid.UUID(event["id"])
    async with Person(web) as owner, Person(web) as host:
        await owner.become_owner()
        invited = await web.platform.people.hosts.invite("이하늘", "host@example.org")
        await host.http.get(f"/in/{await web.platform.people.sign_in_link(invited.id)}")
        await web.platform.roles.give_to(event_id, invited.id)
        hook, _ = await web.platform.hooks.make(event_id, "https://hooks.example.org/", ["event.started"])
        found = boot((await host.http.get(f"/events/{event['id']}/studio")).text)
        live = f"/api/v1/events/{event['id']}/live"
        assert (await web.call("GET", live, str(found["studio_token"]))).status_code == 200
        assert (await owner.send(f"/hosts/{invited.id}/remove", page="/hosts")).status_code == 303
        refused = await web.call("GET", live, str(found["studio_token"]))
        assert (refused.status_code, refused.json()["code"]) == (401, "not_host")
        assert (await web.platform.hooks.get(hook.id)).disabled_at is not None
        headers = {"Content-Type": "application/sdp"}
        old = await web.call("POST", f"/whip/{event['id']}", event["stream_key"], content="v=0\r\n", headers=headers)
        assert old.status_code == 403
        assert (await owner.http.get(f"/events/{event['id']}")).status_code == 200


async def test_a_host_chooses_a_password_by_a_link_once_and_changes_it_later(web: Web) -> None:
    async with Person(web) as owner, Person(web) as host, Person(web) as elsewhere:
        await owner.become_owner()
        shown = await owner.send("/hosts", {"name": "이하늘", "email": "Host@Example.org"})
        link = re.search(r'value="[^"]+(/invite/[^"]+)"', shown.text)
        assert link is not None
        assert (await host.send(link[1], {"password": "short"})).status_code == 422
        assert (await host.send(link[1], {"password": PASSWORD})).headers["location"] == "/"
        assert (await host.http.get("/account")).status_code == 200
        assert (await elsewhere.http.get(link[1])).status_code == 410
        await elsewhere.send("/sign-in", {"email": "host@example.org", "password": PASSWORD})
        assert (await elsewhere.http.get("/account")).status_code == 200
        fields = {"current": "wrong", "password": "another good one"}
        assert (await host.send("/account/password", fields, page="/account")).status_code == 422
        fields["current"] = PASSWORD
        assert (await host.send("/account/password", fields, page="/account")).status_code == 303
        assert (await host.http.get("/account")).status_code == 200
        assert (await elsewhere.http.get("/account")).status_code == 303  # signed out
        again = await owner.send("/hosts", {"name": "A", "email": "host@example.org"})
        assert (again.status_code, "problems" in again.text) == (409, True)
        (account,) = [one for one in await web.platform.people.hosts.all() if one.role == "host"]
        reset = await owner.send(f"/hosts/{account.id}/link", page="/hosts")
        other = re.search(r'value="[^"]+(/reset/[^"]+)"', reset.text)
        assert other is not None
        assert (await elsewhere.send(other[1], {"password": "a third good one"})).status_code == 303
        assert (await host.http.get("/account")).status_code == 303
        assert (await owner.send(f"/hosts/{account.id}/remove", page="/hosts")).status_code == 303
        assert (await elsewhere.http.get("/account")).status_code == 303
        me = await web.platform.people.owner()
        assert me is not None
        assert (await owner.send(f"/hosts/{me.id}/remove", page="/hosts")).status_code == 404
