"""What somebody who hosts changes of their own account: their name, and their address when it is known to be theirs."""

from __future__ import annotations

import re

from tests.mail_office import body, idle, letters_to
from tests.mail_stage import Inbox
from tests.security.pages_client import PASSWORD, Person
from tests.waiting import until
from tests.web_stage import Web

pytest_plugins = ["tests.mail_office", "tests.web_stage"]

OLD, NEW = "owner@example.org", "haneul@example.org"


async def ask(person: Person, email: str, password: str = PASSWORD) -> tuple[int, str]:
    fields = {"email": email, "email_password": password}
    reply = await person.send("/account/email", fields, page="/account")
    return reply.status_code, reply.text


async def signs_in(web: Web, email: str) -> bool:
    async with Person(web) as person:
        return (await person.send("/sign-in", {"email": email, "password": PASSWORD})).status_code == 303


async def test_a_host_has_another_name_at_once_and_where_no_mail_is_sent_another_address_too(web: Web) -> None:
    async with Person(web) as owner:
        await owner.become_owner()
        reply = await owner.send("/account/name", {"name": " "}, page="/account")
        assert (reply.status_code, "at most 100 characters" in reply.text) == (422, True)
        assert (await owner.send("/account/name", {"name": " 김  하나 "}, page="/account")).status_code == 303
        assert "<strong>김 하나</strong>" in (await owner.http.get("/account")).text
        await web.platform.people.hosts.invite("이하늘", "taken@example.org")
        for email, password, status, words in (
            (NEW, "not it at all", 422, "This is not your password."),
            ("no address", PASSWORD, 422, "like name@example.org"),
            (OLD.upper(), PASSWORD, 422, "This is your address already."),
            ("Taken@example.org", PASSWORD, 409, "has an account already"),
        ):
            answer, page = await ask(owner, email, password)
            assert (answer, words in page) == (status, True), email
        assert (await ask(owner, f" {NEW.title()} "))[0] == 303
        assert f">{NEW}</span>" in (await owner.http.get("/account")).text  # signed in as before
        assert (await signs_in(web, NEW), await signs_in(web, OLD)) == (True, False)
        # Who guesses at the password here is stopped as at the door.
        assert [(await ask(owner, OLD, f"guess {n}"))[0] for n in range(6)][-1] == 429


async def link_of(inbox: Inbox, count: int) -> str:
    """The path in the newest of so many letters to the new address."""
    found = re.search(r"https?://[^/]+(/email/\S+)", body((await letters_to(inbox, NEW, count))[-1]))
    assert found is not None
    return found[1]


async def test_a_new_address_is_confirmed_by_a_letter_once_and_the_old_one_is_told(office: Web, inbox: Inbox) -> None:
    async with Person(office) as owner, Person(office) as reader:
        await owner.become_owner()
        assert (await ask(owner, NEW, "not it at all"))[0] == 422
        assert (await ask(owner, NEW))[0] == 303
        path = await link_of(inbox, 1)
        (told,) = await letters_to(inbox, OLD, 1)
        assert (NEW in body(told), "/email/" in body(told)) == (True, False)
        assert f">{OLD}</span>" in (await owner.http.get("/account")).text
        lasts = "select expires_at - now() <= interval '24 hours' from one_time_link where purpose = 'email'"
        assert await office.platform.pool.fetchval(lasts)
        # Neither the database nor what waits to be done holds a link that works.
        rows = await office.platform.pool.fetch("select payload::text as text from job union select $1", OLD)
        assert path.rpartition("/")[2] not in str(rows)
        # Another password voids it; so does a newer link.
        fields = {"current": PASSWORD, "password": PASSWORD}
        assert (await owner.send("/account/password", fields, page="/account")).status_code == 303
        assert (await reader.http.get(path)).status_code == 410
        assert (await ask(owner, NEW))[0] == 303
        second = await link_of(inbox, 2)
        assert (await ask(owner, NEW))[0] == 303
        third = await link_of(inbox, 3)
        assert (await reader.http.get(second)).status_code == 410
        # To look at it changes nothing; to confirm it needs no sign-in, and works once.
        assert NEW in (await reader.http.get(third)).text
        assert not await signs_in(office, NEW)
        assert (await reader.send(third)).status_code == 303
        assert (await reader.http.get("/account")).headers["location"].startswith("/sign-in")
        assert (await reader.http.get(third)).status_code == 410
        assert f">{NEW}</span>" in (await owner.http.get("/account")).text
        assert (await signs_in(office, NEW), await signs_in(office, OLD)) == (True, False)


async def test_a_link_to_an_address_that_somebody_else_got_meanwhile_or_after_a_day_opens_nothing(
    office: Web, inbox: Inbox
) -> None:
    async with Person(office) as owner:
        await owner.become_owner()
        assert (await ask(owner, NEW))[0] == 303
        path = await link_of(inbox, 1)
        host = await office.platform.people.hosts.invite("이하늘", NEW)
        assert (await owner.send(path)).status_code == 409
        await office.platform.people.hosts.remove(host.id)
        token = await owner.token(path)
        await office.platform.pool.execute("update one_time_link set expires_at = now() where purpose = 'email'")
        assert (await owner.http.post(path, data={"csrf": token})).status_code == 410
        assert not await signs_in(office, NEW)
        await until(lambda: idle(office))
