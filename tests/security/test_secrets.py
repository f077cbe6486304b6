"""Secrets stay where they are needed: a small event with everything that is secret about it, and what is left of that
in the log, in answers to wrong ones, and in addresses.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import AuthResult

from tests.fake_ingest import FakeIngest
from tests.integration.test_api_webhooks import Receiver, receiver
from tests.mail_office import body, future_event, letters_to, sending
from tests.mail_stage import Inbox, mail_server
from tests.security.pages_client import PASSWORD, Person
from tests.security.test_moderator_link import boot
from tests.waiting import until
from tests.web_stage import SECRET, Web, web_service
from webinar.base.embedded import EmbeddedNats
from webinar.events.role_model import LinkRole

pytest_plugins = ["tests.web_stage", "tests.log_stage"]
__all__ = ["receiver"]

MAIL_PASSWORD = "a-mail-password"
WRONG = "not the password of anybody"
PASSCODE = "열려라 참깨 4711"


@pytest_asyncio.fixture
async def inbox() -> AsyncIterator[Inbox]:
    logging.getLogger("mail.log").disabled = True  # the server's own, which is the test's

    def authenticated(*_: Any) -> AuthResult:
        return AuthResult(success=True)

    async with mail_server(Inbox(), authenticator=authenticated, auth_require_tls=False) as made:
        yield made
    logging.getLogger("mail.log").disabled = False


@pytest_asyncio.fixture
async def whole(
    lines: io.StringIO, database: str, nats: EmbeddedNats, folder: Path, inbox: Inbox
) -> AsyncIterator[Web]:
    """A web service that sends letters and webhooks, and says in its log all it has to say."""
    smtp = f"smtp://sender:{MAIL_PASSWORD}@127.0.0.1:{inbox.port}?tls=never"
    settings = {"smtp_url": smtp, "mail_from": "webinar@example.org", "webhooks_inside": True}
    async with web_service(database, nats.url, folder, **settings) as web, sending(web):
        yield web


async def signed_in(web: Web, owner: Person) -> dict[str, str]:
    setup = await web.platform.people.setup_link()
    assert setup is not None
    fields = {"name": "김하늘", "email": "owner@example.org", "password": PASSWORD}
    await owner.send(f"/setup/{setup}", fields)
    await owner.send("/sign-out", page="/")
    wrong = await owner.send("/sign-in", {"email": "owner@example.org", "password": WRONG})
    assert (wrong.status_code, WRONG in wrong.text) == (401, False)
    await owner.send("/sign-in", {"email": "owner@example.org", "password": PASSWORD})
    account = await web.platform.people.owner()
    assert account is not None
    link = await web.platform.people.sign_in_link(account.id)
    async with Person(web) as elsewhere:
        await elsewhere.http.get(f"/in/{link}")
        await elsewhere.http.get(f"/in/{link}")  # gone
    return {
        "setup": setup,
        "session": owner.http.cookies["webinar_session"],
        "sign in": link,
        "form": await owner.token("/account"),
        "password": PASSWORD,
        "wrong password": WRONG,
    }


async def registered(web: Web, guest: Person, event: dict[str, Any], inbox: Inbox) -> dict[str, str]:
    rules = await web.host.patch(f"/api/v1/events/{event['id']}/registration", json={"passcode": PASSCODE})
    assert rules.status_code == 200, rules.text
    register = f"/e/{event['slug']}/register"
    fields = {"name": "김하나", "email": "kim@example.org", "agree": "yes"}
    refused = await guest.send(register, fields | {"passcode": WRONG})
    assert refused.status_code == 422
    ticket = await guest.send(register, fields | {"passcode": PASSCODE})
    assert ticket.status_code == 303, ticket.text
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    found = re.search(r"/j/([\w-]+)", body(letter))
    assert found is not None
    room = boot((await guest.http.get(f"/j/{found[1]}")).text)
    playback = await web.playback(room["viewer_token"])
    await guest.http.get(f"/j/{found[1][:-1]}A")
    await web.playback(room["viewer_token"][:-2])
    return {
        "passcode": PASSCODE,
        "personal link": found[1],
        "viewer token": room["viewer_token"],
        "chat ticket": playback.json()["chat"]["ticket"],
        "registration": ticket.headers["location"].rsplit("/", 1)[1],
    }


async def staffed(web: Web, event: dict[str, Any]) -> dict[str, str]:
    secrets = {}
    for role in LinkRole:
        link = await web.platform.roles.make(uuid.UUID(event["id"]), role, "박서준")
        url = web.platform.links.role(link)
        secrets[f"link of a {role.value}"] = url.rsplit("/", 1)[1]
        async with Person(web) as person:
            page = (await person.http.get(url.removeprefix(web.url), follow_redirects=True)).text
            if role is LinkRole.COHOST:
                page = (await person.http.get(f"/events/{event['id']}/studio")).text
                cookie = next(value for name, value in person.http.cookies.items() if name.startswith("wb_cohost_"))
                secrets["co-host's cookie"] = cookie
            found = boot(page)
            for name in {"studio_token", "stream_key", "token"} & set(found):
                secrets[f"{name} of a {role.value}"] = str(found[name])
    return secrets


async def test_nothing_secret_of_an_event_is_in_the_log(
    whole: Web, inbox: Inbox, receiver: Receiver, lines: io.StringIO, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = whole
    async with Person(web) as owner, Person(web) as guest, FakeIngest(web.ingest_bus, web.platform.storage):
        secrets = await signed_in(web, owner)
        event = await future_event(web)
        hook = await web.host.post(
            "/api/v1/webhooks", json={"url": receiver.url + "?key=of-the-receiver", "types": ["event.started"]}
        )
        secrets |= await registered(web, guest, event, inbox) | await staffed(web, event)
        headers = {"Content-Type": "application/sdp"}
        for key in (event["stream_key"], event["stream_key"][:-1]):
            await web.call("POST", f"/whip/{event['id']}", key, content="v=0\r\n", headers=headers)
        await web.host.post(f"/api/v1/events/{event['id']}/start")
        await until(lambda: bool(receiver.heard))
        await web.host.post(f"/api/v1/events/{event['id']}/end")
        (recording,) = (await web.host.get(f"/api/v1/events/{event['id']}/recordings")).json()["items"]
        signed = recording["download_url"].partition("sig=")[2]
        await web.guest.get(recording["download_url"].removeprefix(web.url))
        await web.call("GET", "/api/v1/events", web.token[:-1])
        secrets |= {
            "API token": web.token,
            "stream key": event["stream_key"],
            "studio link": event["studio_url"].rsplit("/", 1)[1],
            "moderators' link": event["moderate_url"].rsplit("/", 1)[1],
            "webhook's key": hook.json()["secret"],
            "webhook's address": "of-the-receiver",
            "signature": signed,
            "mail password": MAIL_PASSWORD,
            "mail password on the wire": base64.b64encode(f"\0sender\0{MAIL_PASSWORD}".encode()).decode(),
            "secret key": SECRET,
            "guest's address": "kim@example.org",
            "guest's name": "김하나",
            "host's address": "owner@example.org",
            "database password": re.findall(r"//[^:]+:([^@]+)@", database)[0],
        }
        # What fails says so with what it was given, at the worst place.
        personal, token = secrets["personal link"], web.token

        async def broken(*given: object) -> None:
            raise RuntimeError(f"broken with {given}, {personal} and Bearer {token}")

        monkeypatch.setattr(web.platform.registration, "by_join_link", broken)
        monkeypatch.setattr(web.platform.events, "all", broken, raising=False)
        page = await guest.http.get(f"/j/{personal}")
        monkeypatch.setattr(web.platform.access, "principal", broken)
        call = await web.host.get("/api/v1/events")
        assert (page.status_code, call.status_code) == (500, 500)
        assert not [name for name, secret in secrets.items() if secret in call.text]
    said = lines.getvalue()
    assert said.count("RuntimeError: broken with") == 2
    assert {name for name in ("registered", "owner set up", "event created", "host") if name not in said} == set()
    assert len(secrets) > 25
    assert [name for name, secret in secrets.items() if secret in said] == []
    parts = {f"{name}: {part}" for name, secret in secrets.items() for part in secret.split(".") if len(part) >= 40}
    assert [part for part in parts if part.partition(": ")[2] in said] == []


async def test_no_address_that_a_page_leads_to_holds_what_only_a_header_or_cookie_may(web: Web) -> None:
    event = await web.event()
    account = "owner@example.org"
    async with Person(web) as owner:
        await owner.become_owner()
        session, shown = owner.http.cookies["webinar_session"], []
        for path in ("/", "/account", "/events/new", f"/events/{event['id']}", f"/events/{event['id']}/studio"):
            reply = await owner.http.get(path)
            shown.append(reply.text + reply.headers.get("location", ""))
        sent = await owner.send("/sign-out", page="/")
        again = await owner.send("/sign-in", {"email": account, "password": PASSWORD, "next": "/account"})
        shown += [sent.headers["location"], again.headers["location"]]
        assert again.headers["location"] == "/account"
    studio = boot(shown[4])
    for text in shown:
        assert session not in text
        assert PASSWORD not in text
        for address in re.findall(r'(?:href|src|action|formaction)="([^"]+)"', text):
            assert not re.search(r"eyJ[\w-]+\.|token=|key=|password=|session=", address), address
            assert str(studio["studio_token"]) not in address


# What opens connections of its own: webhooks to checked addresses, the mail server, embedded servers on loopback, and
# the demo's presenter. No other part of the platform fetches an address that somebody typed.
CALLS_OUT = {
    "webinar/hooks/sender.py",
    "webinar/mail/postman.py",
    "webinar/base/embedded/nats.py",
    "webinar/demo/whip_client.py",
}
CALLS = re.compile(
    r"^\s*(?:import|from) (?:httpx|aiohttp|requests|urllib\.request|http\.client|h11|aiosmtplib|smtplib|ftplib)\b"
    r"|\b(?:open_connection|create_connection|urlopen)\(",
    re.MULTILINE,
)


def test_nothing_but_webhooks_mail_and_the_demo_calls_anybody() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("webinar", "chat", "ingest") for path in (root / folder).rglob("*.py")]
    assert len(files) > 200
    assert {path.relative_to(root).as_posix() for path in files if CALLS.search(path.read_text())} == CALLS_OUT
