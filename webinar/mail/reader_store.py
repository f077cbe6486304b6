"""SQL of whom a follow-up is for: whom `DueStore.follow_up` writes to, and why it does not write to others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from webinar.base.db import Pool
from webinar.mail.model import Kind
from webinar.mail.readers import Reader, Standing


class ReaderStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, event_id: uuid.UUID, kind: Kind, people: Sequence[uuid.UUID]) -> list[Reader]:
        """Those of `people` who hold a seat, by name."""
        rows = await self._pool.fetch(
            """
            select a.id, a.name, a.email, a.language, case
                when exists (
                    select from letter l where l.attendee_id = a.id and l.kind = $2 and l.occasion = 'once'
                ) then 'has'
                when exists (select from no_more_mail n where n.attendee_id = a.id) then 'stopped'
                else 'gets' end as standing
            from attendee a
            where a.event_id = $1 and a.status = 'approved' and a.forgotten_at is null and a.id = any($3)
            order by a.name, a.email
            """,
            event_id,
            kind,
            people,
        )
        return [Reader(r["id"], r["name"], r["email"], r["language"], Standing(r["standing"])) for r in rows]
