"""Every route of the application × everybody who might ask for it.

The routes are those of the application itself: one that is added without saying here whose it is fails. Operations of
the API have their table in test_api_access.py; pages, links and media have theirs here, written by hand.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.routing import BaseRoute, Mount, Route

from tests.fake_ingest import FakeIngest
from tests.security.pages_client import Person, fill
from tests.security.test_api_access import cast
from tests.security.test_moderator_link import boot
from tests.web_stage import Web, web_service
from webinar.api.operations import OPERATIONS
from webinar.app import create_app
from webinar.base.embedded import EmbeddedNats
from webinar.base.tokens import Purpose
from webinar.events.role_model import LinkRole
from webinar.pages.screen import Doors
from webinar.people.throttle import Throttle
from webinar.registration.model import Status

pytest_plugins = ["tests.web_stage"]

# For everybody, with nothing personal in it, or with a form that asks who it is.
OPEN = {
    *("/", "/sign-in", "/sign-out", "/forgot", "/test", "/test/path", "/verify", "/verify/{id}"),
    "/.well-known/webinar-keys.json",
    *("/e/{slug}", "/e/{slug}/link", "/e/{slug}/register", "/e/{slug}/event.ics", "/e/{slug}/qr.svg"),
    *("/e/{slug}/qr.png", "/e/{slug}/images/{name}", "/e/{slug}/replay", "/e/{slug}/replay/{language}.vtt"),
    *("/brand/{name}.css", "/static/{path:path}", "/healthz", "/readyz", "/api/v1/openapi.json"),
}
# To the addresses of WEBINAR_METRICS_ADDRESSES: tests/unit/base/test_metrics.py.
MACHINES = {"/metrics"}
# For whoever is signed in, and for the owner alone.
ACCOUNT = {
    *("/events/new", "/account", "/account/name", "/account/email", "/account/password", "/account/sessions"),
    "/receipts",
}
OWNER = {"/hosts", "/hosts/{account_id}/link", "/hosts/{account_id}/remove"}
# Webhooks of all events are the owner's, those of an event its hosts'. A co-host makes none: they outlive a link.
HOOKS = {
    *("/webhooks", "/webhooks/{webhook_id}/delete", "/webhooks/{webhook_id}/enable"),
    "/webhooks/{webhook_id}/{delivery_id}/resend",
}
# For hosts of an event who are no co-hosts: what gives it to others, makes others of it, or ends it.
KEEPERS = {
    *("/events/{event_id}/delete", "/events/{event_id}/duplicate", "/events/{event_id}/series"),
    *("/events/{event_id}/presenter-link", "/events/{event_id}/moderator-link", "/events/{event_id}/stream-key"),
}
# Where one look is enough.
SLOW = {"/events/{event_id}/certificates/sample.pdf"}
# Whose the token in the address is: by its first part.
PERSONAL = {"/j/{token}", "/e/{slug}/registered/{token}", "/e/{slug}/cancel/{token}", "/mail/stop/{token}"}
STAFF = {"/s/{token}": "presenter", "/m/{token}": "moderator", "/h/{token}": "co-host"}
ONCE = {
    **{"/setup/{token}": "setup", "/in/{token}": "sign in", "/invite/{token}": "invite", "/reset/{token}": "reset"},
    "/email/{token}": "email",
}
MEDIA = {
    *("/whip/{event_id}", "/whip/{event_id}/{resource}", "/whep/{event_id}", "/whep/{event_id}/{resource}", "/hls"),
    *("/recordings/{recording_id}/{name}", "/recordings/{recording_id}/cut/{name}"),
    "/recordings/{recording_id}/film/{name}",
}


def every_route(web: Web) -> list[tuple[str, str]]:
    """(method, path pattern), operations of the API left out."""
    operations = {f"/api/v1{operation.path}" for operation in OPERATIONS}

    def walk(routes: list[BaseRoute], before: str) -> Iterator[tuple[str, str]]:
        for route in routes:
            if isinstance(route, Mount):
                inside = list(walk(list(route.routes or []), before + route.path))
                yield from inside or [("GET", before + route.path)]
            else:
                assert isinstance(route, Route), route
                for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield method, before + route.path

    found = list(walk(create_app(web.platform).routes, ""))
    assert operations <= {path for _, path in found}
    return [(method, path) for method, path in found if path not in operations]


def of_event(path: str) -> bool:
    return path.startswith("/events/{event_id}")


def by_link(path: str) -> bool:
    known = {*PERSONAL, *STAFF, *ONCE}
    return path in known or path.startswith("/j/{token}/")


async def test_it_is_said_of_every_route_whose_it_is(web: Web) -> None:
    paths = {path for _, path in every_route(web)}
    said = OPEN | MACHINES | ACCOUNT | OWNER | HOOKS | MEDIA
    assert {path for path in paths - said if not of_event(path) and not by_link(path)} == set()
    assert (said | KEEPERS | PERSONAL | set(STAFF) | set(ONCE)) - paths == set()


def address_of(web: Web, url: str) -> str:
    return url.removeprefix(web.url)


@dataclass
class Browsers:
    owner: Person
    host: Person
    cohost: Person
    elsewhere: Person  # host of another event
    others: Person  # everything that anybody else has, in one browser: what opens nothing together opens nothing alone
    nobody: Person


async def browsers(web: Web, stack: AsyncExitStack, event: dict[str, Any], other: dict[str, Any]) -> Browsers:
    owner, host, cohost, elsewhere, others, nobody = [await stack.enter_async_context(Person(web)) for _ in range(6)]
    await owner.become_owner()
    platform, event_id = web.platform, uuid.UUID(event["id"])
    for person, theirs in ((others, event), (host, event), (elsewhere, other)):  # the first is followed by the second
        account = await platform.people.hosts.invite("이하늘", f"{uuid.uuid4().hex}@example.org")
        await platform.roles.give_to(uuid.UUID(theirs["id"]), account.id)
        await person.http.get(f"/in/{await platform.people.sign_in_link(account.id)}")
    former = await platform.people.session(others.http.cookies["webinar_session"])
    assert former is not None
    await platform.people.hosts.remove(former.id)
    cohosts = [await platform.roles.make(event_id, LinkRole.COHOST, "공동") for _ in range(2)]
    for person, link in zip((cohost, others), cohosts, strict=True):
        await person.http.get(address_of(web, platform.links.role(link)))
    await platform.roles.revoke(event_id, cohosts[1].id)
    for token in (await guests(web, event)).values():
        await others.http.get(f"/j/{token}")
    await others.send(address_of(web, event["moderate_url"]), {"name": "조교"})
    await others.http.get(address_of(web, event["studio_url"]))
    others.http.headers["Authorization"] = f"Bearer {web.token}"
    kept = {name.rstrip("0123456789abcdef") for name in others.http.cookies}
    assert kept >= {"webinar_session", "wb_cohost_", "wb_moderator_"}, kept
    return Browsers(owner, host, cohost, elsewhere, others, nobody)


async def guests(web: Web, event: dict[str, Any]) -> dict[str, str]:
    """Personal links: of one who is approved, one who is to be, one who waits for a seat, one who was sent out …"""
    registration, event_id = web.platform.registration, uuid.UUID(event["id"])
    made = {status: await web.attendee(event, f"{status}@example.org", name=f"손님 {status}") for status in Status}
    links = {}
    for status, person in made.items():
        attendee = await registration.get(event_id, uuid.UUID(person["id"]))
        links[status.value] = registration.join_link(attendee)
        await web.platform.pool.execute("update attendee set status = $2 where id = $1", attendee.id, status.value)
    return links


def sent_away(method: str, reply: httpx.Response) -> bool:
    """To sign in, with nothing on the way."""
    if method != "GET":
        return reply.status_code == 401
    return reply.status_code == 303 and reply.headers["location"].startswith("/sign-in") and reply.text == ""


async def test_a_hosts_page_opens_to_those_it_is_for_and_to_nobody_else(web: Web) -> None:
    event, other = await web.event(title="비밀 회의"), await web.event(title="남의 행사")
    known = {"event_id": event["id"], "slug": event["slug"]}
    async with AsyncExitStack() as stack:
        people = await browsers(web, stack, event, other)
        for method, pattern in every_route(web):
            if not of_event(pattern) and pattern not in ACCOUNT | OWNER | HOOKS:
                continue
            path, said = fill(pattern, **known), f"{method} {pattern}"

            async def asks(person: Person, method: str = method, path: str = path) -> httpx.Response:
                return await person.http.request(method, path)

            for person in (people.nobody, people.others):
                reply = await asks(person)
                assert sent_away(method, reply), (said, reply.status_code, reply.text[:200])
            cohost, stranger = await asks(people.cohost), await asks(people.elsewhere)
            host = cohost if pattern in SLOW else await asks(people.host)
            assert max(host.status_code, cohost.status_code) < 500, said
            if of_event(pattern):
                # As if it did not exist: who hosts another event does not learn that this one is there.
                assert (stranger.status_code, "비밀" in stranger.text) == (404, False), said
                assert host.status_code != 401, said
                assert not sent_away(method, host), said
                withheld = pattern in KEEPERS or "/webhooks" in pattern
                assert cohost.status_code == (403 if withheld else host.status_code), said
            else:
                assert sent_away(method, cohost), said
                best = (await asks(people.owner)).status_code
                wanted = best if pattern in ACCOUNT else 403 if pattern in OWNER else host.status_code
                assert {host.status_code, stranger.status_code} == {wanted}, said
                assert "비밀" not in stranger.text, said


@pytest_asyncio.fixture
async def wide_web(
    database: str, nats: EmbeddedNats, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """The web app with doors that let anybody try for ever: here the answers are looked at."""
    monkeypatch.setattr(
        Doors, "new", lambda: Doors(**{door.name: Throttle(burst=100_000, refill_s=1) for door in fields(Doors)})
    )
    async with web_service(database, nats.url, folder) as made:
        yield made


async def links_of(web: Web, event: dict[str, Any]) -> dict[str, str]:
    """Every kind of link and secret there is, by what it is."""
    platform, event_id = web.platform, uuid.UUID(event["id"])
    links = {f"guest {status}": token for status, token in (await guests(web, event)).items()}
    links["presenter"] = event["studio_url"].rsplit("/", 1)[1]
    links["moderator"] = event["moderate_url"].rsplit("/", 1)[1]
    for role in LinkRole:
        for name in (role.value, f"revoked {role.value}"):
            link = await platform.roles.make(event_id, role, "박서준")
            links[f"link of a {name}"] = platform.links.role(link).rsplit("/", 1)[1]
        await platform.roles.revoke(event_id, link.id)
    mine = await platform.events.get(event_id)
    approved = await platform.registration.by_join_link(links["guest approved"])
    owner = await platform.people.ensure_owner("Owner", "owner@example.org")
    host = await platform.people.hosts.invite("이하늘", "host@example.org")
    setup = await platform.people.setup_link()
    assert setup is not None
    await platform.people.addresses.ask(host, "new@example.org", "en", "asked", "a link to a new address")
    return links | {
        "older link of a guest": platform.tokens.link(Purpose.JOIN, approved.id, 0),
        "link of a guest of nowhere": platform.tokens.link(Purpose.JOIN, uuid.uuid4(), 1),
        "stream key": event["stream_key"],
        "setup": setup,
        "sign in": await platform.people.sign_in_link(owner.id),
        "invite": (await platform.people.hosts.choosing_link(host.id))[1],
        "email": "a link to a new address",
        "API token": web.token,
        "session": await platform.people.open_session(owner.id),
        "viewer token": platform.access.viewer_token(approved),
        "studio token": platform.access.studio_token(mine, "host", owner.id),
        "chat ticket": platform.access.chat(event_id, "host", "host", "A")["ticket"],
        "another installation's": "A" * 51,
        "nothing": "-",
    }


async def test_a_link_opens_the_pages_of_its_own_kind_and_no_other(wide_web: Web) -> None:
    event = await wide_web.event()
    links = await links_of(wide_web, event)
    fits = {
        **{pattern: {who for who in links if who.startswith("guest ")} for pattern in PERSONAL},
        "/s/{token}": {"presenter", "link of a presenter"},
        "/m/{token}": {"moderator", "link of a moderator"},
        "/h/{token}": {"link of a cohost"},
        **{pattern: {who} for pattern, who in ONCE.items()},
    }
    checked = 0
    for method, pattern in every_route(wide_web):
        if method != "GET" or not by_link(pattern):
            continue
        own = fits.get(pattern, fits["/j/{token}"])
        for who, token in links.items():
            wide_web.guest.cookies.clear()
            reply = await wide_web.guest.get(fill(pattern, token=token, slug=event["slug"]))
            said = f"{who} at {pattern}: {reply.status_code}"
            if who not in own:
                assert reply.status_code in (401, 404, 410), said
                assert 'id="boot"' not in reply.text, said
                checked += 1
            else:
                assert reply.status_code < 500, said
    assert checked > 300


async def test_who_is_not_let_in_gets_no_media_no_keys_no_files_and_no_names(wide_web: Web, ingest: FakeIngest) -> None:
    web = wide_web
    event = await web.live_event()
    links = await guests(web, event)
    inside = boot((await web.guest.get(f"/j/{links.pop('approved')}")).text)
    names = {f"손님 {status}" for status in links} | {"손님 approved"}
    file = await web.platform.handouts.add(uuid.UUID(event["id"]), "program.pdf", b"%PDF")
    secrets = {event["stream_key"], inside["viewer_token"], event["studio_url"], event["moderate_url"]}
    for status, token in links.items():
        reply = await web.guest.get(f"/j/{token}")
        assert (reply.status_code == 200) == (status != "cancelled"), (status, reply.status_code)
        for page in (reply, await web.guest.get(f"/j/{token}/me"), await web.guest.get(f"/e/{event['slug']}")):
            assert not [one for one in secrets if one in page.text], status
            assert not [name for name in names - {f"손님 {status}"} if name in page.text], status
            assert not re.findall(r'id="boot"|/whep/|/hls/|_token|"ticket":', page.text), status
        for path in (f"/j/{token}/files", f"/j/{token}/files/{file.id}"):
            kept = await web.guest.get(path)
            assert (kept.status_code, "%PDF" in kept.text) == (410 if status == "cancelled" else 403, False), status
        attendee = await web.platform.registration.by_own_link(token)
        credential = web.platform.access.viewer_token(attendee)
        refused = await web.playback(credential)
        assert refused.status_code in (403, 410), (status, refused.text)
        assert "url" not in refused.text, (status, refused.text)


async def test_media_answer_to_their_own_credential_alone(web: Web, ingest: FakeIngest) -> None:
    made = await cast(web)
    assert (await web.host.post(f"/api/v1/events/{made.event['id']}/start")).status_code == 200
    sdp, patch = {"Content-Type": "application/sdp"}, {"Content-Type": "application/json"}
    for who, token in made.tokens.items():
        for kind, its in (("whip", "stream key"), ("whep", "attendee")):
            base = f"/{kind}/{made.event['id']}"
            for method, path, headers in (
                ("POST", base, sdp),
                ("PATCH", f"{base}/somebody", patch),
                ("DELETE", f"{base}/somebody", {}),
            ):
                reply = await web.call(method, path, token, headers=headers, content="v=0\r\n")
                said = f"{who} {method} {path}: {reply.status_code}"
                assert (reply.status_code in (401, 403, 410)) == (who != its), said
                assert "a=candidate" not in reply.text or who == its, said


NOT_TEXT = ("%00", "%ff", "..%2f..%2f..%2fetc%2fpasswd", "a" * 3000)


async def test_no_address_makes_the_server_fail_or_leads_out_of_its_folders(wide_web: Web) -> None:
    event = await wide_web.event()
    async with Person(wide_web) as owner:
        await owner.become_owner()
        for method, pattern in every_route(wide_web):
            places = re.findall(r"{(\w+)(?::\w+)?}", pattern)
            if method != "GET" or not places:
                continue
            for text in NOT_TEXT[:1] if places[-1].endswith("_id") else NOT_TEXT:
                known = {"event_id": event["id"], "slug": event["slug"], places[-1]: text}
                reply = await owner.http.get(fill(pattern, **known))
                assert reply.status_code < 500, (pattern, text, reply.status_code)
                assert "root:" not in reply.text, (pattern, text)


async def test_no_query_header_or_form_makes_the_server_fail(wide_web: Web) -> None:
    event = await wide_web.event()
    page = f"/events/{event['id']}/people"
    async with Person(wide_web) as owner, Person(wide_web) as guest:
        await owner.become_owner()
        for path in ("/", page, f"/events/{event['id']}/conversation", "/verify", "/sign-in"):
            for query in (
                "q=%00&code=%00",
                "q=%ff&lang=%ff&next=%ff",
                "after=%00",
                "page=-1&show=x&part=x",
                "next=//x",
            ):
                assert (await owner.http.get(f"{path}?{query}")).status_code < 500, (path, query)
        names = ("webinar_session", "wb_visit", "wb_notice", "lang", f"wb_cohost_{uuid.UUID(event['id']).hex}")
        for value in (b"\xff\xfe", b"x" * 5000, b"a.b.c", b'=;=;"', b""):
            for path in (page, f"/m/{event['moderate_url'].rsplit('/', 1)[1]}"):
                jar = b"; ".join(name.encode() + b"=" + value for name in names)
                reply = await guest.http.get(path, headers=[(b"Cookie", jar), (b"Accept-Language", value or b";q=")])
                assert reply.status_code < 500, (path, value)
        for path, fields in (
            ("/sign-in", {"email": "a\0@example.org", "password": "\0"}),
            (f"/e/{event['slug']}/register", {"name": "a\0", "email": "a\0@example.org", "agree": "yes"}),
        ):
            assert (await guest.send(path, fields)).status_code == 400, path
