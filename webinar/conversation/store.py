"""SQL of what was said. The chat service writes it; here it is read, and rewritten when data are destroyed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chat.transcript import Row
from webinar.base.db import Connection, Pool


class ConversationStore:
    """Queries over one pool."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def head(self, event_id: uuid.UUID) -> tuple[str, int] | None:
        """(epoch, newest number) of the room; None while nobody has been in it."""
        row = await self.pool.fetchrow("select epoch, last_seq from chat_room where event_id = $1", event_id)
        return None if row is None else (str(row["epoch"]), row["last_seq"])

    async def rows(self, event_id: uuid.UUID, after: int, limit: int) -> list[Row]:
        """The first `limit` events behind the number `after`, in order."""
        rows = await self.pool.fetch(
            """
            select seq, type, at, person, body as content from chat_log
            where event_id = $1 and seq > $2 order by seq limit $3
            """,
            event_id,
            after,
            limit,
        )
        return [Row(**dict(row)) for row in rows]

    async def standing(self, event_id: uuid.UUID, seq: int) -> list[Row]:
        """What makes a room what it is now (`chat.state.bears_state`), and the event of that number; in order."""
        rows = await self.pool.fetch(
            """
            select seq, type, at, person, body as content from chat_log
            where event_id = $1
                and (type <> 'message' or body ? 'held' or body ->> 'role' <> 'attendee' or seq = $2)
            order by seq
            """,
            event_id,
            seq,
        )
        return [Row(**dict(row)) for row in rows]

    async def prepared(self, connection: Connection, event_id: uuid.UUID) -> list[Row]:
        """Settings and polls of a room, in order."""
        rows = await connection.fetch(
            """
            select seq, type, at, person, body as content from chat_log
            where event_id = $1 and type in ('settings', 'poll') order by seq
            """,
            event_id,
        )
        return [Row(**dict(row)) for row in rows]

    async def begin(
        self, connection: Connection, event_id: uuid.UUID, person: str, events: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> None:
        """The first events of a new event's room."""
        await connection.execute("insert into chat_room (event_id, last_seq) values ($1, $2)", event_id, len(events))
        await connection.executemany(
            """
            insert into chat_log (event_id, seq, type, cid, person, body)
            values ($1, $2, $3, gen_random_uuid(), $4, $5)
            """,
            [(event_id, seq, type_, person, content) for seq, (type_, content) in enumerate(events, start=1)],
        )

    async def lock(self, connection: Connection, event_id: uuid.UUID) -> int | None:
        """The newest number; nobody writes into the room until the end of the transaction. None: there is no room."""
        last: int | None = await connection.fetchval(
            "select last_seq from chat_room where event_id = $1 for no key update", event_id
        )
        return last

    async def rows_about(self, connection: Connection, event_id: uuid.UUID, person: str) -> list[Row]:
        """All that a person wrote, and all that names their id."""
        rows = await connection.fetch(
            """
            select seq, type, at, person, body as content from chat_log
            where event_id = $1 and (person = $2 or strpos(body::text, $2) > 0) order by seq
            """,
            event_id,
            person,
        )
        return [Row(**dict(row)) for row in rows]

    async def rewrite(
        self, connection: Connection, event_id: uuid.UUID, rows: Sequence[tuple[int, str, Mapping[str, Any]]]
    ) -> str:
        """Puts (number, person, content) in place of what stood there; the room's new epoch, by which it is known."""
        await connection.executemany(
            "update chat_log set person = $3, body = $4 where event_id = $1 and seq = $2",
            [(event_id, seq, person, content) for seq, person, content in rows],
        )
        epoch = await connection.fetchval(
            "update chat_room set epoch = gen_random_uuid() where event_id = $1 returning epoch", event_id
        )
        return str(epoch)

    async def rename_votes(self, connection: Connection, event_id: uuid.UUID, person: str, alias: str) -> None:
        """Votes and answers stay counted, as somebody else's."""
        for table in ("chat_vote", "chat_answer", "chat_voter"):
            await connection.execute(
                f"update {table} set person = $3 where event_id = $1 and person = $2",  # noqa: S608 - one of the three
                event_id,
                person,
                alias,
            )

    async def results(self, event_id: uuid.UUID) -> dict[int, tuple[list[int] | None, dict[int, int], int]]:
        """Of polls that are open, as of now: counts of an anonymous one (else None), people by choice of any other
        (else empty), people who answered.
        """
        rows = await self.pool.fetch(
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

    async def votes(self, event_id: uuid.UUID, person: str) -> list[int]:
        """Numbers of the questions that a person is for."""
        rows = await self.pool.fetch(
            "select question from chat_vote where event_id = $1 and person = $2 and up order by question",
            event_id,
            person,
        )
        return [row["question"] for row in rows]

    async def answers(self, event_id: uuid.UUID, person: str) -> dict[int, list[int] | None]:
        """What a person chose, by poll; None of an anonymous one, of which that is not known."""
        rows = await self.pool.fetch(
            """
            select poll, choices from chat_answer where event_id = $1 and person = $2
            union all select poll, null from chat_voter where event_id = $1 and person = $2 order by poll
            """,
            event_id,
            person,
        )
        return {row["poll"]: None if row["choices"] is None else list(row["choices"]) for row in rows}

    async def hands(self, event_id: uuid.UUID, person: str) -> list[datetime]:
        """When a person raised their hand."""
        rows = await self.pool.fetch(
            """
            select at from chat_log where event_id = $1 and type = 'hand' and person = $2 and body ->> 'of' is null
            order by seq
            """,
            event_id,
            person,
        )
        return [row["at"] for row in rows]
