"""SQL of what was said: the chat service writes these rows, here they are read."""

from __future__ import annotations

import uuid

from chat.transcript import Row
from webinar.base.db import Pool


class ConversationStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def head(self, event_id: uuid.UUID) -> tuple[str, int] | None:
        """(epoch, newest number) of the room; None while nobody has been in it."""
        row = await self._pool.fetchrow("select epoch, last_seq from chat_room where event_id = $1", event_id)
        return None if row is None else (str(row["epoch"]), row["last_seq"])

    async def rows(self, event_id: uuid.UUID, after: int, limit: int) -> list[Row]:
        """The first `limit` events behind the number `after`, in order."""
        rows = await self._pool.fetch(
            """
            select seq, type, at, person, body as content from chat_log
            where event_id = $1 and seq > $2 order by seq limit $3
            """,
            event_id,
            after,
            limit,
        )
        return [Row(**dict(row)) for row in rows]

    async def results(self, event_id: uuid.UUID) -> dict[int, tuple[list[int] | None, dict[int, int], int]]:
        """Of polls that are open, as of now: counts of an anonymous one (else None), people by choice of any other
        (else empty), people who answered.
        """
        rows = await self._pool.fetch(
            """
            select p.poll, p.anonymous, p.counts, a.choice, a.times,
                case when p.anonymous then p.answers
                else (select count(*) from chat_answer n where n.event_id = p.event_id and n.poll = p.poll)
                end as people
            from chat_poll p left join (
                select event_id, poll, choice, count(*) as times
                from chat_answer, unnest(choices) as choice group by event_id, poll, choice
            ) a on a.event_id = p.event_id and a.poll = p.poll
            where p.event_id = $1 and p.open
            """,
            event_id,
        )
        found: dict[int, tuple[list[int] | None, dict[int, int], int]] = {}
        for row in rows:
            counts = list(row["counts"]) if row["anonymous"] else None
            _, chosen, _ = found.setdefault(row["poll"], (counts, {}, row["people"]))
            if row["choice"] is not None:
                chosen[row["choice"]] = row["times"]
        return found
