"""SQL of letters and of what a host chose about them. Of events and attendees it reads who a letter is for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.base.queue import enqueue_many
from webinar.mail.model import Choice, Kind, Letter, LetterState, Logged, Told

JOB: Final = "letter"

_COLUMNS: Final = (
    "id, event_id, attendee_id, to_email, kind, language, occasion, facts, state, subject, answer, tries, created_at, "
    "done_at"
)
_OF_LETTER: Final = ", ".join(f"l.{name}" for name in _COLUMNS.split(", "))


def _letter(row: Any) -> Letter:
    fields = {name: row[name] for name in _COLUMNS.split(", ")}
    fields["kind"], fields["state"] = Kind(fields["kind"]), LetterState(fields["state"])
    return Letter(**fields)


class MailStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    # -- what the host chose -------------------------------------------------------------------------------------

    async def choices(self, event_id: uuid.UUID) -> dict[Kind, Choice]:
        rows = await self.pool.fetch(
            "select kind, enabled, minutes, words from mail_choice where event_id = $1", event_id
        )
        kinds = set(Kind)
        return {
            Kind(row["kind"]): Choice(enabled=row["enabled"], minutes=row["minutes"], **row["words"])
            for row in rows
            if row["kind"] in kinds
        }

    async def choose(self, event_id: uuid.UUID, kind: Kind, choice: Choice) -> None:
        words = choice.model_dump(include={"ko", "en"}, exclude_none=True)
        await self.pool.execute(
            """
            insert into mail_choice (event_id, kind, enabled, minutes, words) values ($1, $2, $3, $4, $5)
            on conflict (event_id, kind) do update
            set enabled = excluded.enabled, minutes = excluded.minutes, words = excluded.words
            """,
            event_id,
            kind,
            choice.enabled,
            choice.minutes,
            words,
        )

    async def copy_choices(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        await connection.execute(
            """
            insert into mail_choice (event_id, kind, enabled, minutes, words)
            select $2, kind, enabled, minutes, words from mail_choice where event_id = $1
            on conflict (event_id, kind) do nothing
            """,
            source,
            target,
        )

    # -- writing -------------------------------------------------------------------------------------------------

    async def write(
        self,
        connection: Connection,
        event_id: uuid.UUID,
        attendees: Sequence[uuid.UUID],
        kind: Kind,
        *,
        occasion: str | None = None,
        own: Mapping[uuid.UUID, dict[str, Any]] | None = None,
    ) -> int:
        """A letter to each, in their own language, and the jobs that send them. With an `occasion` once a person."""
        rows = await connection.fetch(
            """
            insert into letter (event_id, attendee_id, kind, language, occasion, facts)
            select $1, id, $3, language, $4, coalesce($5::jsonb -> id::text, '{}')
            from attendee where event_id = $1 and id = any($2) and forgotten_at is null
            on conflict (attendee_id, kind, occasion) where occasion is not null do nothing
            returning id
            """,
            event_id,
            attendees,
            kind,
            occasion,
            {str(attendee): fact for attendee, fact in (own or {}).items()},
        )
        await post(connection, rows)
        return len(rows)

    async def write_to(
        self, connection: Connection, event_id: uuid.UUID, email: str, kind: Kind, language: str
    ) -> uuid.UUID:
        """To somebody who is no attendee: a test."""
        rows = await connection.fetch(
            "insert into letter (event_id, to_email, kind, language) values ($1, $2, $3, $4) returning id",
            event_id,
            email,
            kind,
            language,
        )
        await post(connection, rows)
        return uuid.UUID(str(rows[0]["id"]))

    async def tests(self, event_id: uuid.UUID, within: timedelta) -> int:
        count = await self.pool.fetchval(
            """
            select count(*) from letter
            where event_id = $1 and attendee_id is null and created_at > now() - $2::interval
            """,
            event_id,
            within,
        )
        return int(count)

    async def write_to_all(
        self, connection: Connection, event_id: uuid.UUID, statuses: Sequence[str], kind: Kind, facts: dict[str, Any]
    ) -> int:
        """To everybody of these statuses."""
        rows = await connection.fetch(
            """
            insert into letter (event_id, attendee_id, kind, language, facts)
            select $1, id, $3, language, $4 from attendee
            where event_id = $1 and status = any($2) and forgotten_at is null
            returning id
            """,
            event_id,
            statuses,
            kind,
            facts,
        )
        await post(connection, rows)
        return len(rows)

    # -- sending -------------------------------------------------------------------------------------------------

    async def get(self, letter_id: uuid.UUID) -> Letter | None:
        row = await self.pool.fetchrow(f"select {_COLUMNS} from letter where id = $1", letter_id)  # noqa: S608
        return None if row is None else _letter(row)

    async def of_attendee(self, attendee_id: uuid.UUID) -> list[Letter]:
        """Oldest first."""
        rows = await self.pool.fetch(
            f"select {_COLUMNS} from letter where attendee_id = $1 order by created_at, id",  # noqa: S608
            attendee_id,
        )
        return [_letter(row) for row in rows]

    async def tried(self, letter_id: uuid.UUID, why: str) -> None:
        await self.pool.execute(
            "update letter set tries = tries + 1, answer = $2 where id = $1 and state = 'waiting'", letter_id, why
        )

    async def done(self, letter_id: uuid.UUID, state: LetterState, subject: str, answer: str) -> None:
        await self.pool.execute(
            """
            update letter set state = $2, answer = $4, done_at = now(), tries = tries + 1,
                subject = case when $3 = '' then subject else $3 end
            where id = $1 and state = 'waiting'
            """,
            letter_id,
            state,
            subject,
            answer,
        )

    async def again(self, connection: Connection, event_id: uuid.UUID, letter_id: uuid.UUID) -> Letter | None:
        """A failed or sent one goes out once more: as a new letter, so that the log keeps what happened."""
        row = await connection.fetchrow(
            f"""
            insert into letter (event_id, attendee_id, to_email, kind, language, facts)
            select event_id, attendee_id, to_email, kind, language, facts from letter
            where id = $2 and event_id = $1 and state <> 'waiting' returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            letter_id,
        )
        if row is None:
            return None
        await post(connection, [row])
        return _letter(row)

    # -- looking -------------------------------------------------------------------------------------------------

    async def page(
        self,
        event_id: uuid.UUID,
        after: tuple[datetime, uuid.UUID] | None,
        limit: int,
        state: LetterState | None,
        kind: Kind | None,
    ) -> list[Logged]:
        """Newest first, from behind `after` = (created_at, id)."""
        rows = await self.pool.fetch(
            f"""
            select {_OF_LETTER}, coalesce(a.name, '') as name, coalesce(l.to_email, a.email, '') as email
            from letter l left join attendee a on a.id = l.attendee_id
            where l.event_id = $1 and ($2::timestamptz is null or (l.created_at, l.id) < ($2, $3::uuid))
                and ($4::text is null or l.state = $4) and ($5::text is null or l.kind = $5)
            order by l.created_at desc, l.id desc limit $6
            """,  # noqa: S608 - a constant list of columns
            event_id,
            None if after is None else after[0],
            None if after is None else after[1],
            state,
            kind,
            limit,
        )
        return [Logged(_letter(row), row["name"], row["email"]) for row in rows]

    async def counts(self, event_id: uuid.UUID) -> dict[tuple[Kind, LetterState], int]:
        """Tests are left out."""
        rows = await self.pool.fetch(
            """
            select kind, state, count(*) as letters from letter
            where event_id = $1 and attendee_id is not null group by kind, state
            """,
            event_id,
        )
        return {(Kind(row["kind"]), LetterState(row["state"])): int(row["letters"]) for row in rows}

    # -- what people were told -----------------------------------------------------------------------------------

    async def host(self, event_id: uuid.UUID) -> tuple[str, str]:
        """(name, address) of the event's host; empty where nobody has set one up."""
        row = await self.pool.fetchrow(
            """
            select a.name, a.email from event e
            join account a on a.id = e.created_by or (e.created_by is null and a.role = 'owner')
            where e.id = $1
            """,
            event_id,
        )
        return ("", "") if row is None else (row["name"], row["email"])

    async def told(
        self, event_id: uuid.UUID, connection: Connection | None = None, *, lock: bool = False
    ) -> Told | None:
        query = "select sequence, title, starts_at, ends_at, timezone from told where event_id = $1"
        row = await (connection or self.pool).fetchrow(f"{query} for update" if lock else query, event_id)
        return None if row is None else Told(**dict(row))

    async def tell(self, connection: Connection, event_id: uuid.UUID, told: Told) -> None:
        await self._tell(
            connection,
            """
            insert into told (event_id, sequence, title, starts_at, ends_at, timezone) values ($1, $2, $3, $4, $5, $6)
            on conflict (event_id) do update set sequence = excluded.sequence, title = excluded.title,
                starts_at = excluded.starts_at, ends_at = excluded.ends_at, timezone = excluded.timezone
            """,
            event_id,
            told,
        )

    async def tell_first(self, connection: Connection, event_id: uuid.UUID, told: Told) -> None:
        """Unless something was told before."""
        await self._tell(
            connection,
            """
            insert into told (event_id, sequence, title, starts_at, ends_at, timezone) values ($1, $2, $3, $4, $5, $6)
            on conflict (event_id) do nothing
            """,
            event_id,
            told,
        )

    async def _tell(self, connection: Connection, query: str, event_id: uuid.UUID, told: Told) -> None:
        await connection.execute(
            query, event_id, told.sequence, told.title, told.starts_at, told.ends_at, told.timezone
        )

    # -- what people do not want ---------------------------------------------------------------------------------

    async def refuse(self, attendee_id: uuid.UUID) -> bool:
        """True when there is such a person."""
        row = await self.pool.fetchval(
            """
            insert into no_more_mail (attendee_id) select id from attendee where id = $1
            on conflict (attendee_id) do update set since = no_more_mail.since returning attendee_id
            """,
            attendee_id,
        )
        return row is not None

    async def forget(self, attendee_id: uuid.UUID) -> None:
        """What servers answered may name the address; what waits has nowhere to go."""
        await self.pool.execute("delete from letter where attendee_id = $1", attendee_id)

    async def refused(self, attendee_id: uuid.UUID) -> bool:
        found = await self.pool.fetchval("select 1 from no_more_mail where attendee_id = $1", attendee_id)
        return found is not None


async def post(connection: Connection, rows: Sequence[Any]) -> None:
    """The jobs that send these letters, by their ids."""
    await enqueue_many(connection, JOB, [{"letter": str(row["id"])} for row in rows])
