"""`GET /events/{id}/names`: who somebody is whom the room calls by a short form. For staff."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import STAFF
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply
from webinar.registration.short_form import seen_as

MOST: Final = 100
_ID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class NamesQuery(BaseModel):
    """Without either: the first of the list."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[
        str | None,
        Field(
            default=None,
            pattern=f"^{_ID}(,{_ID}){{0,{MOST - 1}}}$",
            description=f"Up to {MOST} ids of people, as in `from.id` of the chat, with commas between them.",
        ),
    ]
    search: Annotated[
        str | None,
        Field(default=None, max_length=100, pattern=r"^[^\x00]*$", description="A part of a name."),
    ]


class NameReply(Reply):
    id: uuid.UUID
    name: str
    seen_as: str = Field(description="How guests see what this person writes now: the name, or a short form.")


class NameList(Reply):
    items: list[NameReply] = Field(description=f"At most {MOST}, in the order of registration.")


async def names(call: Call) -> NameList:
    """Of who was forgotten nothing is known."""
    event, query = await call.platform.events.get(call.event_id), call.query(NamesQuery)
    ids = None if query.ids is None else [uuid.UUID(text) for text in query.ids.split(",")]
    people = await call.platform.registration.named(event.id, ids, query.search or "", MOST)
    return NameList(
        items=[
            NameReply(
                id=one.id,
                name=one.name,
                seen_as=seen_as(one.name, one.number, event.language, names_shown=event.names_shown),
            )
            for one in people
        ]
    )


NAMES: Final = (
    Operation(
        name="listNames",
        method="GET",
        path="/events/{event_id}/names",
        summary="Who the people of the chat are",
        tag="conversation",
        callers=STAFF,
        handler=names,
        query=NamesQuery,
        reply=NameList,
    ),
)
