"""`POST /attendance`, by which players tell what was watched, and learn how their person stands."""

from __future__ import annotations

import asyncio
import uuid
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import VIEWER
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.attendance.model import Beat, Mark, Moment, Outcome, Window
from webinar.attendance.service import Standing
from webinar.base.errors import Unauthenticated

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


TELL: Final = Operation(
    name="reportAttendance",
    method="POST",
    path="/attendance",
    summary="What was watched, and buttons pressed; the answer says how the person stands",
    tag="attendance",
    callers=VIEWER,
    handler=report,
    body=Report,
    reply=StandingReply,
    errors={404: "The event was deleted.", 410: "The link was replaced, or the registration cancelled."},
)
