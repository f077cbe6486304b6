"""What an event's chat allows, and whom, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from webinar.api.access import STAFF
from webinar.api.operation import Call, Operation
from webinar.api.orders import MISSING, NO_CHAT, Minutes, Number, keeps_the_room, order
from webinar.api.schemas import Reply, Time
from webinar.conversation.model import Floor

_SETTINGS: Final = "/events/{event_id}/chat/settings"
_PERSON: Final = "/events/{event_id}/attendees/{attendee_id}/chat"

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class Rules(BaseModel):
    """What the room allows attendees; staff is bound by none of it."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["open", "hosts", "questions", "review"]
    slow_s: Annotated[int, Field(ge=0, le=120, description="Seconds between two messages of one person.")]
    links: bool
    words: Annotated[list[Word], Field(max_length=200, description="What holds a message until it is approved.")]
    frozen: bool
    questions: bool
    anonymous_questions: bool
    review_questions: bool
    reactions: bool
    hands: bool
    pinned: Annotated[Number | None, Field(description="The number of the message above all others.")]


class RoomChange(BaseModel):
    """Only what is sent changes."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["open", "hosts", "questions", "review"] | None = None
    slow_s: Annotated[int | None, Field(default=None, ge=0, le=120)]
    links: bool | None = None
    words: Annotated[list[Word] | None, Field(default=None, max_length=200)]
    frozen: bool | None = None
    questions: bool | None = None
    anonymous_questions: bool | None = None
    review_questions: bool | None = None
    reactions: bool | None = None
    hands: bool | None = None
    pinned: Annotated[Number | None, Field(default=None, description="Null: none is pinned any more.")]


class WriterReply(Reply):
    """An attendee in the chat. `banned`: their sockets are closed, and none opens again; the picture stays."""

    state: Literal["open", "muted", "banned"]
    until: Time | None = Field(description="Of `muted`.")


class WriterChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "muted", "banned"]
    minutes: Annotated[Minutes, Field(default=10, description="Of `muted`.")]


async def _floor(call: Call) -> Floor:
    return (await call.platform.conversation.standing(call.event_id)).floor


async def get_rules(call: Call) -> Rules:
    keeps_the_room(call)
    await call.platform.events.get(call.event_id)
    floor = await _floor(call)
    return Rules.model_validate({**floor.settings, "pinned": floor.pinned})


async def change_rules(call: Call) -> Rules:
    keeps_the_room(call)
    change = call.body(RoomChange)
    sent = change.model_dump(exclude_unset=True)
    pins, pinned = "pinned" in sent, sent.pop("pinned", None)
    settings = {name: value for name, value in sent.items() if value is not None}
    if settings:
        await order(call, "settings", **settings)
    if pins:
        await (order(call, "unpin") if pinned is None else order(call, "pin", target=pinned))
    return await get_rules(call)


async def _writer(call: Call) -> WriterReply:
    """How an attendee stands in the chat. Raises `NotFound` for who is none."""
    attendee = await call.platform.registration.get(call.event_id, call.path_id("attendee_id"))
    floor, person = await _floor(call), str(attendee.id)
    if any(one.person == person for one in floor.banned):
        return WriterReply(state="banned", until=None)
    for one in floor.muted:
        if one.person == person and one.until is not None and one.until > datetime.now(UTC):
            return WriterReply(state="muted", until=one.until)
    return WriterReply(state="open", until=None)


async def get_writer(call: Call) -> WriterReply:
    keeps_the_room(call)
    return await _writer(call)


async def change_writer(call: Call) -> WriterReply:
    keeps_the_room(call)
    now, change = await _writer(call), call.body(WriterChange)
    person = str(call.path_id("attendee_id"))
    if now.state == "banned" != change.state:
        await order(call, "unban", person=person)
    match change.state:
        case "banned" if now.state != "banned":
            await order(call, "ban", person=person)
        case "muted":
            await order(call, "mute", person=person, minutes=change.minutes)
        case "open" if now.state != "open":
            # Also who was muted before they were banned.
            await order(call, "unmute", person=person)
    return await _writer(call)


async def delete_words(call: Call) -> None:
    keeps_the_room(call)
    await call.platform.registration.get(call.event_id, call.path_id("attendee_id"))
    await order(call, "delete_person", person=str(call.path_id("attendee_id")))


CHAT_RULES: Final = (
    Operation(
        name="getChatSettings",
        method="GET",
        path=_SETTINGS,
        summary="What the room allows, its blocked words, what is pinned",
        tag="conversation",
        callers=STAFF,
        handler=get_rules,
        reply=Rules,
    ),
    Operation(
        name="changeChatSettings",
        method="PATCH",
        path=_SETTINGS,
        summary="Change what the room allows, or what is pinned",
        tag="conversation",
        callers=STAFF,
        handler=change_rules,
        body=RoomChange,
        reply=Rules,
        errors={**MISSING, 409: "The event is over.", **NO_CHAT},
    ),
    Operation(
        name="getWriter",
        method="GET",
        path=_PERSON,
        summary="Whether an attendee may write",
        tag="conversation",
        callers=STAFF,
        handler=get_writer,
        reply=WriterReply,
    ),
    Operation(
        name="changeWriter",
        method="PUT",
        path=_PERSON,
        summary="Mute an attendee for minutes, ban them from the chat, or let them write again",
        tag="conversation",
        callers=STAFF,
        handler=change_writer,
        body=WriterChange,
        reply=WriterReply,
        errors=NO_CHAT,
    ),
    Operation(
        name="deleteWords",
        method="DELETE",
        path=_PERSON,
        summary="Delete everything that an attendee has written so far",
        tag="conversation",
        callers=STAFF,
        handler=delete_words,
        status=204,
        errors=NO_CHAT,
    ),
)
