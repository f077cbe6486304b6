"""`POST /attendance`, by which players tell what was watched, and `/events/{id}/attendance…`, where hosts read it."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import Caller
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.attendance.intervals import Spans
from webinar.attendance.model import Attended, Beat, Correction, Mark, Moment, NewCorrection, Outcome, Window
from webinar.attendance.plan import Plan
from webinar.attendance.service import Standing
from webinar.base.cursor import PATTERN
from webinar.base.errors import Unauthenticated
from webinar.registration.model import Attendee

HOST: Final = frozenset({Caller.HOST})
_MOST_STEPS: Final = 5000
_PATIENCE_S: Final = 8.0


class BeatBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["live", "replay"]
    started_at: Moment = Field(description="By the server's clock, as `now` of the last answer tells it.")
    ended_at: Moment


class MarkBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["enter", "leave", "confirm"]
    at: Moment
    prompt: int = Field(default=0, ge=0, le=100_000, description="Number of the prompt that is answered, else 0.")


class Report(BaseModel):
    """What was watched since the last report that was answered. Told twice, it counts once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    device: str = Field(pattern=r"^[a-z0-9]{4,32}$", description="Any name that this browser keeps to.")
    beats: list[BeatBody] = Field(default=[], max_length=200)
    marks: list[MarkBody] = Field(default=[], max_length=50)


class WindowReply(Reply):
    opens_at: Time
    closes_at: Time


class PromptReply(Reply):
    number: int
    at: Time
    until: Time
    answered: bool


class RuleStanding(Reply):
    """How the person stands by one rule; what is null or false is not asked for."""

    title: str | None = Field(description="Of the item of the agenda; null: the whole event.")
    share: int | None = Field(description="% of the programme.")
    minutes: int | None
    enter: bool
    leave: bool
    confirmed: int | None = Field(description="% of the prompts.")
    watched_s: int
    programme_s: int = Field(description="So far.")
    outcome: Outcome


class Refused(Reply):
    place: int = Field(description="In `marks`.")
    code: Literal["future", "closed", "too_late", "unknown_prompt"]


class StandingReply(Reply):
    now: Time = Field(description="The server's clock.")
    live_s: int
    replay_s: int
    asked: int
    confirmed: int
    entered_at: Time | None
    left_at: Time | None
    enter: WindowReply | None
    leave: WindowReply | None
    prompts: list[PromptReply] = Field(
        description="Those that are to be shown, from some seconds before their time on."
    )
    rules: list[RuleStanding]
    outcome: Outcome | None = Field(description="Over all rules; null without any.")
    refused: list[Refused]


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


async def report(call: Call) -> StandingReply:
    """Raises as `Admission.admit`."""
    platform, viewer, body = call.platform, call.principal, call.body(Report)
    if viewer.event_id is None:
        raise Unauthenticated("This token is not valid.", code="token_invalid")
    await platform.admission.admit(viewer)
    beats = [Beat(b.kind, b.started_at, b.ended_at) for b in body.beats]
    marks = [Mark(m.kind, m.at, m.prompt if m.kind == "confirm" else 0) for m in body.marks]
    person = uuid.UUID(viewer.person)
    async with asyncio.timeout(_PATIENCE_S):  # of a database that hangs: the browser keeps what it told
        return standing_reply(await platform.attendance.tell(viewer.event_id, person, body.device, beats, marks))


def standing_reply(standing: Standing) -> StandingReply:
    attended, outline = standing.attended, standing.outline
    answered = {mark.prompt for mark in standing.marks if mark.kind == "confirm"}
    titles = {part.id: part.title for part in outline.programme.parts}
    judged = {one.rule_id: one for one in attended.outcomes}
    return StandingReply(
        now=standing.now,
        live_s=int(attended.live_s),
        replay_s=int(attended.replay_s),
        asked=attended.asked,
        confirmed=attended.confirmed,
        entered_at=attended.entered_at,
        left_at=attended.left_at,
        enter=_window(standing.enter),
        leave=_window(standing.leave),
        prompts=[
            PromptReply(number=p.number, at=p.at, until=p.until, answered=p.number in answered)
            for p in standing.prompts
        ],
        rules=[
            RuleStanding(
                title=None if rule.agenda_item_id is None else titles[rule.agenda_item_id],
                watched_s=int(judged[rule.id].watched_s),
                programme_s=int(judged[rule.id].programme_s),
                outcome=judged[rule.id].outcome,
                **rule.model_dump(include={"share", "minutes", "enter", "leave", "confirmed"}),
            )
            for rule in outline.plan.rules
            if rule.id in judged
        ],
        outcome=attended.outcome,
        refused=[Refused.model_validate({"place": place, "code": code}) for place, code in standing.refused],
    )


def _window(window: Window | None) -> WindowReply | None:
    return None if window is None else WindowReply(opens_at=window.opens_at, closes_at=window.closes_at)


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
    Operation(
        name="reportAttendance",
        method="POST",
        path="/attendance",
        summary="What was watched, and buttons pressed; the answer says how the person stands",
        tag="attendance",
        callers=frozenset({Caller.VIEWER}),
        handler=report,
        body=Report,
        reply=StandingReply,
        errors={404: "The event was deleted.", 410: "The link was replaced, or the registration cancelled."},
    ),
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
