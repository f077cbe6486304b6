"""Polls and raised hands, for programs: what a host or presenter does about them while the event runs."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from webinar.api.access import STAFF
from webinar.api.conversation import PollReply
from webinar.api.operation import Call, Operation
from webinar.api.orders import MISSING, NO_CHAT, order
from webinar.api.schemas import Reply, Time
from webinar.base.errors import NotFound

_POLLS: Final = "/events/{event_id}/polls"
_HANDS: Final = "/events/{event_id}/hands"

Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PollDraft(BaseModel):
    """What is asked. Once it was opened it cannot be changed any more."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    kind: Literal["single", "multiple", "rating"] = "single"
    options: Annotated[list[Option], Field(default=[], max_length=10, description="Two at least; of a rating none.")]
    correct: Annotated[
        list[Annotated[int, Field(ge=0, le=9)]],
        Field(default=[], max_length=10, description="Places in `options` that are right: it is a quiz."),
    ]
    anonymous: Annotated[bool, Field(default=False, description="Who chose what is stored nowhere.")]
    live: Annotated[bool, Field(default=False, description="Everybody sees the bars while it is open.")]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind == "rating" and self.options:
            raise PydanticCustomError("body", "A rating has no options: its marks are 1 to 5.")
        if self.kind != "rating" and len(self.options) < 2:
            raise PydanticCustomError("body", "A poll has two options at least.")
        if any(place >= len(self.options) for place in self.correct):
            raise PydanticCustomError("body", "`correct` are places in `options`, from 0 on.")
        if self.kind == "single" and len(set(self.correct)) > 1:
            raise PydanticCustomError("body", "Where one can be chosen, one can be right.")
        return self


class NewPoll(PollDraft):
    id: Annotated[
        uuid.UUID | None,
        Field(default=None, strict=False, description="Of your own: sent again with it, the poll is made once."),
    ]


class PollChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Annotated[
        Literal["open", "closed", "shared"],
        Field(description="`shared`: closed, and everybody sees the result. What was closed can be opened again."),
    ]


class HandReply(Reply):
    hand: int
    at: Time
    person: str
    name: str = Field(description="As guests see it.")
    full_name: str | None = Field(description="Whoever `name` was shown for.")
    called: bool = Field(description="Its owner was asked to speak.")


class HandList(Reply):
    """In the order in which they went up."""

    items: list[HandReply]
    next: None = None


class HandChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Literal["called", "down"]


async def _poll(call: Call, number: int) -> PollReply:
    for one in (await call.platform.conversation.standing(call.event_id)).polls:
        if one.poll == number:
            return PollReply.model_validate(one, from_attributes=True)
    raise NotFound("There is no such poll.", code="bad_target")


async def make_poll(call: Call) -> PollReply:
    new = call.body(NewPoll)
    made = await order(call, "poll_save", cid=new.id, **new.model_dump(exclude={"id"}))
    if made is None:
        raise NotFound("There is no such poll.", code="bad_target")
    return await _poll(call, made)


async def save_poll(call: Call) -> PollReply:
    number = call.path_number("poll")
    await order(call, "poll_save", poll=number, **call.body(PollDraft).model_dump())
    return await _poll(call, number)


async def change_poll(call: Call) -> PollReply:
    number = call.path_number("poll")
    await order(call, "poll", poll=number, state=call.body(PollChange).state)
    return await _poll(call, number)


async def remove_poll(call: Call) -> None:
    await order(call, "poll", poll=call.path_number("poll"), state="removed")


async def list_hands(call: Call) -> HandList:
    await call.platform.events.get(call.event_id)
    floor = (await call.platform.full_names.standing(call.event_id)).floor
    return HandList(items=[HandReply.model_validate(hand, from_attributes=True) for hand in floor.hands])


async def change_hand(call: Call) -> None:
    await order(call, "hand", target=call.path_number("hand"), state=call.body(HandChange).state)


POLLING: Final = (
    Operation(
        name="createPoll",
        method="POST",
        path=_POLLS,
        summary="Prepare a poll, quiz or rating; nobody sees it before it is opened",
        tag="conversation",
        callers=STAFF,
        handler=make_poll,
        status=201,
        body=NewPoll,
        reply=PollReply,
        errors={409: "The event is over, or there are a hundred polls.", **NO_CHAT},
    ),
    Operation(
        name="savePoll",
        method="PUT",
        path=f"{_POLLS}/{{poll}}",
        summary="Change a poll that was not opened yet",
        tag="conversation",
        callers=STAFF,
        handler=save_poll,
        body=PollDraft,
        reply=PollReply,
        errors={**MISSING, 409: "The event is over.", **NO_CHAT},
    ),
    Operation(
        name="changePoll",
        method="PATCH",
        path=f"{_POLLS}/{{poll}}",
        summary="Open a poll, close it, share its result",
        tag="conversation",
        callers=STAFF,
        handler=change_poll,
        body=PollChange,
        reply=PollReply,
        errors={**MISSING, 409: "The event is over, or five are open.", **NO_CHAT},
    ),
    Operation(
        name="removePoll",
        method="DELETE",
        path=f"{_POLLS}/{{poll}}",
        summary="Take a poll away, with its answers",
        tag="conversation",
        callers=STAFF,
        handler=remove_poll,
        status=204,
        errors={**MISSING, **NO_CHAT},
    ),
    Operation(
        name="listHands",
        method="GET",
        path=_HANDS,
        summary="Raised hands in their order",
        tag="conversation",
        callers=STAFF,
        handler=list_hands,
        reply=HandList,
    ),
    Operation(
        name="changeHand",
        method="PATCH",
        path=f"{_HANDS}/{{hand}}",
        summary="Call on whoever raised a hand, or lower it",
        tag="conversation",
        callers=STAFF,
        handler=change_hand,
        status=204,
        body=HandChange,
        errors={**MISSING, 409: "The event is over.", **NO_CHAT},
    ),
)
