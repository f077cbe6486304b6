"""SQL of how attendance is taken, and of what it must know of the event, its agenda and the breaks of its programme."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from webinar.attendance.intervals import union
from webinar.attendance.model import Part, Programme, Prompt
from webinar.attendance.plan import Plan, Rule
from webinar.base.db import Connection, Pool

_PLAN: Final = (
    "windows, enter_before_min, enter_after_min, leave_before_min, prompts_per_hour, answer_min, pauses_count"
)
_RULE: Final = "id, agenda_item_id, share, minutes, enter, leave, confirmed"


class PlanStore:
    """Queries over one pool; those that take a connection belong to a transaction."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def programme(self, event_id: uuid.UUID, now: datetime) -> Programme | None:
        row = await self.pool.fetchrow(
            "select id as event_id, state, starts_at, ends_at, started_at, ended_at from event where id = $1", event_id
        )
        if row is None:
            return None
        parts = await self.pool.fetch(
            "select id, title, starts_at, ends_at from agenda_item where event_id = $1 order by position", event_id
        )
        marks = await self.pool.fetch(
            "select at, kind from programme_mark where event_id = $1 and kind in ('pause', 'resume') order by at, id",
            event_id,
        )
        pauses, began = [], None
        for mark in marks:
            if mark["kind"] == "pause":
                began = began or mark["at"]
            elif began is not None:
                pauses.append((began, mark["at"]))
                began = None
        if began is not None:
            pauses.append((began, row["ended_at"] or max(now, began)))
        return Programme(**dict(row), pauses=union(pauses), parts=tuple(Part(**dict(part)) for part in parts))

    async def plan(self, event_id: uuid.UUID, connection: Connection | None = None) -> Plan:
        """The defaults where the host has saved none."""
        source = connection or self.pool
        row = await source.fetchrow(f"select {_PLAN} from attendance_plan where event_id = $1", event_id)  # noqa: S608
        rules = await source.fetch(
            f"select {_RULE} from attendance_rule where event_id = $1 order by position",  # noqa: S608
            event_id,
        )
        return Plan(**dict(row or {}), rules=tuple(Rule(**dict(rule)) for rule in rules))

    async def save_plan(self, connection: Connection, event_id: uuid.UUID, plan: Plan) -> None:
        """Rules keep their ids; of others they get new ones."""
        values = plan.model_dump(exclude={"rules"})
        await connection.execute(
            f"""
            insert into attendance_plan (event_id, {_PLAN}) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (event_id) do update set windows = $2, enter_before_min = $3, enter_after_min = $4,
                leave_before_min = $5, prompts_per_hour = $6, answer_min = $7, pauses_count = $8
            """,  # noqa: S608 - a constant list of columns
            event_id,
            *(values[name.strip()] for name in _PLAN.split(",")),
        )
        known = {
            row["id"]
            for row in await connection.fetch("delete from attendance_rule where event_id = $1 returning id", event_id)
        }
        await connection.executemany(
            """
            insert into attendance_rule
                (id, event_id, position, agenda_item_id, share, minutes, enter, leave, confirmed)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                (
                    rule.id if rule.id in known else uuid.uuid4(),
                    event_id,
                    position,
                    rule.agenda_item_id,
                    rule.share,
                    rule.minutes,
                    rule.enter,
                    rule.leave,
                    rule.confirmed,
                )
                for position, rule in enumerate(plan.rules)
            ],
        )

    async def parts_of(self, connection: Connection, event_id: uuid.UUID) -> set[uuid.UUID]:
        rows = await connection.fetch("select id from agenda_item where event_id = $1", event_id)
        return {row["id"] for row in rows}

    async def prompts(self, event_id: uuid.UUID) -> tuple[Prompt, ...]:
        rows = await self.pool.fetch(
            "select number, at, until from attendance_prompt where event_id = $1 order by number", event_id
        )
        return tuple(Prompt(**dict(row)) for row in rows)

    async def add_prompt(self, connection: Connection, event_id: uuid.UUID, prompt: Prompt) -> bool:
        """False when another process drew one with this number first."""
        added = await connection.fetchval(
            """
            insert into attendance_prompt (event_id, number, at, until) values ($1, $2, $3, $4)
            on conflict do nothing returning number
            """,
            event_id,
            prompt.number,
            prompt.at,
            prompt.until,
        )
        return added is not None

    async def copy(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """Plan and rules of one event for another that has none; of an item of the agenda for the same item there."""
        await connection.execute(
            """
            insert into attendance_plan (event_id, windows, enter_before_min, enter_after_min, leave_before_min,
                prompts_per_hour, answer_min, pauses_count)
            select $2::uuid, windows, enter_before_min, enter_after_min, leave_before_min,
                prompts_per_hour, answer_min, pauses_count
            from attendance_plan where event_id = $1
            """,
            source,
            target,
        )
        await connection.execute(
            """
            insert into attendance_rule
                (event_id, position, agenda_item_id, share, minutes, enter, leave, confirmed)
            select $2::uuid, r.position, there.id, r.share, r.minutes, r.enter, r.leave, r.confirmed
            from attendance_rule r
            left join agenda_item here on here.id = r.agenda_item_id
            left join agenda_item there on there.event_id = $2 and there.position = here.position
            where r.event_id = $1 and (r.agenda_item_id is null or there.id is not null)
            """,
            source,
            target,
        )

    async def forget_prompts(self, connection: Connection, event_id: uuid.UUID, after: datetime) -> list[int]:
        """Those nobody was told of yet. Their numbers."""
        rows = await connection.fetch(
            "delete from attendance_prompt where event_id = $1 and at > $2 returning number", event_id, after
        )
        return [row["number"] for row in rows]
