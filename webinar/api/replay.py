"""Who may watch an event again, and the search of a replay."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webinar.api.access import HOST, VIEWER
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base.errors import Forbidden, Unauthenticated
from webinar.conversation.model import Asked, Said
from webinar.recordings.gate import Gate, Who

_MOST_HITS: Final = 100


class GateBody(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    who: Who | None = None
    until: AwareDatetime | None = Field(default=None, description="Null: as long as the replay is kept.")
    download: bool | None = Field(default=None, description="Who may watch may download the MP4.")


class GateReply(Reply):
    who: Who
    until: Time | None
    download: bool


class SearchQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=2, max_length=100)]


class HitReply(Reply):
    """`at_s`: seconds of what the replay shows."""

    at_s: float
    kind: Literal["message", "question"]
    name: str | None
    text: str


class HitList(Reply):
    items: list[HitReply]


def _gate(gate: Gate) -> GateReply:
    return GateReply(who=gate.who, until=gate.until, download=gate.download)


async def gate(call: Call) -> GateReply:
    event = await call.platform.events.get(call.event_id)
    return _gate(await call.platform.editing.gate(event.id))


async def change_gate(call: Call) -> GateReply:
    event, body = await call.platform.events.get(call.event_id), call.body(GateBody)
    now = await call.platform.editing.gate(event.id)
    wanted = Gate(
        body.who or now.who,
        body.until if "until" in body.model_fields_set else now.until,
        now.download if body.download is None else body.download,
    )
    await call.platform.editing.set_gate(event.id, wanted)
    return _gate(wanted)


async def search(call: Call) -> HitList:
    """In what this viewer could read in the chat and among the questions, at the moment of the replay."""
    viewer, wanted = call.principal, call.query(SearchQuery).q.casefold()
    if viewer.event_id is None:
        raise Unauthenticated("This token is not valid.", code="token_invalid")
    call.platform.readings.take(viewer.person, time.monotonic())
    await call.platform.admission.admit(viewer)
    event = await call.platform.events.get(viewer.event_id)
    attendee = await call.platform.registration.find(uuid.UUID(viewer.person))
    replay = await call.platform.replays.look(event, attendee)
    if replay.refused is not None:
        raise Forbidden("This replay is not open to you.", code=f"replay_{replay.refused}")
    clock = await call.platform.programme.clock(event.id, replay.recording)
    talk = await call.platform.conversation.of(event.id)
    shown = ("new", "queue", "screen", "answered")
    messages = [one for one in talk.messages if one.state == "shown"]
    questions = [one for one in talk.questions if one.state in shown]
    found = []
    said: list[Said | Asked] = [*messages, *questions]
    for one in said:
        at_s = clock.at(one.at)
        inside = replay.begins_s <= at_s and (replay.ends_s is None or at_s < replay.ends_s)
        if wanted in one.body.casefold() and inside and event.started_at is not None and one.at >= event.started_at:
            kind: Literal["message", "question"] = "message" if isinstance(one, Said) else "question"
            found.append(HitReply(at_s=at_s - replay.begins_s, kind=kind, name=one.name, text=one.body))
    return HitList(items=sorted(found, key=lambda hit: hit.at_s)[:_MOST_HITS])


_REPLAY: Final = "/events/{event_id}/replay"

REPLAY: Final = (
    Operation(
        name="getReplay",
        method="GET",
        path=_REPLAY,
        summary="Who may watch the replay",
        tag="recordings",
        callers=HOST,
        handler=gate,
        reply=GateReply,
    ),
    Operation(
        name="changeReplay",
        method="PATCH",
        path=_REPLAY,
        summary="Say who may watch the replay, until when, and whether they may download it",
        tag="recordings",
        callers=HOST,
        handler=change_gate,
        body=GateBody,
        reply=GateReply,
    ),
    Operation(
        name="searchReplay",
        method="GET",
        path="/replay/search",
        summary="Search what was written and asked, at its moment of the replay",
        tag="playback",
        callers=VIEWER,
        handler=search,
        query=SearchQuery,
        reply=HitList,
        errors={
            404: "The event was deleted.",
            410: "The link was replaced, or the registration cancelled.",
            429: "One search a second.",
        },
    ),
)
