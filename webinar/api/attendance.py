"""`/events/{id}/attendance…`, where hosts read who was there, correct it, and say what counts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.attending import TELL
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.attendance.intervals import Spans
from webinar.attendance.model import Attended, Correction, NewCorrection, Outcome
from webinar.attendance.plan import Plan
from webinar.base.cursor import PATTERN
from webinar.registration.model import Attendee

_MOST_STEPS: Final = 5000


class SpanReply(Reply):
    started_at: Time
    ended_at: Time


class JudgedReply(Reply):
    rule_id: uuid.UUID
    agenda_item_id: uuid.UUID | None
    outcome: Outcome
    minutes: int
    watched_s: int
    programme_s: int
    corrected: bool = Field(description="Decided by the host.")


class CorrectionReply(Reply):
    id: uuid.UUID
    kind: Literal["add", "remove", "pass", "fail"]
    started_at: Time | None
    ended_at: Time | None
    rule_id: uuid.UUID | None
    reason: str
    by: str
    at: Time


class AttendedReply(Reply):
    """One person. Spans are live, over all devices, each moment once, with what was corrected."""

    attendee_id: uuid.UUID
    name: str
    email: str
    live_s: int
    replay_s: int
    first_at: Time | None
    last_at: Time | None
    entered_at: Time | None
    left_at: Time | None
    asked: int = Field(description="Prompts the person was there for.")
    confirmed: int = Field(description="Prompts the person answered.")
    seen_percent: int = Field(description="Of `live_s`, what the servers themselves saw.")
    spans: list[SpanReply]
    replay: list[SpanReply]
    outcomes: list[JudgedReply]
    outcome: Outcome | None
    corrections: list[CorrectionReply]


class AttendanceList(Reply):
    items: list[AttendedReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class Step(Reply):
    at: Time
    people: int


class AudienceReply(Reply):
    step_s: int
    items: list[Step]


class AttendanceQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(default=None, pattern=PATTERN, description="`next` of the page before.")]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]


class AudienceQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    step_s: Annotated[int, Field(default=60, ge=1, le=3600, description="Seconds; made longer for a long event.")]


def _spans(spans: Spans) -> list[SpanReply]:
    return [SpanReply(started_at=start, ended_at=end) for start, end in spans]


def _correction(made: Correction) -> CorrectionReply:
    fields = ("id", "kind", "started_at", "ended_at", "rule_id", "reason", "by", "at")
    return CorrectionReply(**{name: getattr(made, name) for name in fields})


def attended_reply(person: Attendee, one: Attended) -> AttendedReply:
    return AttendedReply(
        attendee_id=person.id,
        name=person.name,
        email=person.email,
        live_s=int(one.live_s),
        replay_s=int(one.replay_s),
        first_at=one.first_at,
        last_at=one.last_at,
        entered_at=one.entered_at,
        left_at=one.left_at,
        asked=one.asked,
        confirmed=one.confirmed,
        seen_percent=int(100 * one.seen_share),
        spans=_spans(one.spans),
        replay=_spans(one.replay),
        outcomes=[
            JudgedReply(
                rule_id=j.rule_id,
                agenda_item_id=j.agenda_item_id,
                outcome=j.outcome,
                minutes=j.minutes,
                watched_s=int(j.watched_s),
                programme_s=int(j.programme_s),
                corrected=j.corrected,
            )
            for j in one.outcomes
        ],
        outcome=one.outcome,
        corrections=[_correction(made) for made in one.corrections],
    )


async def list_attendance(call: Call) -> AttendanceList:
    """Everybody who registered, in that order."""
    query = call.query(AttendanceQuery)
    page = await call.platform.registration.page(call.event_id, cursor=query.cursor, limit=query.limit)
    people = await call.platform.attendance.people(call.event_id, [a.id for a in page.items])
    items = [attended_reply(person, one) for person, one in zip(page.items, people, strict=True)]
    return AttendanceList(items=items, next=page.next)


async def correct_attendance(call: Call) -> AttendedReply:
    """By whom: the API token's name."""
    platform, attendee_id = call.platform, call.path_id("attendee_id")
    person = await platform.registration.get(call.event_id, attendee_id)
    await platform.attendance.correct(call.event_id, attendee_id, call.body(NewCorrection), call.principal.name)
    (one,) = await platform.attendance.people(call.event_id, [attendee_id])
    return attended_reply(person, one)


async def get_rules(call: Call) -> Plan:
    return await call.platform.attendance.plan(call.event_id)


async def put_rules(call: Call) -> Plan:
    return await call.platform.attendance.change_plan(call.event_id, call.body(Plan), call.principal.name)


async def audience(call: Call) -> AudienceReply:
    outline = await call.platform.attendance.outline(call.event_id)
    lasted = sum((end - start for start, end in outline.programme.so_far(outline.at)), timedelta())
    step_s = max(call.query(AudienceQuery).step_s, int(lasted.total_seconds() / _MOST_STEPS) + 1)
    found = await call.platform.attendance.audience(call.event_id, step_s)
    return AudienceReply(step_s=step_s, items=[Step(at=at, people=people) for at, people in found])


_ATTENDANCE: Final = "/events/{event_id}/attendance"
# `rules` and `audience` stand before `{attendee_id}`: the first path that fits is taken.
ATTENDANCE: Final = (
    TELL,
    Operation(
        name="listAttendance",
        method="GET",
        path=_ATTENDANCE,
        summary="Who was there and when, one row a person",
        tag="attendance",
        callers=HOST,
        handler=list_attendance,
        query=AttendanceQuery,
        reply=AttendanceList,
    ),
    Operation(
        name="getAttendanceRules",
        method="GET",
        path=_ATTENDANCE + "/rules",
        summary="How attendance is taken and judged",
        tag="attendance",
        callers=HOST,
        handler=get_rules,
        reply=Plan,
    ),
    Operation(
        name="putAttendanceRules",
        method="PUT",
        path=_ATTENDANCE + "/rules",
        summary="Change how attendance is taken and judged; logged",
        tag="attendance",
        callers=HOST,
        handler=put_rules,
        body=Plan,
        reply=Plan,
    ),
    Operation(
        name="getAudience",
        method="GET",
        path=_ATTENDANCE + "/audience",
        summary="How many people were there over time",
        tag="attendance",
        callers=HOST,
        handler=audience,
        query=AudienceQuery,
        reply=AudienceReply,
    ),
    Operation(
        name="correctAttendance",
        method="PATCH",
        path=_ATTENDANCE + "/{attendee_id}",
        summary="Correct one person's attendance, with a reason that is logged",
        tag="attendance",
        callers=HOST,
        handler=correct_attendance,
        body=NewCorrection,
        reply=AttendedReply,
    ),
)
