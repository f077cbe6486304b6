"""A forgotten password: by mail where it is set, by whoever runs the server where it is not."""

from __future__ import annotations

import re

from tests.mail_office import body, idle, letters_to
from tests.mail_stage import Inbox
from tests.security.pages_client import PASSWORD, Person
from tests.waiting import until
from tests.web_stage import Web

pytest_plugins = ["tests.mail_office", "tests.web_stage"]

EMAIL = "owner@example.org"


async def link_of(inbox: Inbox, count: int) -> str:
    """The path in the newest of so many letters."""
    letter = (await letters_to(inbox, EMAIL, count))[-1]
    found = re.search(r"https?://[^/]+(/reset/\S+)", body(letter))
    assert found is not None
    return found[1]


async def test_a_mailed_link_gives_a_new_password_once_and_signs_everybody_else_out(office: Web, inbox: Inbox) -> None:
    async with Person(office) as owner, Person(office) as lost:
        await owner.become_owner()
        assert "/forgot" in (await lost.http.get("/sign-in")).text
        assert (await lost.send("/forgot", {"email": "no address"})).status_code == 422
        await lost.send("/forgot", {"email": "Owner@Example.org "})
        path = await link_of(inbox, 1)
        assert inbox.letters[0]["Subject"] == "Choose a new password"
        assert (await lost.send(path, {"password": "short"})).status_code == 422
        assert (await lost.send(path, {"password": "another horse battery"})).status_code == 303
        assert (await lost.http.get("/account")).status_code == 200
        assert (await owner.http.get("/account")).headers["location"].startswith("/sign-in")
        assert (await owner.http.get(path)).status_code == 410
        assert (await owner.send("/sign-in", {"email": EMAIL, "password": PASSWORD})).status_code == 401
        # An hour later it opens nothing.
        await lost.send("/forgot", {"email": EMAIL})
        path = await link_of(inbox, 2)
        assert (await owner.http.get(path)).status_code == 200
        lasts = "select expires_at - now() <= interval '1 hour' from one_time_link where used_at is null"
        assert await office.platform.pool.fetchval(lasts)
        await office.platform.pool.execute("update one_time_link set expires_at = now() where used_at is null")
        assert (await owner.http.get(path)).status_code == 410


async def test_whoever_asks_learns_nothing_and_cannot_fill_a_mailbox(office: Web, inbox: Inbox) -> None:
    async with Person(office) as owner:
        await owner.become_owner()
    async with Person(office) as stranger:
        answers = []
        for email in (EMAIL, "nobody@example.org"):
            reply = await stranger.send("/forgot", {"email": email})
            answers.append((reply.status_code, reply.text.replace(email, "…")))
        assert answers[0] == answers[1]
        statuses = [(await stranger.send("/forgot", {"email": EMAIL})).status_code for _ in range(9)]
        assert (statuses[0], statuses[-1]) == (200, 429)
        await until(lambda: idle(office))
        assert 1 <= len(inbox.to(EMAIL)) <= 3
        assert inbox.to("nobody@example.org") == []


async def test_without_mail_the_page_names_the_command_and_its_link_works(web: Web) -> None:
    async with Person(web) as owner, Person(web) as lost:
        await owner.become_owner()
        page = (await lost.http.get("/forgot")).text
        assert "webinar account reset EMAIL" in page
        assert "<form" not in page.partition("<main")[2].partition("</main")[0]
        purpose, secret = await web.platform.people.hosts.link_for(EMAIL)
        assert (await lost.send(f"/{purpose}/{secret}", {"password": "another horse battery"})).status_code == 303
        assert (await owner.http.get("/account")).status_code == 303
