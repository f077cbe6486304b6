"""Follow-up letters: written once the event is over."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from webinar.api.access import Caller
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply
from webinar.base.errors import Conflict
from webinar.events.model import EventState


class FollowupReply(Reply):
    letters: int = Field(description="Written now; who has theirs already gets no second one.")


async def followup(call: Call) -> FollowupReply:
    event = await call.platform.events.get(call.event_id)
    if event.state is not EventState.ENDED:
        raise Conflict("Follow-up letters are for when the event is over.", code="not_ended")
    return FollowupReply(letters=await call.platform.letters.followup(event))


FOLLOWUP: Final = (
    Operation(
        name="sendFollowup",
        method="POST",
        path="/events/{event_id}/followup",
        summary="Write the follow-up letters, once a person",
        handler=followup,
        tag="recordings",
        callers=frozenset({Caller.HOST}),
        reply=FollowupReply,
        errors={409: "The event is not over."},
    ),
)
