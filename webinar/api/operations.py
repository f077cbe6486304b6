"""The table of the API's operations, and what each does: compose services, shape the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api import schemas
from webinar.api.access import Caller, ChatRole
from webinar.api.attendance import ATTENDANCE
from webinar.api.attendees import ATTENDEES
from webinar.api.certificates import CERTIFICATES
from webinar.api.conversation import CONVERSATION, STAFF
from webinar.api.doors import DOORS
from webinar.api.editing import EDITING
from webinar.api.figures import figures, viewers
from webinar.api.followup import FOLLOWUP
from webinar.api.handouts import HANDOUTS
from webinar.api.mails import MAILS
from webinar.api.marks import MARKS
from webinar.api.names import NAMES
from webinar.api.operation import Call, Operation
from webinar.api.planning import PLANNING, event_of
from webinar.api.playback import PlaybackQuery, playback
from webinar.api.receipts import RECEIPTS
from webinar.api.recordings import RECORDINGS
from webinar.api.records import RECORDS
from webinar.api.registration import REGISTRATION
from webinar.api.replay import REPLAY
from webinar.api.report import REPORT
from webinar.api.role_links import ROLE_LINKS
from webinar.api.webhooks import WEBHOOKS
from webinar.base.cursor import PATTERN
from webinar.events.model import EventChange, EventState, NewEvent

HOST: Final = frozenset({Caller.HOST})
HOST_OR_STUDIO: Final = frozenset({Caller.HOST, Caller.STUDIO})

Cursor = Annotated[str | None, Field(default=None, pattern=PATTERN, description="`next` of the page before.")]
Limit = Annotated[int, Field(default=50, ge=1, le=200)]


class EventQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Cursor
    limit: Limit
    state: EventState | None = None


async def create_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.events.create(call.body(NewEvent)))


async def list_events(call: Call) -> schemas.EventList:
    query = call.query(EventQuery)
    page = await call.platform.events.page(cursor=query.cursor, limit=query.limit, state=query.state)
    return schemas.EventList(items=[event_of(call, event) for event in page.items], next=page.next)


async def get_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.events.get(call.event_id))


async def change_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.course.change(call.event_id, call.body(EventChange)))


async def delete_event(call: Call) -> None:
    await call.platform.course.delete(call.event_id)


async def start_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.course.start(call.event_id))


async def end_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.course.end(call.event_id))


async def pause_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.course.pause(call.event_id, True))


async def resume_event(call: Call) -> schemas.EventReply:
    return event_of(call, await call.platform.course.pause(call.event_id, False))


async def live(call: Call) -> schemas.LiveReply:
    scene = await call.platform.stage.scene(call.event_id)
    return figures(call.platform, scene.event)


async def audience(call: Call) -> schemas.Viewers:
    await call.platform.stage.scene(call.event_id)
    return viewers(call.platform, call.event_id)


_CHAT_ROLES: Final[Mapping[str, ChatRole]] = {"host": "host", "presenter": "presenter", "moderator": "moderator"}


async def studio_ticket(call: Call) -> schemas.ChatTicket:
    principal = call.principal
    role = _CHAT_ROLES[principal.role]
    name = principal.name or role.capitalize()
    return schemas.ChatTicket(**call.platform.access.chat(call.event_id, principal.person, role, name))


_EVENT: Final = "/events/{event_id}"
OPERATIONS: Final = (
    Operation(
        name="createEvent",
        method="POST",
        path="/events",
        summary="Create an event",
        tag="events",
        callers=HOST,
        handler=create_event,
        status=201,
        body=NewEvent,
        reply=schemas.EventReply,
    ),
    Operation(
        name="listEvents",
        method="GET",
        path="/events",
        summary="Events, newest first",
        tag="events",
        callers=HOST,
        handler=list_events,
        query=EventQuery,
        reply=schemas.EventList,
    ),
    Operation(
        name="getEvent",
        method="GET",
        path=_EVENT,
        summary="One event",
        tag="events",
        callers=HOST_OR_STUDIO,
        handler=get_event,
        reply=schemas.EventReply,
    ),
    Operation(
        name="changeEvent",
        method="PATCH",
        path=_EVENT,
        summary="Change what is given of an event",
        tag="events",
        callers=HOST,
        handler=change_event,
        body=EventChange,
        reply=schemas.EventReply,
        errors={409: "The event's state does not allow it."},
    ),
    Operation(
        name="deleteEvent",
        method="DELETE",
        path=_EVENT,
        summary="Delete an event with its people, chat and recording",
        tag="events",
        callers=HOST,
        handler=delete_event,
        status=204,
        errors={409: "The event is live."},
    ),
    Operation(
        name="startEvent",
        method="POST",
        path=f"{_EVENT}/start",
        summary="Go live",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=start_event,
        reply=schemas.EventReply,
        errors={409: "The event is a draft or over.", 503: "No media service answers; the event is as it was."},
    ),
    Operation(
        name="endEvent",
        method="POST",
        path=f"{_EVENT}/end",
        summary="End for everyone",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=end_event,
        reply=schemas.EventReply,
        errors={409: "The event is not live."},
    ),
    Operation(
        name="pauseEvent",
        method="POST",
        path=f"{_EVENT}/pause",
        summary="Holding picture and silence instead of the presenter, for viewers and in the recording",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=pause_event,
        reply=schemas.EventReply,
        errors={409: "The event is not live.", 503: "The media service did not confirm it; all is as it was."},
    ),
    Operation(
        name="resumeEvent",
        method="POST",
        path=f"{_EVENT}/resume",
        summary="The presenter again",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=resume_event,
        reply=schemas.EventReply,
        errors={409: "The event is not live.", 503: "The media service did not confirm it; all is as it was."},
    ),
    Operation(
        name="getLive",
        method="GET",
        path=f"{_EVENT}/live",
        summary="Figures of the live session",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=live,
        reply=schemas.LiveReply,
    ),
    Operation(
        name="getViewers",
        method="GET",
        path=f"{_EVENT}/viewers",
        summary="How many guests watch, and how",
        tag="live",
        callers=STAFF,
        handler=audience,
        reply=schemas.Viewers,
    ),
    Operation(
        name="getStudioTicket",
        method="GET",
        path=f"{_EVENT}/studio/ticket",
        summary="A ticket for the chat, for the studio and the moderators' console",
        tag="live",
        callers=STAFF,
        handler=studio_ticket,
        reply=schemas.ChatTicket,
    ),
    Operation(
        name="getPlayback",
        method="GET",
        path="/playback",
        summary="What a player needs now; can wait for a change",
        tag="playback",
        callers=frozenset({Caller.VIEWER}),
        handler=playback,
        query=PlaybackQuery,
        reply=schemas.PlaybackReply,
        errors={404: "The event was deleted.", 410: "The link was replaced, or the registration cancelled."},
    ),
    *PLANNING,
    *HANDOUTS,
    *ATTENDEES,
    *REGISTRATION,
    *CONVERSATION,
    *NAMES,
    *DOORS,
    *ROLE_LINKS,
    *WEBHOOKS,
    *MAILS,
    *RECORDS,
    *CERTIFICATES,
    *RECEIPTS,
    *MARKS,
    *RECORDINGS,
    *EDITING,
    *REPORT,
    *FOLLOWUP,
    *REPLAY,
    *ATTENDANCE,
)
