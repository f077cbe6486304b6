"""SQL of the words people agreed to, each kept once for all who did."""

from __future__ import annotations

from webinar.base.db import Connection, Pool
from webinar.registration.model import Consent


class ConsentStore:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, connection: Connection, consent: Consent) -> None:
        await connection.execute(
            # Written over by itself where it is known: so nobody removes it before somebody refers to it.
            """
            insert into consent_text (version, text) values ($1, $2)
            on conflict (version) do update set text = excluded.text
            """,
            consent.version,
            consent.text,
        )

    async def drop(self) -> int:
        """Words that nobody is kept who agreed to them. How many went."""
        async with self._pool.acquire() as connection, connection.transaction():
            # First the locks, which `keep` waits for, then the look: whoever agreed until now is seen by it.
            rows = await connection.fetch(
                """
                select version from consent_text t
                where not exists (select from attendee a where a.consent_version = t.version)
                for update skip locked
                """
            )
            done = await connection.execute(
                """
                delete from consent_text t
                where version = any($1) and not exists (select from attendee a where a.consent_version = t.version)
                """,
                [row["version"] for row in rows],
            )
        return int(done.removeprefix("DELETE "))

    async def text(self, version: str) -> str | None:
        text: str | None = await self._pool.fetchval("select text from consent_text where version = $1", version)
        return text
