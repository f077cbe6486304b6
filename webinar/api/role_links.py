"""Links by role: who else works on an event without an account. Listed, made, revoked; those that all share renewed."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.events import EventReply, event_of
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base.patterns import ONE_LINE
from webinar.events.role_model import MAX_NAME, LinkRole, RoleLink

_PATH: Final = "/events/{event_id}/links"


class NewRoleLink(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Annotated[LinkRole, Field(strict=False, description="The host's pages, the studio, the moderators' console.")]
    name: Annotated[
        str, Field(max_length=MAX_NAME, pattern=ONE_LINE, description="Whose it is; also the name in the chat.")
    ]


class SharedLink(BaseModel):
    """The old one opens nothing from then on."""

    model_config = ConfigDict(extra="forbid")

    link: Literal["presenter", "moderator", "stream_key"]


class RoleLinkReply(Reply):
    id: uuid.UUID
    role: LinkRole
    name: str
    url: str = Field(description="A secret of that person.")
    created_at: Time
    last_used_at: Time | None


class RoleLinkList(Reply):
    items: list[RoleLinkReply]
    next: None = None


def _reply(call: Call, link: RoleLink) -> RoleLinkReply:
    return RoleLinkReply(
        id=link.id,
        role=link.role,
        name=link.name,
        url=call.platform.links.role(link),
        created_at=link.created_at,
        last_used_at=link.last_used_at,
    )


async def listed(call: Call) -> RoleLinkList:
    await call.platform.events.get(call.event_id)
    return RoleLinkList(items=[_reply(call, link) for link in await call.platform.roles.all(call.event_id)])


async def make(call: Call) -> RoleLinkReply:
    new = call.body(NewRoleLink)
    await call.platform.events.get(call.event_id)
    return _reply(call, await call.platform.roles.make(call.event_id, new.role, new.name))


async def revoke(call: Call) -> None:
    await call.platform.roles.revoke(call.event_id, call.path_id("link_id"))


async def renew(call: Call) -> EventReply:
    platform = call.platform
    renewals = {
        "presenter": platform.events.renew_presenter_link,
        "moderator": platform.moderators.renew,
        "stream_key": platform.events.renew_stream_key,
    }
    return event_of(call, await renewals[call.body(SharedLink).link](call.event_id))


ROLE_LINKS: Final = (
    Operation(
        name="renewSharedLink",
        method="POST",
        path=f"{_PATH}/renew",
        summary="A new presenter or moderator link, or stream key, in place of the one that all share",
        tag="events",
        callers=HOST,
        handler=renew,
        body=SharedLink,
        reply=EventReply,
    ),
    Operation(
        name="listRoleLinks",
        method="GET",
        path=_PATH,
        summary="Links by role that work: co-hosts, speakers, moderators",
        tag="events",
        callers=HOST,
        handler=listed,
        reply=RoleLinkList,
    ),
    Operation(
        name="makeRoleLink",
        method="POST",
        path=_PATH,
        summary="Make a link for one person or desk",
        tag="events",
        callers=HOST,
        handler=make,
        status=201,
        body=NewRoleLink,
        reply=RoleLinkReply,
        errors={409: "There are too many links already."},
    ),
    Operation(
        name="revokeRoleLink",
        method="DELETE",
        path=f"{_PATH}/{{link_id}}",
        summary="Revoke a link: it opens nothing from now on, and what it opened is closed",
        tag="events",
        callers=HOST,
        handler=revoke,
        status=204,
    ),
)
