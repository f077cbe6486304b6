"""SQL of attendance. Of the event, its agenda, its people and the marks of its programme it reads what it needs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from webinar.attendance.intervals import NEVER, Spans, union
from webinar.attendance.model import (
    Correction,
    Kind,
    LogEntry,
    Mark,
    NewCorrection,
    Part,
    Plan,
    Programme,
    Prompt,
    Record,
    Rule,
)
from webinar.base import chain
from webinar.base.db import Connection, Pool

# Honest browsers make a handful of either; what comes beyond is put together, or not taken.
_MOST_DEVICES: Final = 24
_MOST_SPANS: Final = 2000
_PLAN: Final = (
    "windows, enter_before_min, enter_after_min, leave_before_min, leave_after_min, prompts_per_hour, answer_min, "
    "pauses_count"
)
_RULE: Final = "id, agenda_item_id, share, minutes, enter, leave, confirmed"
_CORRECTION: Final = "id, attendee_id, kind, started_at, ended_at, rule_id, reason, by_whom as by, at"


@dataclass(frozen=True, slots=True)
class Told:
    """What one person's player told of one device, put together."""

    attendee_id: uuid.UUID
    kind: Kind
    device: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Pressed:
    """A mark of one person."""

    event_id: uuid.UUID
    attendee_id: uuid.UUID
    mark: Mark
    received_at: datetime


@dataclass(slots=True)
class _Draft:
    live: dict[str, Spans] = field(default_factory=dict)
    replay: dict[str, Spans] = field(default_factory=dict)
    seen: Spans = NEVER
    marks: list[Mark] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


def _multirange(spans: Iterable[tuple[datetime, datetime]]) -> str:
    """As PostgreSQL writes a `tstzmultirange`."""
    return "{" + ",".join(f"[{start.isoformat()},{end.isoformat()})" for start, end in spans) + "}"


def _spans(value: Sequence[Any]) -> Spans:
    """Of asyncpg's ranges, none of which is open."""
    return union((found.lower, found.upper) for found in value)


class AttendanceStore:
    """Queries over one pool; those that take a connection belong to a transaction."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    # -- the event and its plan ----------------------------------------------------------------------------------

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
            insert into attendance_plan (event_id, {_PLAN}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (event_id) do update set windows = $2, enter_before_min = $3, enter_after_min = $4,
                leave_before_min = $5, leave_after_min = $6, prompts_per_hour = $7, answer_min = $8, pauses_count = $9
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

    # -- prompts -------------------------------------------------------------------------------------------------

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

    async def forget_prompts(self, connection: Connection, event_id: uuid.UUID, after: datetime) -> list[int]:
        """Those nobody was told of yet. Their numbers."""
        rows = await connection.fetch(
            "delete from attendance_prompt where event_id = $1 and at > $2 returning number", event_id, after
        )
        return [row["number"] for row in rows]

    # -- what players tell ---------------------------------------------------------------------------------------

    async def add_spans(self, connection: Connection, told: Sequence[Told], now: datetime) -> None:
        """Each cut to what can be: after the person was let in, before now; live while the event was.

        In the order of the people, so that two processes do not wait for each other.
        """
        await connection.execute(
            """
            with told as (
                select t.*, a.event_id, e.started_at, least(e.ended_at, $5) as until,
                    coalesce(least(a.first_joined_at, lower(s.spans)), $5) as joined_at,
                    case when exists (
                        select from attendance_span x
                        where x.attendee_id = t.attendee_id and x.kind = t.kind and x.device = t.device
                    ) or (select count(*) from attendance_span x where x.attendee_id = t.attendee_id) < $6
                    then t.device else 'more' end as place
                from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as t (attendee_id, kind, device, spans)
                join attendee a on a.id = t.attendee_id
                join event e on e.id = a.event_id
                left join attendance_seen s on s.attendee_id = t.attendee_id
            ), cut as (
                select event_id, attendee_id, kind, place, spans::tstzmultirange * tstzmultirange(
                    case kind when 'live' then
                        case when started_at is null then 'empty'::tstzrange
                        else tstzrange(greatest(joined_at, started_at), greatest(joined_at, started_at, until)) end
                    else tstzrange(joined_at, greatest(joined_at, $5)) end
                ) as spans
                from told
            ), pieces as (
                select event_id, attendee_id, kind, place, piece from cut, unnest(spans) as piece
            )
            insert into attendance_span as known (event_id, attendee_id, kind, device, spans)
            select event_id, attendee_id, kind, place, range_agg(piece) from pieces
            group by event_id, attendee_id, kind, place order by attendee_id, kind, place
            on conflict (attendee_id, kind, device) do update set spans = known.spans + excluded.spans
            where (select count(*) from unnest(known.spans)) < $7
            """,
            [one.attendee_id for one in told],
            [one.kind for one in told],
            [one.device for one in told],
            [_multirange(one.spans) for one in told],
            now,
            _MOST_DEVICES,
            _MOST_SPANS,
        )

    async def add_seen(self, connection: Connection, seen: Mapping[uuid.UUID, Spans]) -> None:
        """What this process saw itself of people. Who was deleted meanwhile is left out."""
        people = sorted(seen)
        await connection.execute(
            """
            insert into attendance_seen as known (attendee_id, event_id, spans)
            select a.id, a.event_id, t.spans::tstzmultirange
            from unnest($1::uuid[], $2::text[]) as t (attendee_id, spans) join attendee a on a.id = t.attendee_id
            order by a.id
            on conflict (attendee_id) do update set spans = known.spans + excluded.spans
            """,
            people,
            [_multirange(seen[person]) for person in people],
        )

    async def add_marks(self, connection: Connection, pressed: Sequence[Pressed]) -> list[Pressed]:
        """Those that were new; none from before the person was let in."""
        rows = await connection.fetch(
            """
            insert into attendance_mark (event_id, attendee_id, kind, prompt, at, received_at)
            select t.event_id, t.attendee_id, t.kind, t.prompt, t.at, t.received_at
            from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[])
                as t (event_id, attendee_id, kind, prompt, at, received_at)
            join attendee a on a.id = t.attendee_id
            left join attendance_seen s on s.attendee_id = t.attendee_id
            where t.at >= coalesce(least(a.first_joined_at, lower(s.spans)), t.received_at) - interval '2 seconds'
            order by t.attendee_id
            on conflict do nothing returning attendee_id, kind, prompt
            """,
            [one.event_id for one in pressed],
            [one.attendee_id for one in pressed],
            [one.mark.kind for one in pressed],
            [one.mark.prompt for one in pressed],
            [one.mark.at for one in pressed],
            [one.received_at for one in pressed],
        )
        added = {(row["attendee_id"], row["kind"], row["prompt"]) for row in rows}
        return [one for one in pressed if (one.attendee_id, one.mark.kind, one.mark.prompt) in added]

    # -- what is known of people ---------------------------------------------------------------------------------

    async def people(self, event_id: uuid.UUID) -> list[uuid.UUID]:
        """Who holds a seat or was there, in the order of registration."""
        rows = await self.pool.fetch(
            """
            select id from attendee a where event_id = $1 and (
                status = 'approved'
                or exists (select from attendance_span s where s.attendee_id = a.id)
                or exists (select from attendance_correction c where c.attendee_id = a.id)
            ) order by registered_at, id
            """,
            event_id,
        )
        return [row["id"] for row in rows]

    async def records(
        self, attendees: Sequence[uuid.UUID], connection: Connection | None = None
    ) -> dict[uuid.UUID, Record]:
        """Of each of them all that is stored, which may be nothing."""
        source = connection or self.pool
        drafts = {attendee: _Draft() for attendee in attendees}
        for row in await source.fetch(
            "select attendee_id, kind, device, spans from attendance_span where attendee_id = any($1)", attendees
        ):
            draft = drafts[row["attendee_id"]]
            (draft.live if row["kind"] == "live" else draft.replay)[row["device"]] = _spans(row["spans"])
        for row in await source.fetch(
            "select attendee_id, spans from attendance_seen where attendee_id = any($1)", attendees
        ):
            drafts[row["attendee_id"]].seen = _spans(row["spans"])
        for row in await source.fetch(
            "select attendee_id, kind, prompt, at from attendance_mark where attendee_id = any($1) order by at",
            attendees,
        ):
            drafts[row["attendee_id"]].marks.append(Mark(row["kind"], row["at"], row["prompt"]))
        for row in await source.fetch(
            f"select {_CORRECTION} from attendance_correction where attendee_id = any($1) order by at, id",  # noqa: S608
            attendees,
        ):
            drafts[row["attendee_id"]].corrections.append(Correction(**dict(row)))
        return {
            attendee: Record(attendee, d.live, d.replay, d.seen, tuple(d.marks), tuple(d.corrections))
            for attendee, d in drafts.items()
        }

    async def add_correction(
        self, connection: Connection, event_id: uuid.UUID, attendee_id: uuid.UUID, new: NewCorrection, by: str
    ) -> Correction | None:
        """None: there is no such person in this event."""
        row = await connection.fetchrow(
            f"""
            insert into attendance_correction
                (event_id, attendee_id, kind, started_at, ended_at, rule_id, reason, by_whom)
            select event_id, id, $3, $4, $5, $6, $7, $8 from attendee where id = $2 and event_id = $1
            returning {_CORRECTION}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            attendee_id,
            new.kind,
            new.started_at,
            new.ended_at,
            new.rule_id,
            new.reason.strip(),
            by,
        )
        return None if row is None else Correction(**dict(row))

    # -- the log -------------------------------------------------------------------------------------------------

    async def lock_chain(self, connection: Connection, event_id: uuid.UUID) -> tuple[int, str, bool]:
        """(last number, its hash, whether anything changed since the seal); others wait until the transaction ends."""
        (row,) = await connection.fetch(
            """
            insert into attendance_chain (event_id, head) values ($1, $2)
            on conflict (event_id) do update set event_id = excluded.event_id returning last_seq, head, changed
            """,
            event_id,
            chain.GENESIS,
        )
        return row["last_seq"], row["head"], row["changed"]

    async def add_entries(self, connection: Connection, event_id: uuid.UUID, entries: Sequence[LogEntry]) -> None:
        await connection.executemany(
            """
            insert into attendance_log (event_id, seq, at, type, body, prev, hash)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            [(event_id, e.seq, e.at, e.type, chain.canonical(e.body).decode(), e.prev, e.hash) for e in entries],
        )
        await connection.execute(
            "update attendance_chain set last_seq = $2, head = $3 where event_id = $1",
            event_id,
            entries[-1].seq,
            entries[-1].hash,
        )

    async def mark_changed(self, connection: Connection, attendees: Sequence[uuid.UUID]) -> None:
        """Something of these people is newer than the seal of their event's log."""
        await connection.execute(
            """
            insert into attendance_chain (event_id, head, changed)
            select distinct event_id, $2, true from attendee where id = any($1) order by event_id
            on conflict (event_id) do update set changed = true, changed_at = clock_timestamp()
            where not attendance_chain.changed
            """,
            attendees,
            chain.GENESIS,
        )

    async def sealed(self, connection: Connection, event_id: uuid.UUID) -> None:
        await connection.execute(
            "update attendance_chain set changed = false, sealed_at = clock_timestamp() where event_id = $1", event_id
        )

    async def log(self, event_id: uuid.UUID) -> list[LogEntry]:
        rows = await self.pool.fetch(
            "select seq, at, type, body, prev, hash from attendance_log where event_id = $1 order by seq", event_id
        )
        return [LogEntry(**{**dict(row), "body": json.loads(row["body"])}) for row in rows]

    async def last_words(self, connection: Connection, event_id: uuid.UUID) -> dict[str, Any]:
        """The newest entry about each person, by their id."""
        rows = await connection.fetch(
            """
            select distinct on (body::jsonb ->> 'attendee') body from attendance_log
            where event_id = $1 and type = 'person' order by body::jsonb ->> 'attendee', seq desc
            """,
            event_id,
        )
        bodies = [json.loads(row["body"]) for row in rows]
        return {body["attendee"]: body for body in bodies}

    async def to_seal(self, now: datetime) -> list[uuid.UUID]:
        """Events that are over whose log was never sealed, or before the last change or the last press of Leave."""
        rows = await self.pool.fetch(
            """
            select e.id from event e join attendance_chain c on c.event_id = e.id
            left join attendance_plan p on p.event_id = e.id
            where e.state = 'ended' and (c.changed or c.sealed_at is null or (
                p.windows and c.sealed_at < e.ended_at + make_interval(mins => p.leave_after_min)
                and $1 > e.ended_at + make_interval(mins => p.leave_after_min)
            )) limit 50
            """,
            now,
        )
        return [row["id"] for row in rows]
