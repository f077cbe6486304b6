"""People who host beside the owner: invited, given another password, removed; and what each may change of their own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final

from webinar.base import log
from webinar.base.errors import Conflict, FieldProblem, Gone, Invalid, NotFound
from webinar.base.queue import enqueue
from webinar.people.model import (
    INVITE_TTL,
    LINK_TTL,
    MAILED_TTL,
    Account,
    LinkPurpose,
    check_password,
    clean_account,
    digest,
    new_secret,
)
from webinar.people.passwords import Passwords
from webinar.people.store import PeopleStore

_log = log.get(__name__)
_LINK_GONE: Final = "This link was used already or has expired. Ask for a new one."
# The job that mails a link for another password.
FORGOTTEN: Final = "forgotten"
_CHOOSING: Final = (LinkPurpose.INVITE, LinkPurpose.RESET)


class Hosts:
    """A part of `PeopleService`."""

    def __init__(self, store: PeopleStore, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def all(self) -> list[Account]:
        """The owner first."""
        return await self._store.accounts()

    async def invite(self, name: str, email: str) -> Account:
        """A host without a password: `choosing_link` lets them in. Raises `Invalid`, `Conflict`."""
        name, email = clean_account(name, email, None)
        made = await self._store.add_host(name, email)
        if made is None:
            raise Conflict("This address has an account already.", code="account_exists")
        _log.info("host invited", account=str(made.id))
        return made

    async def choosing_link(self, account: uuid.UUID) -> tuple[LinkPurpose, str]:
        """(what for, secret) of a one-time link by which this host chooses a password. Raises `NotFound`."""
        found = await self._store.account(self._store.pool, account)
        if found is None:
            raise NotFound("There is no such account.", code="account_not_found")
        purpose = LinkPurpose.RESET if found.has_password else LinkPurpose.INVITE
        secret = new_secret()
        lasts = INVITE_TTL if purpose is LinkPurpose.INVITE else LINK_TTL
        await self._store.add_link(digest(secret), purpose, account, datetime.now(UTC) + lasts)
        return purpose, secret

    async def link_for(self, email: str) -> tuple[LinkPurpose, str]:
        """The same by address, for the terminal. Raises `NotFound`."""
        found = await self._store.with_hash(email.strip().lower())
        if found is None:
            raise NotFound("There is no account with this address.", code="account_not_found")
        return await self.choosing_link(found[0].id)

    async def forgot(self, email: str, language: str) -> None:
        """Asks a worker to mail a link to this address, if it is an account's.

        Whoever asks learns nothing by it, by the time of the answer neither.
        """
        email = email.strip().lower()
        await enqueue(
            self._store.pool, FORGOTTEN, {"email": email, "language": language, "asked": new_secret()}, key=email
        )

    async def mailed_link(self, email: str, secret: str) -> tuple[Account, LinkPurpose] | None:
        """Makes `secret` such a link for an hour, again and again the same one. None for an address without account."""
        found = await self._store.with_hash(email)
        if found is None:
            return None
        account = found[0]
        purpose = LinkPurpose.RESET if account.has_password else LinkPurpose.INVITE
        await self._store.add_link(digest(secret), purpose, account.id, datetime.now(UTC) + MAILED_TTL)
        _log.info("a link for another password is mailed", account=str(account.id))
        return account, purpose

    async def chooses(self, purpose: LinkPurpose, secret: str) -> Account:
        """Whose link that is. Raises `Gone`."""
        found = await self._store.link_account(digest(secret), purpose) if purpose in _CHOOSING else None
        if found is None:
            raise Gone(_LINK_GONE, code="link_used")
        return found

    async def choose(self, purpose: LinkPurpose, secret: str, password: str) -> Account:
        """By such a link: everybody who was signed in is signed out. Raises `Invalid`, `Gone`."""
        check_password(password)
        await self.chooses(purpose, secret)
        hashed = await self._passwords.hash(password)
        async with self._store.pool.acquire() as connection, connection.transaction():
            used, owner = await self._store.use_link(connection, digest(secret), purpose)
            account = await self._store.account(connection, owner) if used and owner is not None else None
            if account is None:
                raise Gone(_LINK_GONE, code="link_used")
            await self._store.set_password(connection, account.id, hashed)
        _log.info("password chosen by a link", account=str(account.id))
        return account

    async def change_password(self, account: Account, current: str, password: str) -> None:
        """Everybody who was signed in is signed out. Raises `Invalid`."""
        await self.prove(account, current, "current")
        check_password(password)
        hashed = await self._passwords.hash(password)
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._store.set_password(connection, account.id, hashed)
        _log.info("password changed", account=str(account.id))

    async def prove(self, account: Account, password: str, field: str) -> None:
        """That somebody signed in knows the account's password, if it has one. Raises `Invalid`, of this field."""
        found = await self._store.with_hash(account.email)
        if found is None or (found[0].has_password and not await self._passwords.verify(found[1], password)):
            message = "This is not your password."
            raise Invalid(message, fields=[FieldProblem(field, message)])

    async def sign_out_everywhere(self, account: uuid.UUID) -> None:
        await self._store.drop_sessions(account)

    async def get(self, account: uuid.UUID) -> Account | None:
        return await self._store.account(self._store.pool, account)

    async def remove(self, account: uuid.UUID) -> None:
        """They are signed out, and their events are the owner's. Raises `NotFound`; the owner cannot be removed."""
        if not await self._store.remove_host(account):
            raise NotFound("There is no such host.", code="account_not_found")
        _log.info("host removed", account=str(account))
