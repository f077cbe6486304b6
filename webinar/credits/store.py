"""SQL of certificates, their terms, and the keys that signed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.credits.certificate import Certificate, Terms

_COLUMNS: Final = (
    "id, event_id, attendee_id, serial, edition, number, name, salt, statement, signature, key_id, issued_at, "
    "revoked_at, revoked_reason, replaced_by"
)
_TERMS: Final = "offered, heading, issuer, signer, credits, prefix"


def _certificate(row: Any) -> Certificate:
    return Certificate(**dict(row))


class CreditStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    # -- keys ----------------------------------------------------------------------------------------------------

    async def add_key(self, key_id: str, public: bytes) -> None:
        await self.pool.execute(
            "insert into signing_key (key_id, public_key) values ($1, $2) on conflict do nothing", key_id, public
        )

    async def keys(self) -> list[tuple[bytes, datetime]]:
        """Every key that ever signed here, oldest first."""
        rows = await self.pool.fetch("select public_key, created_at from signing_key order by created_at, key_id")
        return [(row["public_key"], row["created_at"]) for row in rows]

    # -- terms ---------------------------------------------------------------------------------------------------

    async def copy_terms(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """For another event that has none."""
        await connection.execute(
            """
            insert into credit_terms (event_id, offered, heading, issuer, signer, credits, prefix)
            select $2::uuid, offered, heading, issuer, signer, credits, prefix from credit_terms where event_id = $1
            """,
            source,
            target,
        )

    async def terms(self, event_id: uuid.UUID) -> Terms | None:
        row = await self.pool.fetchrow(f"select {_TERMS} from credit_terms where event_id = $1", event_id)  # noqa: S608
        return None if row is None else Terms(**dict(row))

    async def lock_terms(self, connection: Connection, event_id: uuid.UUID) -> Terms:
        """Made where there are none; who else issues certificates of the event waits."""
        await connection.execute("insert into credit_terms (event_id) values ($1) on conflict do nothing", event_id)
        row = await connection.fetchrow(
            f"select {_TERMS} from credit_terms where event_id = $1 for update",  # noqa: S608
            event_id,
        )
        return Terms() if row is None else Terms(**dict(row))

    async def save_terms(self, connection: Connection, event_id: uuid.UUID, terms: Terms) -> None:
        await connection.execute(
            """
            update credit_terms set offered = $2, heading = $3, issuer = $4, signer = $5, credits = $6, prefix = $7,
                updated_at = now()
            where event_id = $1
            """,
            event_id,
            terms.offered,
            terms.heading,
            terms.issuer,
            terms.signer,
            terms.credits,
            terms.prefix,
        )

    # -- certificates --------------------------------------------------------------------------------------------

    async def present(self, connection: Connection, attendees: Collection[uuid.UUID]) -> set[uuid.UUID]:
        """Those of them whose data were not deleted; who deletes some now waits for the transaction."""
        rows = await connection.fetch(
            "select id from attendee where id = any($1) and forgotten_at is null order by id for share",
            list(attendees),
        )
        return {row["id"] for row in rows}

    async def newest(self, event_id: uuid.UUID, connection: Connection | None = None) -> list[Certificate]:
        """Of each number the last edition, in the order of their numbers."""
        rows = await (connection or self.pool).fetch(
            f"""
            select distinct on (serial) {_COLUMNS} from certificate where event_id = $1
            order by serial, edition desc
            """,  # noqa: S608
            event_id,
        )
        return [_certificate(row) for row in rows]

    async def find(self, certificate_id: uuid.UUID) -> Certificate | None:
        row = await self.pool.fetchrow(f"select {_COLUMNS} from certificate where id = $1", certificate_id)  # noqa: S608
        return None if row is None else _certificate(row)

    async def of_attendee(self, attendee_id: uuid.UUID) -> Certificate | None:
        """The valid one."""
        row = await self.pool.fetchrow(
            f"select {_COLUMNS} from certificate where attendee_id = $1 and revoked_at is null",  # noqa: S608
            attendee_id,
        )
        return None if row is None else _certificate(row)

    async def all_of_attendee(self, attendee_id: uuid.UUID) -> list[Certificate]:
        """Those that were taken back or replaced, too; oldest first."""
        rows = await self.pool.fetch(
            f"select {_COLUMNS} from certificate where attendee_id = $1 order by issued_at, id",  # noqa: S608
            attendee_id,
        )
        return [_certificate(row) for row in rows]

    async def replace(self, connection: Connection, old: uuid.UUID, new: uuid.UUID) -> None:
        await connection.execute("update certificate set revoked_at = now(), replaced_by = $2 where id = $1", old, new)

    async def add(self, connection: Connection, certificates: Sequence[Certificate]) -> None:
        await connection.executemany(
            """
            insert into certificate (
                id, event_id, attendee_id, serial, edition, number, name, salt, statement, signature, key_id, issued_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [
                (
                    c.id,
                    c.event_id,
                    c.attendee_id,
                    c.serial,
                    c.edition,
                    c.number,
                    c.name,
                    c.salt,
                    c.statement,
                    c.signature,
                    c.key_id,
                    c.issued_at,
                )
                for c in certificates
            ],
        )

    async def revoke(self, event_id: uuid.UUID, certificate_id: uuid.UUID, reason: str) -> Certificate | None:
        """None: there is no valid one with this id."""
        row = await self.pool.fetchrow(
            f"""
            update certificate set revoked_at = now(), revoked_reason = $3
            where event_id = $1 and id = $2 and revoked_at is null
            returning {_COLUMNS}
            """,  # noqa: S608
            event_id,
            certificate_id,
            reason,
        )
        return None if row is None else _certificate(row)

    async def forget(self, attendee_id: uuid.UUID) -> None:
        """What names the person goes; that a certificate was issued, and for what, stays."""
        await self.pool.execute(
            "update certificate set name = null, salt = null, attendee_id = null where attendee_id = $1", attendee_id
        )
