"""What moderators decide about messages and questions, for programs."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from webinar.api.access import STAFF
from webinar.api.conversation import MessageReply, QuestionReply
from webinar.api.operation import Call, Operation
from webinar.api.orders import MISSING, NO_CHAT, Minutes, Number, Text, keeps_the_room, order
from webinar.base.errors import Conflict, NotFound
from webinar.conversation.model import Asked, Said
from webinar.conversation.orders import moderation, step

_QUESTION: Final = "/events/{event_id}/questions/{seq}"
_MOST_STEPS: Final = 4  # from any state to any other, and a look at the end

Moderated = Literal["shown", "deleted", "rejected"]


class MessageChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Annotated[Moderated, Field(description="`rejected`: of one that waits. `shown`: approved, or brought back.")]


class AskerMute(BaseModel):
    model_config = ConfigDict(extra="forbid")

    minutes: Minutes


class QuestionChange(BaseModel):
    """One of `state` and `into`; `answer` goes with the state `answered`."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[
        Literal["new", "queue", "screen", "answered", "dismissed", "shown", "deleted", "rejected"] | None,
        Field(default=None, description="Of its way, or as of a message. One question is on `screen`."),
    ]
    answer: Annotated[Text | None, Field(default=None, description="In writing.")]
    into: Annotated[Number | None, Field(default=None, description="Merges it into this question.")]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.state is None) == (self.into is None):
            raise PydanticCustomError("body", "Send `state` or `into`.")
        if self.answer is not None and self.state != "answered":
            raise PydanticCustomError("body", "`answer` goes with the state `answered`.")
        return self


async def _message(call: Call, seq: int) -> Said:
    for one in (await call.platform.full_names.standing(call.event_id, seq)).messages:
        if one.seq == seq:
            return one
    raise NotFound("There is no such message.", code="bad_target")


async def _question(call: Call, seq: int) -> Asked:
    for one in (await call.platform.full_names.standing(call.event_id, seq)).questions:
        if one.seq == seq:
            return one
    raise NotFound("There is no such question.", code="bad_target")


async def change_message(call: Call) -> MessageReply:
    keeps_the_room(call)
    seq, wanted = call.path_number("seq"), call.body(MessageChange).state
    for _ in range(_MOST_STEPS):
        message = await _message(call, seq)
        if message.state == wanted:
            return MessageReply.model_validate(message, from_attributes=True)
        await order(call, step(message.state, wanted), target=seq)
    raise _undone()


async def change_question(call: Call) -> QuestionReply:
    seq, change = call.path_number("seq"), call.body(QuestionChange)
    moderated = change.state in ("shown", "deleted", "rejected")
    if moderated:
        keeps_the_room(call)
    wanted = str(change.state) if moderated else "shown"
    for _ in range(_MOST_STEPS):
        question = await _question(call, seq)
        now = moderation(question.state)
        if now == wanted:
            break
        # Who may not decide about messages may not bring one back by the way.
        keeps_the_room(call)
        await order(call, step(now, wanted), target=seq)
    else:
        raise _undone()
    if change.into is not None:
        await order(call, "question", target=seq, into=change.into)
    elif not moderated:
        # An answer that is not sent is none: the one that was given in writing before stays.
        await order(call, "question", target=seq, state=change.state, answer=change.answer)
    return QuestionReply.model_validate(await _question(call, seq), from_attributes=True)


def _undone() -> Conflict:
    return Conflict(
        "It does not stay so: its writer had their data deleted, or somebody else decides too.", code="undone"
    )


async def mute_asker(call: Call) -> None:
    keeps_the_room(call)
    await order(call, "mute_asker", target=call.path_number("seq"), minutes=call.body(AskerMute).minutes)


MODERATION: Final = (
    Operation(
        name="changeMessage",
        method="PATCH",
        path="/events/{event_id}/chat/{seq}",
        summary="Approve, refuse, delete a message, or bring it back",
        tag="conversation",
        callers=STAFF,
        handler=change_message,
        body=MessageChange,
        reply=MessageReply,
        errors={**MISSING, 409: "It never waited, or is gone for good.", **NO_CHAT},
    ),
    Operation(
        name="changeQuestion",
        method="PATCH",
        path=_QUESTION,
        summary="Move a question on its way, answer it in writing, merge it, or decide about it as of a message",
        tag="conversation",
        callers=STAFF,
        handler=change_question,
        body=QuestionChange,
        reply=QuestionReply,
        errors={**MISSING, 409: "It never waited, or is gone for good.", **NO_CHAT},
    ),
    Operation(
        name="muteAsker",
        method="POST",
        path=f"{_QUESTION}/mute",
        summary="Whoever asked this, perhaps anonymously, asks nothing for so long; nobody learns who it is",
        tag="conversation",
        callers=STAFF,
        handler=mute_asker,
        status=204,
        body=AskerMute,
        errors={**MISSING, **NO_CHAT},
    ),
)
