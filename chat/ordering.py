"""Orders that come over the bus, of staff who have no socket here: pages and the API of web.

Each is what a socket's `mod` would be, read and answered by the same functions; only the way of the answer is another.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from chat import wire
from chat.entry import STAFF
from chat.handlers import answer
from chat.hub import Full, Hub
from chat.live_room import LiveRoom
from chat.store import NoRoom, StoreDown
from chat.ticket import Ticket
from chat.visit import Visit
from chat.wire.parse import is_person, is_seq
from webinar.base.bus import Json
from webinar.base.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, Unavailable, WebinarError

SUBJECT: Final = "chat.order"
# What becomes of a nak (docs/chat-protocol.md), where it is not said of the order's own words.
_ERRORS: Final[Mapping[str, type[WebinarError]]] = {
    "bad_target": NotFound,
    "gone": NotFound,
    "forbidden": Forbidden,
    "ended": Conflict,
    "limit": Conflict,
    "unknown_op": BadRequest,
    "busy": Unavailable,
    "rate": Unavailable,
    "unavailable": Unavailable,
}
_NUMBERS: Final = ("target", "poll", "into")  # of the log, in orders


class _Reply:
    """The outlet of somebody who waits for one answer."""

    def __init__(self) -> None:
        self.broken: asyncio.Future[None] | None = None
        self.said: dict[str, Any] = {}

    def write(self, frame: wire.Frame) -> bool:
        self.said = json.loads(frame.payload)
        return True

    async def drain(self) -> None:
        """Nothing waits."""

    def cut(self) -> None:
        """There is no connection."""

    async def aclose(self) -> None:
        """Nothing runs here."""


def taker(hub: Hub) -> Callable[[Json], Awaitable[Json]]:
    """Answers `{event, person, name, role, order: {op, cid, …}}` with `{seq}`, null where there was nothing to log.
    Repeated with its `cid` it is done once. What is refused has the code of its nak.
    """

    async def take(said: Json) -> Json:
        ticket, order = _ticket(said), wire.mod(said.get("order") or {})
        if isinstance(order, wire.Refused):
            raise _error(order.code)
        if not isinstance(order, wire.Mod):
            raise BadRequest("This is an order for sockets.")
        try:
            room = await hub.room(ticket.event_id)
            room.last_used = asyncio.get_running_loop().time()
            await _follow(room, said["order"])
        except NoRoom as error:
            raise NotFound("There is no such event.", code="event_not_found") from error
        except (StoreDown, Full) as error:
            raise _error("unavailable", 2) from error
        reply = _Reply()
        await answer(Visit.of(room, ticket, reply, hub.readers), order)
        if reply.said["type"] == "nak":
            raise _error(reply.said["code"], reply.said.get("retry_after"))
        return {"seq": reply.said["seq"]}

    return take


def _ticket(said: Json) -> Ticket:
    """Who gives it, as web vouches for."""
    person, name, role = said.get("person"), said.get("name"), said.get("role")
    if not is_person(person) or not isinstance(name, str) or role not in STAFF:
        raise BadRequest("Nobody of the staff gives this order.")
    return Ticket(uuid.UUID(str(said.get("event"))), person, role, wire.clean(name) or "?", 0)


async def _follow(room: LiveRoom, order: Mapping[str, object]) -> None:
    """What the order is about was perhaps committed by another process just now: part of the state here, too."""
    await room.follow(max((seq for name in _NUMBERS if is_seq(seq := order.get(name))), default=0))


def _error(code: str, retry_after: float | None = None) -> WebinarError:
    kind = _ERRORS.get(code, Invalid)
    after_s = None if retry_after is None else max(1, round(retry_after))
    return kind("The chat does not take this.", code=code, retry_after_s=after_s)
