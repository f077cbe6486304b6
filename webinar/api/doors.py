"""What hosts and moderators do about people while an event runs: lock the doors, let in, send out, announce."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api import schemas
from webinar.api.access import STAFF
from webinar.api.operation import Call, Operation
from webinar.api.orders import NO_CHAT, Text, keeps_the_room, order
from webinar.registration.model import Status

_PATH: Final = "/events/{event_id}/door"


class Waiting(schemas.Reply):
    id: uuid.UUID
    name: str


class DoorReply(schemas.Reply):
    locked: bool
    waiting: list[Waiting] = Field(description="People before the locked door.")


class DoorChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    locked: bool


class LetIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attendee_id: Annotated[
        uuid.UUID | None, Field(default=None, strict=False, description="Null: everybody who waits.")
    ]


class Announcement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    body: Text
    id: Annotated[
        uuid.UUID | None,
        Field(default=None, strict=False, description="Of your own: sent again with it, it is said once."),
    ]


async def _door(call: Call) -> DoorReply:
    state = await call.platform.doorway.state(call.event_id)
    return DoorReply(locked=state.locked, waiting=[Waiting(id=one.id, name=one.name) for one in state.knocking])


async def get_door(call: Call) -> DoorReply:
    keeps_the_room(call)
    await call.platform.events.get(call.event_id)
    return await _door(call)


async def change_door(call: Call) -> DoorReply:
    keeps_the_room(call)
    await call.platform.doorway.lock(call.event_id, call.body(DoorChange).locked)
    return await _door(call)


async def let_in(call: Call) -> DoorReply:
    keeps_the_room(call)
    await call.platform.events.get(call.event_id)
    await call.platform.doorway.let_in(call.event_id, call.body(LetIn).attendee_id)
    return await _door(call)


async def send_out(call: Call) -> None:
    keeps_the_room(call)
    # What the page says at once is enough: a letter about a seat that could not be given would be untrue.
    person = call.path_id("attendee_id")
    await call.platform.registration.set_status(call.event_id, person, Status.DECLINED, quiet=True)


async def announce(call: Call) -> None:
    keeps_the_room(call)
    said = call.body(Announcement)
    await order(call, "announce", cid=said.id, body=said.body)


DOORS: Final = (
    Operation(
        name="getDoor",
        method="GET",
        path=_PATH,
        summary="Whether the doors are locked, and who waits",
        tag="live",
        callers=STAFF,
        handler=get_door,
        reply=DoorReply,
    ),
    Operation(
        name="changeDoor",
        method="PUT",
        path=_PATH,
        summary="Lock the doors, or open them: who is inside stays",
        tag="live",
        callers=STAFF,
        handler=change_door,
        body=DoorChange,
        reply=DoorReply,
        errors={409: "The event is over."},
    ),
    Operation(
        name="letIn",
        method="POST",
        path=f"{_PATH}/let-in",
        summary="Let one person in through the locked doors, or all who wait",
        tag="live",
        callers=STAFF,
        handler=let_in,
        body=LetIn,
        reply=DoorReply,
    ),
    Operation(
        name="sendOut",
        method="POST",
        path="/events/{event_id}/attendees/{attendee_id}/send-out",
        summary="Take a person's seat: picture and chat end at once, and their link opens nothing",
        tag="live",
        callers=STAFF,
        handler=send_out,
        status=204,
        errors={409: "The person has cancelled."},
    ),
    Operation(
        name="announce",
        method="POST",
        path="/events/{event_id}/announcements",
        summary="Tell everybody something, in the chat and over the picture",
        tag="live",
        callers=STAFF,
        handler=announce,
        status=204,
        body=Announcement,
        errors={409: "The event is over.", **NO_CHAT},
    ),
)
