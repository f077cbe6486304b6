"""Events that are made of others: duplicates, and the dates of a series."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.events import EventList, EventReply, event_of
from webinar.api.operation import Call, Operation
from webinar.events.copies import MOST_IN_SERIES, Rhythm
from webinar.events.fields import Title


class Duplicate(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title | None = None
    starts_at: AwareDatetime = Field(description="RFC 3339, with an offset; agenda and end follow it.")


class Series(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rhythm: Annotated[Rhythm, Field(strict=False)]
    count: Annotated[int, Field(ge=2, le=MOST_IN_SERIES, description="Events in all, this one the first of them.")]


class MoreDates(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rhythm: Annotated[Rhythm, Field(strict=False)]
    count: Annotated[int, Field(ge=1, lt=MOST_IN_SERIES, description="Dates behind the last one of the series.")]


async def duplicate(call: Call) -> EventReply:
    body = call.body(Duplicate)
    source = await call.platform.events.get(call.event_id)
    event = await call.platform.repeating.duplicate(source.id, body.title or source.title, body.starts_at)
    return event_of(call, event)


async def repeat(call: Call) -> EventList:
    body = call.body(Series)
    made = await call.platform.repeating.repeat(call.event_id, body.rhythm, body.count)
    return EventList(items=[event_of(call, event) for event in made], next=None)


async def extend(call: Call) -> EventList:
    body = call.body(MoreDates)
    made = await call.platform.repeating.extend(call.event_id, body.rhythm, body.count)
    return EventList(items=[event_of(call, event) for event in made], next=None)


async def series(call: Call) -> EventList:
    event = await call.platform.events.get(call.event_id)
    found = await call.platform.copies.series(event)
    return EventList(items=[event_of(call, one) for one in found], next=None)


_EVENT: Final = "/events/{event_id}"
_OVER: Final = {409: "The event is over, or in a series already."}
SERIES: Final = (
    Operation(
        name="duplicateEvent",
        method="POST",
        path=f"{_EVENT}/duplicate",
        summary="A draft with everything of the event but its people",
        tag="planning",
        callers=HOST,
        handler=duplicate,
        status=201,
        body=Duplicate,
        reply=EventReply,
    ),
    Operation(
        name="repeatEvent",
        method="POST",
        path=f"{_EVENT}/series",
        summary="Makes a series of which the event is the first",
        tag="planning",
        callers=HOST,
        handler=repeat,
        status=201,
        body=Series,
        reply=EventList,
        errors=_OVER,
    ),
    Operation(
        name="extendSeries",
        method="POST",
        path=f"{_EVENT}/series/dates",
        summary="More dates behind the last of its series, each with everything the event has but its people",
        tag="planning",
        callers=HOST,
        handler=extend,
        status=201,
        body=MoreDates,
        reply=EventList,
        errors={409: "The event is in no series, or dates were added just now."},
    ),
    Operation(
        name="getSeries",
        method="GET",
        path=f"{_EVENT}/series",
        summary="All events of its series by date; none for an event of its own",
        tag="planning",
        callers=HOST,
        handler=series,
        reply=EventList,
    ),
)
