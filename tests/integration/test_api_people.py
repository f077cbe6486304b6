"""Accounts over real PostgreSQL: one owner, sessions, one-time links, tokens, and how often one may try."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from argon2 import PasswordHasher

from webinar.base.db import Pool
from webinar.base.errors import Conflict, Gone, Invalid, NotFound, TooManyRequests, Unauthenticated
from webinar.people.service import PeopleService

PASSWORD = "correct horse battery"


@pytest.fixture
def people(pool: Pool) -> PeopleService:
    # The real algorithm at a cost that tests can pay.
    return PeopleService(pool, hasher=PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))


async def set_up(people: PeopleService) -> None:
    link = await people.setup_link()
    assert link is not None
    await people.set_up_owner(link, "Owner", "Owner@Example.org", PASSWORD)


async def test_the_setup_link_makes_the_owner_once(people: PeopleService) -> None:
    link = await people.setup_link()
    assert link is not None
    assert await people.setup_link_valid(link)
    with pytest.raises(Invalid) as refused:
        await people.set_up_owner(link, " ", "nobody", "short")
    assert [f.field for f in refused.value.fields] == ["name", "email", "password"]
    owner = await people.set_up_owner(link, "Owner", "Owner@Example.org", PASSWORD)
    assert (owner.email, owner.role.value, owner.has_password) == ("owner@example.org", "owner", True)
    assert not await people.setup_link_valid(link)
    assert await people.setup_link() is None
    with pytest.raises(Gone):
        await people.set_up_owner(link, "Second", "second@example.org", PASSWORD)


async def test_two_who_set_up_at_once_give_one_owner(people: PeopleService) -> None:
    links = [await people.setup_link(), await people.setup_link()]
    results = await asyncio.gather(
        *(people.set_up_owner(link or "", "A", f"a{n}@example.org", PASSWORD) for n, link in enumerate(links)),
        return_exceptions=True,
    )
    made = [r for r in results if not isinstance(r, BaseException)]
    owner = await people.owner()
    assert owner is not None
    assert [a.email for a in made] == [owner.email]
    assert sum(isinstance(r, Conflict) for r in results) == 1


async def test_a_kept_setup_link_stays_the_same_over_starts(people: PeopleService) -> None:
    first = await people.setup_link("a-link-kept-in-a-file")
    assert first == await people.setup_link("a-link-kept-in-a-file") == "a-link-kept-in-a-file"
    assert await people.setup_link_valid("a-link-kept-in-a-file")


async def test_an_owner_without_a_password_can_still_be_set_up(people: PeopleService) -> None:
    made = await people.ensure_owner("Demo", "demo@example.org")
    assert not made.has_password
    assert await people.owner() is None
    assert (await people.ensure_owner("Other", "other@example.org")).id == made.id
    with pytest.raises(Unauthenticated):
        await people.sign_in("demo@example.org", "!", "127.0.0.1")
    await set_up(people)
    owner = await people.owner()
    assert owner is not None
    assert (owner.id, owner.email) == (made.id, "owner@example.org")


async def test_all_who_need_an_owner_at_once_on_a_fresh_installation_get_the_same_one(
    people: PeopleService, pool: Pool
) -> None:
    for n in range(30):  # one round seldom meets the moment
        made = await asyncio.gather(*(people.ensure_owner("Demo", f"demo{n}@example.org") for _ in range(8)))
        assert len({account.id for account in made}) == 1
        await pool.execute("delete from account")


async def test_signing_in_opens_a_session_until_signing_out(people: PeopleService) -> None:
    await set_up(people)
    account, secret = await people.sign_in(" OWNER@example.org ", PASSWORD, "127.0.0.1")
    assert await people.session(secret) == account
    assert await people.session(secret + "x") is None
    assert await people.session(None) is None
    await people.sign_out(secret)
    assert await people.session(secret) is None


async def test_a_wrong_password_and_an_unknown_address_answer_alike(people: PeopleService) -> None:
    await set_up(people)
    said = set()
    for email, password in (("owner@example.org", "wrong password"), ("who@example.org", PASSWORD), ("", "")):
        with pytest.raises(Unauthenticated) as refused:
            await people.sign_in(email, password, "127.0.0.1")
        said.add((refused.value.code, refused.value.message))
    assert len(said) == 1


async def refused_after(people: PeopleService, tries: Iterable[tuple[str, str]]) -> int:
    """How many wrong guesses (e-mail, address) pass before one is too many."""
    passed = 0
    for email, address in tries:
        try:
            await people.sign_in(email, "wrong password", address)
        except Unauthenticated:
            passed += 1
        except TooManyRequests:
            return passed
    raise AssertionError("nobody was slowed down")


async def test_guessing_is_slowed_down_by_address_and_by_account(people: PeopleService) -> None:
    await set_up(people)
    assert await refused_after(people, ((f"p{n}@example.org", "192.0.2.1") for n in range(20))) == 10
    # From ever other addresses there is a bound too.
    assert await refused_after(people, (("owner@example.org", f"198.51.100.{n}") for n in range(200))) >= 100


async def test_who_guesses_elsewhere_does_not_lock_the_owner_out(people: PeopleService) -> None:
    await set_up(people)
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8:0:1::1"):
        assert await refused_after(people, [("owner@example.org", address)] * 20) == 10
    account, _ = await people.sign_in("owner@example.org", PASSWORD, "203.0.113.1")
    assert account.email == "owner@example.org"
    # Another address of the same IPv6 network is the same guesser.
    with pytest.raises(TooManyRequests):
        await people.sign_in("owner@example.org", PASSWORD, "2001:db8:0:1::2")


async def test_a_sign_in_link_works_once_even_when_used_twice_at_once(people: PeopleService) -> None:
    owner = await people.ensure_owner("Owner", "owner@example.org")
    link = await people.sign_in_link(owner.id)
    results = await asyncio.gather(*(people.use_sign_in_link(link) for _ in range(3)), return_exceptions=True)
    opened = [r for r in results if not isinstance(r, BaseException)]
    assert len(opened) == 1
    assert (await people.session(opened[0][1])) is not None
    assert sum(isinstance(r, Gone) for r in results) == 2
    with pytest.raises(Gone):
        await people.set_up_owner(await people.sign_in_link(owner.id), "A", "a@example.org", PASSWORD)


async def test_the_database_holds_no_secret_that_opens_anything(people: PeopleService, pool: Pool) -> None:
    await set_up(people)
    _, session = await people.sign_in("owner@example.org", PASSWORD, "127.0.0.1")
    token = await people.create_api_token("a script")
    found = await people.api_token(token)
    assert found is not None
    assert found.name == "a script"
    assert await people.api_token(token[:-1]) is None
    for table in ("account", "host_session", "one_time_link", "api_token"):
        text = str([tuple(row) for row in await pool.fetch(f"select * from {table}")])  # noqa: S608
        for secret in (PASSWORD, session, token, token.removeprefix("wbn_")):
            assert secret not in text


async def test_a_revoked_api_token_opens_nothing_and_leaves_the_list(people: PeopleService) -> None:
    kept, lost = await people.create_api_token("kept"), await people.create_api_token("lost")
    assert await people.api_token(lost) is not None
    first, second = await people.api_tokens()
    assert (first.name, first.last_used_at, second.name) == ("kept", None, "lost")
    assert second.last_used_at is not None
    await people.revoke_api_token(second.id)
    assert await people.api_token(lost) is None
    assert await people.api_token(kept) is not None
    assert [token.name for token in await people.api_tokens()] == ["kept"]
    with pytest.raises(NotFound):
        await people.revoke_api_token(second.id)
