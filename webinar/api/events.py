"""Events: what their hosts see of them, how they are made and changed, and their way from start to end."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST, HOST_OR_STUDIO
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Language, Reply, Time
from webinar.base.cursor import PATTERN
from webinar.events.fields import EventChange, NewEvent
from webinar.events.model import Event, EventState, Registration
from webinar.links import Links


class EventReply(Reply):
    """An event as its host sees it. `studio_url`, `moderate_url` and `stream_key` are secrets."""

    id: uuid.UUID
    slug: str
    title: str
    description: str
    language: Language
    starts_at: Time
    ends_at: Time
    timezone: str
    capacity: int
    registration: Registration
    state: EventState
    organizer: str = Field(description="Who invites.")
    accent: str | None = Field(description="The event's colour as #rrggbb; null: the platform's own.")
    names_shown: bool = Field(description="Guests see one another's names in the chat.")
    series_id: uuid.UUID | None = Field(description="The same for all events of a series.")
    paused: bool = Field(description="While live: viewers see the holding picture and hear nothing.")
    started_at: Time | None
    ended_at: Time | None
    ended_itself: bool = Field(description="Nobody ended it: its time did, hours past `ends_at`.")
    created_at: Time
    updated_at: Time
    event_url: str = Field(description="The public page.")
    host_url: str = Field(description="The host's page, for who is signed in.")
    studio_url: str = Field(description="The presenter's link.")
    moderate_url: str | None = Field(description="The moderators' link; null for a presenter.")
    whip_url: str = Field(description="RFC 9725 endpoint; the bearer credential is `stream_key`.")
    stream_key: str


class EventList(Reply):
    items: list[EventReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


_Cursor = Annotated[str | None, Field(default=None, pattern=PATTERN, description="`next` of the page before.")]
_Limit = Annotated[int, Field(default=50, ge=1, le=200)]


class EventQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: _Cursor
    limit: _Limit
    state: EventState | None = None


def event_reply(event: Event, links: Links, stream_key: str, *, for_host: bool) -> EventReply:
    """A presenter is given no links of others."""
    return EventReply(
        id=event.id,
        slug=event.slug,
        title=event.title,
        description=event.description,
        language=event.language,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        capacity=event.capacity,
        registration=event.registration,
        state=event.state,
        organizer=event.organizer,
        accent=event.accent,
        names_shown=event.names_shown,
        series_id=event.series_id,
        paused=event.paused,
        started_at=event.started_at,
        ended_at=event.ended_at,
        ended_itself=event.ended_itself,
        created_at=event.created_at,
        updated_at=event.updated_at,
        event_url=links.event(event),
        host_url=links.host(event),
        studio_url=links.studio(event),
        moderate_url=links.moderate(event) if for_host else None,
        whip_url=links.whip(event),
        stream_key=stream_key,
    )


def event_of(call: Call, event: Event) -> EventReply:
    """The event as its caller may see it: who came by a link of their own gets nothing that outlives it."""
    platform, link = call.platform, call.principal.link
    host = call.principal.role == "host"
    if link is None:
        return event_reply(event, platform.links, platform.events.stream_key(event), for_host=host)
    reply = event_reply(event, platform.links, platform.roles.stream_key(link), for_host=False)
    studio = f"{platform.links.host(event)}/studio" if host else platform.links.stage(link, event)
    moderate = f"{platform.links.host(event)}/moderate" if host else None
    return reply.model_copy(update={"studio_url": studio, "moderate_url": moderate})


async def create_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.events.create(call.body(NewEvent)))


async def list_events(call: Call) -> EventList:
    query = call.query(EventQuery)
    page = await call.platform.events.page(cursor=query.cursor, limit=query.limit, state=query.state)
    return EventList(items=[event_of(call, event) for event in page.items], next=page.next)


async def get_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.events.get(call.event_id))


async def change_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.course.change(call.event_id, call.body(EventChange)))


async def delete_event(call: Call) -> None:
    await call.platform.course.delete(call.event_id)


async def start_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.course.start(call.event_id))


async def end_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.course.end(call.event_id))


async def pause_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.course.pause(call.event_id, True))


async def resume_event(call: Call) -> EventReply:
    return event_of(call, await call.platform.course.pause(call.event_id, False))


_EVENT: Final = "/events/{event_id}"
EVENTS: Final = (
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
        reply=EventReply,
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
        reply=EventList,
    ),
    Operation(
        name="getEvent",
        method="GET",
        path=_EVENT,
        summary="One event",
        tag="events",
        callers=HOST_OR_STUDIO,
        handler=get_event,
        reply=EventReply,
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
        reply=EventReply,
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
        reply=EventReply,
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
        reply=EventReply,
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
        reply=EventReply,
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
        reply=EventReply,
        errors={409: "The event is not live.", 503: "The media service did not confirm it; all is as it was."},
    ),
)
