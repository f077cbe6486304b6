"""An event's agenda and its speakers."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST, HOST_OR_STUDIO
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.events.plan.model import (
    MOST_ITEMS,
    MOST_SPEAKERS,
    AgendaItem,
    AgendaShift,
    NewAgendaItem,
    NewSpeaker,
    Speaker,
)


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


async def delay_agenda(call: Call) -> AgendaReply:
    return _agenda(await call.platform.plans.delay(call.event_id, call.body(AgendaShift)))


_EVENT: Final = "/events/{event_id}"
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
)
