"""Marks of the programme that a presenter sets: they become chapters of the recording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from webinar.api.access import HOST_OR_STUDIO
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base.errors import Conflict
from webinar.events.model import EventState
from webinar.recordings.marks import MarkKind

# As long as a presenter's page goes on trying to tell.
_LONGEST_AGO_S: Final = 60.0

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class NewMark(BaseModel):
    """A slide that viewers see, or a moment with a title."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["slide", "chapter"]
    n: Annotated[int, Field(ge=1, le=10_000, description="The slide's number.")] | None = None
    title: Title = ""
    ago_s: Annotated[
        float, Field(ge=0, le=_LONGEST_AGO_S, description="For how many seconds it has been so: a call may come late.")
    ] = 0.0


class MarkReply(Reply):
    kind: Literal["slide", "chapter"]
    at: Time
    n: int | None = Field(description="The slide's number.")
    title: str


async def mark(call: Call) -> MarkReply:
    new = call.body(NewMark)
    event = await call.platform.events.get(call.event_id)
    if event.state is not EventState.LIVE or event.started_at is None:
        raise Conflict("Marks are set while the event is live.", code="not_live")
    at = max(event.started_at, datetime.now(UTC) - timedelta(seconds=new.ago_s))
    body = {"title": new.title} | ({} if new.n is None else {"number": new.n})
    await call.platform.editing.mark(event.id, MarkKind(new.kind), body, at)
    return MarkReply(kind=new.kind, at=at, n=new.n, title=new.title)


MARKS: Final = (
    Operation(
        name="markProgramme",
        method="POST",
        path="/events/{event_id}/marks",
        summary="Note the slide that viewers see from now on; it becomes a chapter",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=mark,
        status=201,
        body=NewMark,
        reply=MarkReply,
        errors={409: "The event is not live."},
    ),
)
