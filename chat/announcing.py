"""Announcements that come over the bus, of hosts who have no socket here: pages and the API of web."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from chat.entry import STAFF, Draft
from chat.gathering import Refusal
from chat.hub import Full, Hub
from chat.store import NoRoom, StoreDown
from chat.wire.parse import cid_of, is_person, text_of
from webinar.base.bus import Json
from webinar.base.errors import BadRequest, Conflict, NotFound, Unavailable

SUBJECT: Final = "chat.announce"


def announcer(hub: Hub) -> Callable[[Json], Awaitable[Json]]:
    """Answers `{event, person, name, role, body, cid}` with `{seq}`. Repeated with its `cid` it is stored once."""

    async def announce(said: Json) -> Json:
        body, wrong = text_of(said.get("body"))
        cid, person, role = cid_of(said), said.get("person"), said.get("role")
        if wrong is not None:
            raise BadRequest("This text cannot be announced.", code=wrong)
        if cid is None or not is_person(person) or role not in STAFF:
            raise BadRequest("This is no announcement.")
        try:
            room = await hub.room(uuid.UUID(str(said["event"])))
            if room.state.settings.ended:
                raise Conflict("The event is over.", code="ended")
            who = {"name": str(said.get("name", "")), "role": role}
            entry = await room.submit(Draft("announcement", cid, person, {**who, "body": body}))
        except NoRoom as error:
            raise NotFound("There is no such event.", code="event_not_found") from error
        except (StoreDown, Full, Refusal) as error:
            raise Unavailable("The chat cannot write just now.", retry_after_s=2) from error
        return {"seq": entry.seq}

    return announce
