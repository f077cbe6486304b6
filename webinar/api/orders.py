"""Orders that programs and pages give to an event's chat: who gives them, and what their bodies are made of."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from webinar.api.access import Caller
from webinar.api.operation import HIGHEST, Call
from webinar.base.errors import Forbidden
from webinar.conversation.orders import Giver

NO_CHAT: Final = {503: "The chat does not answer; what was asked is perhaps done. Ask again."}
MISSING: Final = {404: "Unknown id, or not in a state for this."}

Number = Annotated[int, Field(ge=1, le=HIGHEST)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


def keeps_the_room(call: Call) -> None:
    """A presenter speaks; who is in the room and what is written there is not theirs to decide."""
    if call.principal.role == "presenter":
        raise Forbidden("This token is not for this call.", code="wrong_token")


async def giver(call: Call) -> Giver:
    """Who calls, as the room shows them: the name of an API token is the host's own matter."""
    principal = call.principal
    event = await call.platform.events.get(call.event_id)
    anonymous = principal.caller is Caller.HOST or not principal.name
    return Giver(principal.person, (event.organizer or event.title) if anonymous else principal.name, principal.role)


async def order(call: Call, op: str, *, cid: uuid.UUID | None = None, **fields: Any) -> int | None:
    """As `Orders.give`."""
    return await call.platform.orders.give(call.event_id, await giver(call), op, cid=cid, **fields)
