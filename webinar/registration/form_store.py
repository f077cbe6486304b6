"""SQL of the registration form: an event's rules, its questions, and how long its data is kept."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.registration.questions import Kind, NewQuestion, Question
from webinar.registration.rules import Rules

_QUESTION: Final = "id, text, kind, options, required"
# What a change may name: the only names that ever reach the text of a statement.
_CHANGEABLE: Final = ("domains", "others", "passcode_hash", "closes_at", "marketing", "keeper")


def _question(row: Any) -> Question:
    return Question(**{**dict(row), "kind": Kind(row["kind"]), "options": tuple(row["options"])})


class FormStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def lock(self, connection: Connection, event_id: uuid.UUID) -> bool:
        """Keeps the event's row for the caller's transaction; False when there is none."""
        return await connection.fetchval("select true from event where id = $1 for no key update", event_id) is True

    async def rules(self, event_id: uuid.UUID, connection: Connection | None = None) -> Rules | None:
        row = await (connection or self.pool).fetchrow(
            """
            select e.id as event_id, e.retention_days, destroyed_at(e) as destroyed_at,
                coalesce(r.domains, '{}') as domains, coalesce(r.others, 'pending') as others,
                r.passcode_hash is not null as has_passcode, r.closes_at,
                coalesce(r.marketing, true) as marketing, coalesce(r.keeper, '') as keeper
            from event e left join registration_rules r on r.event_id = e.id where e.id = $1
            """,
            event_id,
        )
        return None if row is None else Rules(**{**dict(row), "domains": tuple(row["domains"])})

    async def passcode_hash(self, event_id: uuid.UUID) -> str | None:
        found: str | None = await self.pool.fetchval(
            "select passcode_hash from registration_rules where event_id = $1", event_id
        )
        return found

    async def change_rules(self, connection: Connection, event_id: uuid.UUID, values: Mapping[str, Any]) -> None:
        names = [name for name in values if name in _CHANGEABLE]
        await connection.execute(
            "insert into registration_rules (event_id) values ($1) on conflict (event_id) do nothing", event_id
        )
        if names:
            sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, start=2))
            await connection.execute(
                f"update registration_rules set {sets} where event_id = $1",  # noqa: S608
                event_id,
                *(values[name] for name in names),
            )

    async def shift_closing(self, connection: Connection, event_id: uuid.UUID, by: timedelta) -> None:
        await connection.execute(
            "update registration_rules set closes_at = closes_at + $2::interval where event_id = $1", event_id, by
        )

    async def keep_for(self, connection: Connection, event_id: uuid.UUID, days: int) -> None:
        await connection.execute(
            "update event set retention_days = $2, updated_at = now() where id = $1", event_id, days
        )

    async def agreed(self, connection: Connection, event_id: uuid.UUID) -> int:
        """How many people were told how long their data is kept."""
        count = await connection.fetchval(
            "select count(*) from attendee where event_id = $1 and consent_at is not null", event_id
        )
        return int(count)

    async def questions(self, event_id: uuid.UUID, connection: Connection | None = None) -> list[Question]:
        rows = await (connection or self.pool).fetch(
            f"select {_QUESTION} from registration_question where event_id = $1 order by position, id",  # noqa: S608
            event_id,
        )
        return [_question(row) for row in rows]

    async def add_question(self, connection: Connection, event_id: uuid.UUID, new: NewQuestion) -> Question:
        """At the end of the form."""
        row = await connection.fetchrow(
            f"""
            insert into registration_question (event_id, position, kind, text, options, required)
            select $1::uuid, coalesce(max(position), 0) + 1, $2::text, $3::text, $4::text[], $5::boolean
            from registration_question where event_id = $1
            returning {_QUESTION}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            new.kind,
            new.text,
            new.options,
            new.required,
        )
        return _question(row)

    async def change_question(
        self, connection: Connection, event_id: uuid.UUID, question: Question, new: NewQuestion
    ) -> None:
        """What was answered follows the question to its new text."""
        await connection.execute(
            "update registration_question set kind = $2, text = $3, options = $4, required = $5 where id = $1",
            question.id,
            new.kind,
            new.text,
            new.options,
            new.required,
        )
        if new.text != question.text:
            await connection.execute(
                """
                update attendee set answers = (answers - $2::text) || jsonb_build_object($3::text, answers -> $2::text)
                where event_id = $1 and answers ? $2::text
                """,
                event_id,
                question.text,
                new.text,
            )

    async def remove_question(self, connection: Connection, question_id: uuid.UUID) -> None:
        await connection.execute("delete from registration_question where id = $1", question_id)

    async def order_questions(self, connection: Connection, order: Sequence[uuid.UUID]) -> None:
        await connection.execute(
            """
            update registration_question q set position = o.place
            from unnest($1::uuid[]) with ordinality as o(id, place) where q.id = o.id
            """,
            order,
        )

    async def copy(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """The form of another event: its questions, its rules with the passcode, its promise. It closes as long before
        the start as the other one."""
        await connection.execute(
            """
            insert into registration_question (event_id, position, kind, text, options, required)
            select $2::uuid, position, kind, text, options, required from registration_question where event_id = $1
            """,
            source,
            target,
        )
        await connection.execute(
            """
            insert into registration_rules (event_id, domains, others, passcode_hash, closes_at, marketing, keeper)
            select t.id, r.domains, r.others, r.passcode_hash, r.closes_at + (t.starts_at - s.starts_at), r.marketing,
                r.keeper
            from registration_rules r join event s on s.id = r.event_id, event t where s.id = $1 and t.id = $2
            """,
            source,
            target,
        )
        await connection.execute(
            "update event set retention_days = s.retention_days from event s where event.id = $2 and s.id = $1",
            source,
            target,
        )
