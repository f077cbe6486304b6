"""SQL of what is known of people: what players told, what the servers saw, what was pressed and corrected."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from webinar.attendance.intervals import NEVER, Spans, union
from webinar.attendance.model import (
    Correction,
    Kind,
    Mark,
    NewCorrection,
    Record,
)
from webinar.base.db import Connection, Pool

# Honest browsers make a handful of either; what comes beyond is put together, or not taken.
_MOST_DEVICES: Final = 24
_MOST_SPANS: Final = 2000
_CORRECTION: Final = "id, attendee_id, kind, started_at, ended_at, rule_id, reason, by_whom as by, salt, at"


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

    async def people(self, event_id: uuid.UUID, connection: Connection | None = None) -> list[uuid.UUID]:
        """Who holds a seat or was there, in the order of registration."""
        rows = await (connection or self.pool).fetch(
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
        self,
        connection: Connection,
        event_id: uuid.UUID,
        attendee_id: uuid.UUID,
        new: NewCorrection,
        by: str,
        salt: bytes,
    ) -> Correction | None:
        """None: there is no such person in this event, or their data were deleted; who deletes them now waits."""
        row = await connection.fetchrow(
            f"""
            insert into attendance_correction
                (event_id, attendee_id, kind, started_at, ended_at, rule_id, reason, by_whom, salt)
            select event_id, id, $3, $4, $5, $6, $7, $8, $9 from attendee
            where id = $2 and event_id = $1 and forgotten_at is null for share
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
            salt,
        )
        return None if row is None else Correction(**dict(row))

    async def forget_words(self, attendee_id: uuid.UUID) -> None:
        """Of corrections what people wrote, and what their digests could be tried with."""
        await self.pool.execute(
            "update attendance_correction set reason = '', by_whom = '', salt = null where attendee_id = $1",
            attendee_id,
        )
