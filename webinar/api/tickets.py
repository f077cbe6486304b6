"""`GET /events/{id}/studio/ticket`: what opens the chat to who works behind the scenes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webinar.api.access import STAFF, ChatRole
from webinar.api.operation import Call, Operation
from webinar.api.schemas import ChatTicket

_CHAT_ROLES: Final[Mapping[str, ChatRole]] = {"host": "host", "presenter": "presenter", "moderator": "moderator"}


async def studio_ticket(call: Call) -> ChatTicket:
    principal = call.principal
    role = _CHAT_ROLES[principal.role]
    name = principal.name or role.capitalize()
    return ChatTicket(**call.platform.access.chat(call.event_id, principal.person, role, name))


TICKETS: Final = (
    Operation(
        name="getStudioTicket",
        method="GET",
        path="/events/{event_id}/studio/ticket",
        summary="A ticket for the chat, for the studio and the moderators' console",
        tag="live",
        callers=STAFF,
        handler=studio_ticket,
        reply=ChatTicket,
    ),
)
