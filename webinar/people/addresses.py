"""What a host changes of who they are: their name at once, their e-mail address once it is known to be theirs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final

from webinar.base import log
from webinar.base.errors import Conflict, FieldProblem, Gone, Invalid
from webinar.base.queue import enqueue
from webinar.people.hosts import Hosts
from webinar.people.model import LINK_TTL, Account, LinkPurpose, clean_account, digest
from webinar.people.store import AddressTaken, PeopleStore

_log = log.get(__name__)
_LINK_GONE: Final = "This link was used already or has expired. Ask for a new one."
# The jobs that mail: the link to the new address, and to the old one that somebody asked for it.
NEW_ADDRESS: Final = "new_address"
ADDRESS_ASKED: Final = "address_asked"


class Addresses:
    """A part of `PeopleService`."""

    def __init__(self, store: PeopleStore, hosts: Hosts) -> None:
        self._store = store
        self._hosts = hosts

    async def rename(self, account: Account, name: str) -> None:
        """Raises `Invalid`."""
        name, _ = clean_account(name, account.email, None)
        await self._store.set_name(account.id, name)
        _log.info("account renamed", account=str(account.id))

    async def change(self, account: Account, email: str) -> None:
        """To one that is `wanted`, at once, where no mail can prove whose it is. Raises `Conflict`."""
        try:
            async with self._store.pool.acquire() as connection, connection.transaction():
                await self._store.set_email(connection, account.id, email)
        except AddressTaken as error:
            raise _taken() from error
        _log.info("account's address changed", account=str(account.id))

    async def ask(self, account: Account, email: str, language: str, asked: str, secret: str) -> None:
        """To one that is `wanted`, by a link with `secret`, for 24 h, that a worker mails there; the old one is told.

        `secret` is made of `asked` and a key, so that the worker can make it again and no database has it. The newest
        link alone is good, and none after another password.
        """
        told = {"account": str(account.id), "email": email, "old": account.email, "asked": asked, "language": language}
        async with self._store.pool.acquire() as connection, connection.transaction():
            await self._store.drop_links(connection, account.id, LinkPurpose.EMAIL)
            await self._store.add_address_link(
                connection, digest(secret), account.id, email, datetime.now(UTC) + LINK_TTL
            )
            await enqueue(connection, NEW_ADDRESS, {"asked": asked, "language": language}, key=str(account.id))
            await enqueue(connection, ADDRESS_ASKED, told, key=str(account.id))
        _log.info("another address is asked for", account=str(account.id))

    async def wanted(self, account: Account, email: str, password: str) -> str:
        """The address as stored, once the password proves who asks. Raises `Invalid`; and `Conflict` for one that has
        an account: who asks is one who hosts, and may know.
        """
        await self._hosts.prove(account, password, "email_password")
        _, email = clean_account(account.name, email, None)
        if email == account.email:
            message = "This is your address already."
            raise Invalid(message, fields=[FieldProblem("email", message)])
        if await self._store.with_hash(email) is not None:
            raise _taken()
        return email

    async def waiting(self, secret: str) -> tuple[Account, str]:
        """(whose, the new address) of such a link, while it can be used. Raises `Gone`."""
        found = await self._store.address_link(digest(secret))
        if found is None:
            raise Gone(_LINK_GONE, code="link_used")
        return found

    async def confirm(self, secret: str) -> Account:
        """The link was opened: the address is theirs. Links that were mailed to the old one are void.

        Raises `Gone`; and `Conflict` where somebody else has an account with it meanwhile.
        """
        account, email = await self.waiting(secret)
        try:
            async with self._store.pool.acquire() as connection, connection.transaction():
                used, _ = await self._store.use_link(connection, digest(secret), LinkPurpose.EMAIL)
                if not used:
                    raise Gone(_LINK_GONE, code="link_used")
                await self._store.set_email(connection, account.id, email)
        except AddressTaken as error:
            raise _taken() from error
        _log.info("account's address changed", account=str(account.id), by="link")
        return account

    async def find(self, account: uuid.UUID) -> Account | None:
        return await self._store.account(self._store.pool, account)


def _taken() -> Conflict:
    return Conflict("This address has an account already.", code="account_exists")
