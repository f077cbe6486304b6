"""What an event is made of besides its own fields: agenda, speakers, pictures, copies and series."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webinar.api.access import Caller
from webinar.api.operation import Call, Operation, read_file
from webinar.api.schemas import EventList, EventReply, Reply, Time, event_reply
from webinar.base.errors import NotFound
from webinar.events.copies import MOST_IN_SERIES, Rhythm
from webinar.events.images import EventImage
from webinar.events.model import Event, Title
from webinar.events.pictures import MAX_BYTES, Kind
from webinar.events.plan.model import (
    MOST_ITEMS,
    MOST_SPEAKERS,
    AgendaItem,
    AgendaShift,
    NewAgendaItem,
    NewSpeaker,
    Speaker,
)

HOST: Final = frozenset({Caller.HOST})
HOST_OR_STUDIO: Final = frozenset({Caller.HOST, Caller.STUDIO})
_PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


class AgendaItemReply(Reply):
    id: uuid.UUID
    title: str
    note: str
    speakers: str
    starts_at: Time
    ends_at: Time


class AgendaReply(Reply):
    items: list[AgendaItemReply]
    next: None = None


class Agenda(BaseModel):
    """The whole agenda in its order: what is not in it is removed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Annotated[list[NewAgendaItem], Field(max_length=MOST_ITEMS)]


class SpeakerReply(Reply):
    id: uuid.UUID
    name: str
    role: str
    about: str


class SpeakersReply(Reply):
    items: list[SpeakerReply]
    next: None = None


class Speakers(BaseModel):
    """All speakers in their order: who is not in it is removed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Annotated[list[NewSpeaker], Field(max_length=MOST_SPEAKERS)]


class ImageReply(Reply):
    kind: Literal["cover", "logo", "holding"]
    url: str = Field(description="For everybody, and for ever the same bytes.")
    type: str
    bytes: int
    width: int
    height: int
    sha256: str


class ImagesReply(Reply):
    items: list[ImageReply]
    next: None = None


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


def event_of(call: Call, event: Event) -> EventReply:
    """The event as its caller may see it: who came by a link of their own gets nothing that outlives it."""
    platform, link = call.platform, call.principal.link
    host = call.principal.role == "host"
    if link is None:
        return event_reply(event, platform.links, platform.events.stream_key(event), for_host=host)
    reply = event_reply(event, platform.links, platform.roles.stream_key(link), for_host=False)
    studio = f"{platform.links.host(event)}/studio" if host else platform.links.stage(link)
    moderate = f"{platform.links.host(event)}/moderate" if host else None
    return reply.model_copy(update={"studio_url": studio, "moderate_url": moderate})


def _agenda(items: list[AgendaItem]) -> AgendaReply:
    fields = AgendaItemReply.model_fields
    return AgendaReply(items=[AgendaItemReply(**{f: getattr(item, f) for f in fields}) for item in items])


def _speakers(speakers: list[Speaker]) -> SpeakersReply:
    return SpeakersReply(
        items=[SpeakerReply(id=one.id, name=one.name, role=one.role, about=one.about) for one in speakers]
    )


async def get_agenda(call: Call) -> AgendaReply:
    await call.platform.events.get(call.event_id)
    return _agenda(await call.platform.events.agenda(call.event_id))


async def set_agenda(call: Call) -> AgendaReply:
    return _agenda(await call.platform.plans.set_agenda(call.event_id, call.body(Agenda).items))


async def get_speakers(call: Call) -> SpeakersReply:
    await call.platform.events.get(call.event_id)
    return _speakers(await call.platform.events.speakers(call.event_id))


async def set_speakers(call: Call) -> SpeakersReply:
    return _speakers(await call.platform.plans.set_speakers(call.event_id, call.body(Speakers).items))


async def _image(call: Call, event: Event, image: EventImage) -> ImageReply:
    brand = await call.platform.images.brand(event)
    return ImageReply(
        kind=image.kind.value,
        url=call.platform.links.absolute(brand.path(image)),
        type=image.type,
        bytes=image.bytes,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
    )


def _kind(call: Call) -> Kind:
    """Raises `NotFound`."""
    try:
        return Kind(call.request.path_params["kind"])
    except ValueError as error:
        raise NotFound("There is no such kind of picture: cover, logo or holding.", code="not_found") from error


async def list_images(call: Call) -> ImagesReply:
    event = await call.platform.events.get(call.event_id)
    return ImagesReply(items=[await _image(call, event, image) for image in await call.platform.images.all(event.id)])


async def put_image(call: Call) -> ImageReply:
    kind = _kind(call)
    event = await call.platform.events.get(call.event_id)
    return await _image(call, event, await call.platform.images.put(event.id, kind, await _uploaded(call)))


async def delete_image(call: Call) -> None:
    await call.platform.images.remove(call.event_id, _kind(call))


async def _uploaded(call: Call) -> bytes:
    """Raises `UnsupportedMedia`, `TooLarge`, `BadRequest`."""
    larger = "The picture is larger than 10 MB. Make it smaller and try again."
    return await read_file(call.request, _PICTURES, MAX_BYTES, larger)


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


async def delay_agenda(call: Call) -> AgendaReply:
    return _agenda(await call.platform.plans.delay(call.event_id, call.body(AgendaShift)))


_EVENT: Final = "/events/{event_id}"
_IMAGE: Final = f"{_EVENT}/images/{{kind}}"
_OVER: Final = {409: "The event is over, or in a series already."}
PLANNING: Final = (
    Operation(
        name="getAgenda",
        method="GET",
        path=f"{_EVENT}/agenda",
        summary="The agenda, in its order",
        tag="planning",
        callers=HOST_OR_STUDIO,
        handler=get_agenda,
        reply=AgendaReply,
    ),
    Operation(
        name="setAgenda",
        method="PUT",
        path=f"{_EVENT}/agenda",
        summary="The whole agenda; an item with its `id` stays the same item",
        tag="planning",
        callers=HOST,
        handler=set_agenda,
        body=Agenda,
        reply=AgendaReply,
    ),
    Operation(
        name="delayAgenda",
        method="POST",
        path=f"{_EVENT}/agenda/delay",
        summary="While live: an item and all after it begin later or earlier; rules of items follow",
        tag="planning",
        callers=HOST,
        handler=delay_agenda,
        body=AgendaShift,
        reply=AgendaReply,
        errors={409: "The event is not live; the item is over, or ends at another time than `ends_at`."},
    ),
    Operation(
        name="getSpeakers",
        method="GET",
        path=f"{_EVENT}/speakers",
        summary="The speakers, in their order",
        tag="planning",
        callers=HOST_OR_STUDIO,
        handler=get_speakers,
        reply=SpeakersReply,
    ),
    Operation(
        name="setSpeakers",
        method="PUT",
        path=f"{_EVENT}/speakers",
        summary="All speakers; one with their `id` stays the same speaker",
        tag="planning",
        callers=HOST,
        handler=set_speakers,
        body=Speakers,
        reply=SpeakersReply,
    ),
    Operation(
        name="listImages",
        method="GET",
        path=f"{_EVENT}/images",
        summary="Cover, logo and holding picture, as far as there are some",
        tag="planning",
        callers=HOST_OR_STUDIO,
        handler=list_images,
        reply=ImagesReply,
    ),
    Operation(
        name="setImage",
        method="PUT",
        path=_IMAGE,
        summary="A picture in place of the one of its kind; it is encoded anew",
        tag="planning",
        callers=HOST,
        handler=put_image,
        takes=_PICTURES,
        reply=ImageReply,
    ),
    Operation(
        name="deleteImage",
        method="DELETE",
        path=_IMAGE,
        summary="No picture of this kind any more",
        tag="planning",
        callers=HOST,
        handler=delete_image,
        status=204,
    ),
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
