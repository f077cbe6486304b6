"""What an event was: its timeline, and its report in figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Final

from pydantic import Field

from webinar import report as reports
from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.programme import Kind


class HappeningReply(Reply):
    at: Time
    until: Time | None
    kind: Kind
    title: str
    number: int | None = Field(description="Of a slide.")


class ProgrammeReply(Reply):
    items: list[HappeningReply]


class StepReply(Reply):
    at: Time
    people: int


class DayReply(Reply):
    day: date = Field(description="In the event's time zone.")
    people: int


class ReportReply(Reply):
    """What the event was; while it is live, so far. `passed`: null without rules of attendance."""

    registered: int
    attended: int
    peak: int
    peak_at: Time | None
    median_s: float
    replayed: int
    passed: int | None
    messages: int
    questions: int
    answered: int
    polls: int
    step_s: int
    audience: list[StepReply]
    registrations: list[DayReply]


async def programme(call: Call) -> ProgrammeReply:
    event = await call.platform.events.get(call.event_id)
    names = ("at", "until", "kind", "title", "number")
    found = await call.platform.programme.happenings(event)
    return ProgrammeReply(items=[HappeningReply(**{name: getattr(one, name) for name in names}) for one in found])


async def report(call: Call) -> ReportReply:
    event = await call.platform.events.get(call.event_id)
    made = await reports.make(call.platform, event, datetime.now(UTC))
    lists = {"audience", "registrations"}
    fields = {name: getattr(made, name) for name in ReportReply.model_fields if name not in lists}
    return ReportReply(
        **fields,
        audience=[StepReply(at=at, people=people) for at, people in made.audience],
        registrations=[DayReply(day=day, people=people) for day, people in made.days],
    )


_EVENT: Final = "/events/{event_id}"

_operation: Final = partial(Operation, tag="recordings", callers=HOST)

REPORT: Final = (
    _operation(
        name="getProgramme",
        method="GET",
        path=f"{_EVENT}/programme",
        summary="The timeline: agenda, slides, questions answered, polls, breaks",
        handler=programme,
        reply=ProgrammeReply,
    ),
    _operation(
        name="getReport",
        method="GET",
        path=f"{_EVENT}/report",
        summary="The event in figures, and its audience over time",
        handler=report,
        reply=ReportReply,
    ),
)
