"""What hosts and moderators do about people while an event runs: lock the doors, let in, send out, announce."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from webinar.api import schemas
from webinar.api.access import STAFF, Caller
from webinar.api.operation import Call, Operation
from webinar.base.bus import BusDown, NoOwner, Refused
from webinar.base.errors import Conflict, Forbidden, Invalid, Unavailable
from webinar.events.model import Event
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

    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


def _may(call: Call) -> None:
    """A presenter speaks; who is in the room is not theirs to decide."""
    if call.principal.role == "presenter":
        raise Forbidden("This token is not for this call.", code="wrong_token")


async def _door(call: Call) -> DoorReply:
    state = await call.platform.doorway.state(call.event_id)
    return DoorReply(locked=state.locked, waiting=[Waiting(id=one.id, name=one.name) for one in state.knocking])


async def get_door(call: Call) -> DoorReply:
    _may(call)
    await call.platform.events.get(call.event_id)
    return await _door(call)


async def change_door(call: Call) -> DoorReply:
    _may(call)
    await call.platform.doorway.lock(call.event_id, call.body(DoorChange).locked)
    return await _door(call)


async def let_in(call: Call) -> DoorReply:
    _may(call)
    await call.platform.events.get(call.event_id)
    await call.platform.doorway.let_in(call.event_id, call.body(LetIn).attendee_id)
    return await _door(call)


async def send_out(call: Call) -> None:
    _may(call)
    # What the page says at once is enough: a letter about a seat that could not be given would be untrue.
    person = call.path_id("attendee_id")
    await call.platform.registration.set_status(call.event_id, person, Status.DECLINED, quiet=True)


def _speaker(call: Call, event: Event) -> str:
    """Guests read a person's name, or who invites them: the name of an API token is the host's own matter."""
    if call.principal.caller is Caller.HOST or not call.principal.name:
        return event.organizer or event.title
    return call.principal.name


async def announce(call: Call) -> None:
    _may(call)
    event = await call.platform.events.get(call.event_id)
    said = {
        "event": str(event.id),
        "person": call.principal.person,
        "name": _speaker(call, event),
        "role": call.principal.role,
        "body": call.body(Announcement).body,
        "cid": str(uuid.uuid4()),
    }
    try:
        await call.platform.bus.request("chat.announce", said)
    except Refused as error:
        if error.code == "ended":
            raise Conflict("The event is over.", code="ended") from error
        if error.code in ("empty", "too_long", "bad_body"):
            raise Invalid("This text cannot be announced.", code=error.code) from error
        raise Unavailable(error.message, code=error.code, retry_after_s=2) from error
    except (NoOwner, BusDown) as error:
        raise Unavailable("The chat does not answer. Try again in a moment.", retry_after_s=2) from error


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
        errors={409: "The event is over.", 503: "The chat does not answer."},
    ),
)
