"""SQL of accounts, sessions, one-time links and API tokens."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import asyncpg

from webinar.base.db import Connection, Pool
from webinar.people.model import NO_PASSWORD, Account, ApiToken, LinkPurpose, Role

_OWNER_LOCK: Final = 0x6F776E6572  # "owner"
_ACCOUNT = "a.id, a.email, a.name, a.role, a.password_hash, a.created_at"


def _account(row: Any) -> Account:
    return Account(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        has_password=row["password_hash"] != NO_PASSWORD,
        created_at=row["created_at"],
    )


def _api_token(row: Any) -> ApiToken:
    return ApiToken(row["id"], row["name"], row["created_at"], row["last_used_at"])


class AddressTaken(Exception):
    """Another account has it."""


class PeopleStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def owner(self, connection: Connection | Pool) -> Account | None:
        row = await connection.fetchrow(f"select {_ACCOUNT} from account a where role = 'owner'")  # noqa: S608
        return None if row is None else _account(row)

    async def put_owner(self, connection: Connection, name: str, email: str, password_hash: str) -> Account | None:
        """The one owner: made, or, as long as they have no password, taken over. None when they have one.

        Within a transaction, to its end one at a time: `on conflict` minds one index, and two with the same address
        that are made at once meet in the other one too.
        """
        await connection.execute("select pg_advisory_xact_lock($1)", _OWNER_LOCK)
        row = await connection.fetchrow(
            """
            insert into account as a (email, name, password_hash, role) values ($1, $2, $3, 'owner')
            on conflict (role) where role = 'owner'
            do update set email = $1, name = $2, password_hash = $3 where a.password_hash = $4
            returning a.id, a.email, a.name, a.role, a.password_hash, a.created_at
            """,
            email,
            name,
            password_hash,
            NO_PASSWORD,
        )
        return None if row is None else _account(row)

    async def add_host(self, name: str, email: str) -> Account | None:
        """Without a password; None when the address has an account."""
        row = await self.pool.fetchrow(
            """
            insert into account as a (email, name, password_hash, role) values ($1, $2, $3, 'host')
            on conflict (email) do nothing
            returning a.id, a.email, a.name, a.role, a.password_hash, a.created_at
            """,
            email,
            name,
            NO_PASSWORD,
        )
        return None if row is None else _account(row)

    async def accounts(self) -> list[Account]:
        """The owner first, then hosts in the order they were invited."""
        rows = await self.pool.fetch(
            f"select {_ACCOUNT} from account a order by a.role <> 'owner', a.created_at, a.id"  # noqa: S608
        )
        return [_account(row) for row in rows]

    async def remove_host(self, account: uuid.UUID) -> bool:
        """Their sessions and links go with them, their events become the owner's."""
        done = await self.pool.fetchval("delete from account where id = $1 and role = 'host' returning true", account)
        return bool(done)

    async def set_password(self, connection: Connection, account: uuid.UUID, password_hash: str) -> None:
        """And everybody who was signed in is signed out, links that were not used are void."""
        await connection.execute("update account set password_hash = $2 where id = $1", account, password_hash)
        await connection.execute("delete from host_session where account_id = $1", account)
        await connection.execute("delete from one_time_link where account_id = $1 and used_at is null", account)

    async def set_name(self, account: uuid.UUID, name: str) -> None:
        await self.pool.execute("update account set name = $2 where id = $1", account, name)

    async def set_email(self, connection: Connection, account: uuid.UUID, email: str) -> None:
        """And links that went to the old one are void. Raises `AddressTaken`."""
        try:
            await connection.execute("update account set email = $2 where id = $1", account, email)
        except asyncpg.UniqueViolationError as error:
            raise AddressTaken(email) from error
        for purpose in (LinkPurpose.RESET, LinkPurpose.EMAIL):
            await self.drop_links(connection, account, purpose)

    async def drop_links(self, connection: Connection, account: uuid.UUID, purpose: LinkPurpose) -> None:
        """Those that were not used."""
        await connection.execute(
            "delete from one_time_link where account_id = $1 and purpose = $2 and used_at is null", account, purpose
        )

    async def add_address_link(
        self, connection: Connection, token_hash: bytes, account: uuid.UUID, email: str, expires_at: datetime
    ) -> None:
        await connection.execute(
            """
            insert into one_time_link (token_hash, purpose, account_id, email, expires_at)
            values ($1, 'email', $2, $3, $4)
            """,
            token_hash,
            account,
            email,
            expires_at,
        )

    async def address_link(self, token_hash: bytes) -> tuple[Account, str] | None:
        """(whose, the new address) of a link that can be used."""
        row = await self.pool.fetchrow(
            f"""
            select {_ACCOUNT}, l.email as new_email from one_time_link l join account a on a.id = l.account_id
            where l.token_hash = $1 and l.purpose = 'email' and l.used_at is null and l.expires_at > now()
            """,  # noqa: S608 - a constant list of columns
            token_hash,
        )
        return None if row is None else (_account(row), row["new_email"])

    async def drop_sessions(self, account: uuid.UUID) -> None:
        await self.pool.execute("delete from host_session where account_id = $1", account)

    async def link_account(self, token_hash: bytes, purpose: LinkPurpose) -> Account | None:
        """Whose link that is, while it can be used."""
        row = await self.pool.fetchrow(
            f"""
            select {_ACCOUNT} from one_time_link l join account a on a.id = l.account_id
            where l.token_hash = $1 and l.purpose = $2 and l.used_at is null and l.expires_at > now()
            """,  # noqa: S608 - a constant list of columns
            token_hash,
            purpose,
        )
        return None if row is None else _account(row)

    async def with_hash(self, email: str) -> tuple[Account, str] | None:
        """The account of an address with its password hash."""
        row = await self.pool.fetchrow(
            f"select {_ACCOUNT} from account a where email = $1",  # noqa: S608 - a constant list of columns
            email,
        )
        return None if row is None else (_account(row), row["password_hash"])

    async def set_hash(self, account: uuid.UUID, password_hash: str) -> None:
        await self.pool.execute("update account set password_hash = $2 where id = $1", account, password_hash)

    async def add_session(
        self, connection: Connection | Pool, token_hash: bytes, account: uuid.UUID, expires_at: datetime
    ) -> None:
        await connection.execute("delete from host_session where expires_at < now()")
        await connection.execute(
            "insert into host_session (token_hash, account_id, expires_at) values ($1, $2, $3)",
            token_hash,
            account,
            expires_at,
        )

    async def session(self, token_hash: bytes) -> Account | None:
        row = await self.pool.fetchrow(
            f"""
            select {_ACCOUNT} from host_session s join account a on a.id = s.account_id
            where s.token_hash = $1 and s.expires_at > now()
            """,  # noqa: S608 - a constant list of columns
            token_hash,
        )
        return None if row is None else _account(row)

    async def drop_session(self, token_hash: bytes) -> None:
        await self.pool.execute("delete from host_session where token_hash = $1", token_hash)

    async def add_link(
        self, token_hash: bytes, purpose: LinkPurpose, account: uuid.UUID | None, expires_at: datetime
    ) -> None:
        await self.pool.execute(
            """
            insert into one_time_link (token_hash, purpose, account_id, expires_at) values ($1, $2, $3, $4)
            on conflict (token_hash) do update set expires_at = excluded.expires_at
            """,
            token_hash,
            purpose,
            account,
            expires_at,
        )

    async def link(self, token_hash: bytes, purpose: LinkPurpose) -> bool:
        """True while the link can be used."""
        found = await self.pool.fetchval(
            """
            select true from one_time_link
            where token_hash = $1 and purpose = $2 and used_at is null and expires_at > now()
            """,
            token_hash,
            purpose,
        )
        return bool(found)

    async def use_link(
        self, connection: Connection, token_hash: bytes, purpose: LinkPurpose
    ) -> tuple[bool, uuid.UUID | None]:
        """(used now, its account): a second use, at the same time or later, gives (False, None)."""
        row = await connection.fetchrow(
            """
            update one_time_link set used_at = now()
            where token_hash = $1 and purpose = $2 and used_at is null and expires_at > now()
            returning account_id
            """,
            token_hash,
            purpose,
        )
        return (False, None) if row is None else (True, row["account_id"])

    async def account(self, connection: Connection | Pool, account: uuid.UUID) -> Account | None:
        row = await connection.fetchrow(
            f"select {_ACCOUNT} from account a where id = $1",  # noqa: S608 - a constant list of columns
            account,
        )
        return None if row is None else _account(row)

    async def add_api_token(self, name: str, token_hash: bytes) -> ApiToken:
        row = await self.pool.fetchrow(
            "insert into api_token (name, token_hash) values ($1, $2) returning id, name, created_at", name, token_hash
        )
        if row is None:
            raise LookupError("an insert returned no row")
        return ApiToken(row["id"], row["name"], row["created_at"])

    async def api_token(self, token_hash: bytes) -> ApiToken | None:
        row = await self.pool.fetchrow(
            "select id, name, created_at, last_used_at from api_token where token_hash = $1 and revoked_at is null",
            token_hash,
        )
        return None if row is None else _api_token(row)

    async def api_tokens(self) -> list[ApiToken]:
        rows = await self.pool.fetch(
            "select id, name, created_at, last_used_at from api_token where revoked_at is null order by created_at, id"
        )
        return [_api_token(row) for row in rows]

    async def api_token_used(self, token: uuid.UUID) -> None:
        """At most one write a minute a token."""
        await self.pool.execute(
            """
            update api_token set last_used_at = now()
            where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')
            """,
            token,
        )

    async def revoke_api_token(self, token: uuid.UUID) -> bool:
        done = await self.pool.fetchval(
            "update api_token set revoked_at = now() where id = $1 and revoked_at is null returning true", token
        )
        return bool(done)
