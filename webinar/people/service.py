"""Rules of accounts: who becomes owner, who gets in, and how often one may try."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Final

from argon2 import PasswordHasher

from webinar.base import log
from webinar.base.db import Pool
from webinar.base.errors import Conflict, Gone, NotFound, Unauthenticated
from webinar.people.addresses import Addresses
from webinar.people.hosts import Hosts
from webinar.people.model import (
    API_TOKEN_PREFIX,
    LINK_TTL,
    NO_PASSWORD,
    SESSION_TTL,
    Account,
    ApiToken,
    LinkPurpose,
    clean_account,
    digest,
    new_secret,
)
from webinar.people.passwords import Passwords
from webinar.people.store import PeopleStore
from webinar.people.throttle import Throttle, network_of

_log = log.get(__name__)
_LINK_GONE: Final = "This link was used already or has expired. Ask for a new one on the server's terminal."


class PeopleService:
    """One a process. Throttles are of this process: several web processes multiply them by their number."""

    def __init__(self, pool: Pool, *, hasher: PasswordHasher | None = None) -> None:
        self._store = PeopleStore(pool)
        self._passwords = Passwords(hasher)
        self.hosts = Hosts(self._store, self._passwords)
        self.addresses = Addresses(self._store, self.hosts)
        self._by_address = Throttle(burst=10, refill_s=30)
        # By the address as well: who guesses at an account elsewhere must not lock its owner out.
        self._by_both = Throttle(burst=10, refill_s=60)
        # Guesses from many addresses at once: so wide that a few of them, at the pace above, never use it up.
        self._by_email = Throttle(burst=100, refill_s=3)

    async def owner(self) -> Account | None:
        """The owner, once somebody has set a password; until then a setup link is needed."""
        owner = await self._store.owner(self._store.pool)
        return owner if owner is not None and owner.has_password else None

    async def setup_link(self, token: str | None = None) -> str | None:
        """The secret of a new setup link (`/setup/{secret}`, 24 h), or None when there is an owner.

        `token` makes a known secret valid (again): for a link that is kept in a file between starts.
        """
        if await self.owner() is not None:
            return None
        secret = token or new_secret()
        await self._store.add_link(digest(secret), LinkPurpose.SETUP, None, datetime.now(UTC) + LINK_TTL)
        return secret

    async def setup_link_valid(self, secret: str) -> bool:
        return await self._store.link(digest(secret), LinkPurpose.SETUP) and await self.owner() is None

    async def set_up_owner(self, secret: str, name: str, email: str, password: str) -> Account:
        """Makes the owner's account by a setup link. Raises `Invalid`, `Gone` (link), `Conflict` (owner exists)."""
        name, email = clean_account(name, email, password)
        if not await self._store.link(digest(secret), LinkPurpose.SETUP):
            raise Gone(_LINK_GONE, code="link_used")
        password_hash = await self._passwords.hash(password)
        async with self._store.pool.acquire() as connection, connection.transaction():
            used, _ = await self._store.use_link(connection, digest(secret), LinkPurpose.SETUP)
            if not used:
                raise Gone(_LINK_GONE, code="link_used")
            account = await self._store.put_owner(connection, name, email, password_hash)
            if account is None:
                raise Conflict("This installation has an owner already. Sign in instead.", code="owner_exists")
        _log.info("owner set up", account=str(account.id))
        return account

    async def ensure_owner(self, name: str, email: str) -> Account:
        """The owner; made without a password when there is none, so that one-time links can open the host's pages."""
        name, email = clean_account(name, email, None)
        owner = await self._store.owner(self._store.pool)
        if owner is None:
            async with self._store.pool.acquire() as connection, connection.transaction():
                owner = await self._store.put_owner(connection, name, email, NO_PASSWORD)
        if owner is None:  # set up by somebody else in between
            owner = await self._store.owner(self._store.pool)
        if owner is None:
            raise Conflict("The owner's account is being changed. Try again.", code="owner_changed")
        return owner

    async def sign_in(self, email: str, password: str, address: str) -> tuple[Account, str]:
        """(account, secret for the session cookie). `address` is the caller's IP, for the rate limit.

        Raises `Unauthenticated`, alike for an unknown address and a wrong password, in like time; `TooManyRequests`.
        """
        email, now = email.strip().lower(), time.monotonic()
        network, named = network_of(address), email[:254]
        self._by_address.take(network, now)
        self._by_both.take(f"{network} {named}", now)
        self._by_email.take(named, now)
        found = await self._store.with_hash(email)
        right = await self._passwords.verify(None if found is None else found[1], password)
        if found is None or not right:
            raise Unauthenticated("The e-mail address or the password is not right.", code="wrong_credentials")
        if self._passwords.old(found[1]):
            await self._store.set_hash(found[0].id, await self._passwords.hash(password))
        self._by_address.forget(network)
        self._by_both.forget(f"{network} {named}")
        return found[0], await self.open_session(found[0].id)

    async def open_session(self, account: uuid.UUID) -> str:
        """The secret of a new session (cookie), 14 days."""
        secret = new_secret()
        expires_at = datetime.now(UTC) + SESSION_TTL
        await self._store.add_session(self._store.pool, digest(secret), account, expires_at)
        return secret

    async def session(self, secret: str | None) -> Account | None:
        """Who is signed in by this cookie; None for none, an unknown or an expired one."""
        return await self._store.session(digest(secret)) if secret else None

    async def sign_out(self, secret: str) -> None:
        await self._store.drop_session(digest(secret))

    async def sign_in_link(self, account: uuid.UUID) -> str:
        """The secret of a one-time link (`/in/{secret}`, 24 h) that opens a session of this account."""
        secret = new_secret()
        await self._store.add_link(digest(secret), LinkPurpose.SIGN_IN, account, datetime.now(UTC) + LINK_TTL)
        return secret

    async def use_sign_in_link(self, secret: str) -> tuple[Account, str]:
        """(account, secret for the session cookie). Raises `Gone` for a used, expired or unknown link."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            used, owner = await self._store.use_link(connection, digest(secret), LinkPurpose.SIGN_IN)
            account = await self._store.account(connection, owner) if used and owner is not None else None
            if account is None:
                raise Gone(_LINK_GONE, code="link_used")
            session = new_secret()
            await self._store.add_session(connection, digest(session), account.id, datetime.now(UTC) + SESSION_TTL)
        return account, session

    async def create_api_token(self, name: str) -> str:
        """A new API token with the owner's rights; only its hash is kept."""
        token = API_TOKEN_PREFIX + new_secret()
        await self._store.add_api_token(" ".join(name.split())[:100] or "unnamed", digest(token))
        return token

    async def api_token(self, token: str) -> ApiToken | None:
        """The valid API token behind a bearer credential."""
        if not token.startswith(API_TOKEN_PREFIX):
            return None
        found = await self._store.api_token(digest(token))
        if found is not None:
            await self._store.api_token_used(found.id)
        return found

    async def api_tokens(self) -> list[ApiToken]:
        """Those that work, oldest first."""
        return await self._store.api_tokens()

    async def revoke_api_token(self, token: uuid.UUID) -> None:
        """It opens nothing from now on, in any process. Raises `NotFound` for none, or one that was revoked before."""
        if not await self._store.revoke_api_token(token):
            raise NotFound("There is no such API token. `webinar token list` shows them.", code="token_not_found")
        _log.info("API token revoked", token=str(token))
