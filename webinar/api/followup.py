"""Follow-up letters: who gets which and what it says, then written, once the event is over."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply
from webinar.base.errors import Conflict
from webinar.events.model import EventState
from webinar.followups import Group
from webinar.mail.model import Language
from webinar.mail.readers import Standing


class FollowupQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Annotated[
        Language | None, Field(default=None, description="Of the example; the event's unless said otherwise.")
    ]
    people: Annotated[bool, Field(default=False, description="With names and addresses.")]


class ReaderReply(Reply):
    attendee_id: uuid.UUID
    name: str
    email: str
    language: Language = Field(description="Of their letter.")
    standing: Standing = Field(description="`has`: was written to already; `stopped`: asked for no more of these.")


class FollowupGroup(Reply):
    """`thanks`: those who came; `missed`: those who did not. The letter is an example, as the host's words stand."""

    kind: Literal["thanks", "missed"]
    gets: int
    has: int
    stopped: int
    language: Language
    subject: str
    text: str
    html: str
    people: list[ReaderReply] | None = Field(description="By name; null unless asked for.")


class FollowupGroups(Reply):
    items: list[FollowupGroup]
    next: None = None


class FollowupReply(Reply):
    letters: int = Field(description="Written now; who has theirs already gets no second one.")


def _group(group: Group, language: Language, *, people: bool) -> FollowupGroup:
    counts, letter, names = (
        group.counts,
        group.letters[language],
        ("attendee_id", "name", "email", "language", "standing"),
    )
    listed = [ReaderReply(**{name: getattr(one, name) for name in names}) for one in group.readers]
    return FollowupGroup(
        kind="thanks" if group.kind.value == "thanks" else "missed",
        gets=counts[Standing.GETS],
        has=counts[Standing.HAS],
        stopped=counts[Standing.STOPPED],
        language=language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        people=listed if people else None,
    )


async def preview(call: Call) -> FollowupGroups:
    event, query = await call.platform.events.get(call.event_id), call.query(FollowupQuery)
    language = query.language or event.language
    groups = await call.platform.followups.groups(event, [language])
    return FollowupGroups(items=[_group(group, language, people=query.people) for group in groups])


async def send(call: Call) -> FollowupReply:
    event = await call.platform.events.get(call.event_id)
    if event.state is not EventState.ENDED:
        raise Conflict("Follow-up letters are for when the event is over.", code="not_ended")
    if not call.platform.letters.on:
        raise Conflict("No mail server is set: nothing can be sent.", code="no_mail_server")
    return FollowupReply(letters=await call.platform.letters.followup(event))


_operation: Final = partial(Operation, path="/events/{event_id}/followup", tag="recordings", callers=HOST)

FOLLOWUP: Final = (
    _operation(
        name="previewFollowup",
        method="GET",
        summary="Who would get which follow-up letter now, and what it says",
        handler=preview,
        query=FollowupQuery,
        reply=FollowupGroups,
    ),
    _operation(
        name="sendFollowup",
        method="POST",
        summary="Write the follow-up letters, once a person",
        handler=send,
        reply=FollowupReply,
        errors={409: "The event is not over, or no mail server is set."},
    ),
)
