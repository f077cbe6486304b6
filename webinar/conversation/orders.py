"""Orders to an event's chat of staff who have no socket there: the chat service does them and logs who gave them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from webinar.base.bus import Bus, BusDown, NoOwner, Refused
from webinar.base.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, WebinarError

_MODERATED: Final = frozenset({"held", "deleted", "rejected"})
# By the code of a nak: what it is to whoever called.
_ERRORS: Final[Mapping[str, tuple[type[WebinarError], str]]] = {
    "event_not_found": (NotFound, "There is no such event."),
    "bad_target": (NotFound, "Nothing in the chat has this number, or it is not in a state for this."),
    "forbidden": (Forbidden, "This token is not for this call."),
    "ended": (Conflict, "The event is over."),
    "limit": (Conflict, "There are as many as a chat may have."),
}


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives an order, as the log keeps it. `role`: host, moderator or presenter."""

    person: str
    name: str
    role: str


def step(now: str, wanted: str) -> str:
    """The next order on the way of a message or question from one state of its moderation to another: `shown`,
    `deleted` or `rejected`. Raises `Conflict` where none leads there.
    """
    match now, wanted:
        case _, "deleted":
            return "delete"
        case "held", "shown":
            return "approve"
        case "held", "rejected":
            return "reject"
        case (("deleted" | "rejected"), "shown"):
            return "restore"  # perhaps it waits again then
    raise Conflict("Only what waits for a moderator can be refused. What was shown can be deleted.", code="not_held")


def moderation(state: str) -> str:
    """What moderators made of something: its state, or `shown` where that says something else of it."""
    return state if state in _MODERATED else "shown"


class Orders:
    """One a process, over its bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def give(
        self, event_id: uuid.UUID, giver: Giver, op: str, *, cid: uuid.UUID | None = None, **fields: Any
    ) -> int | None:
        """One order with its fields (docs/chat-protocol.md), done once a `cid`: its number in the log of the room, None
        where there was nothing to log. Raises `NotFound`, `Conflict`, `Forbidden`, `Invalid`, `Unavailable`.
        """
        order = {"op": op, "cid": str(cid or uuid.uuid4()), **fields}
        who = {"person": giver.person, "name": giver.name, "role": giver.role}
        try:
            done = await self._bus.request("chat.order", {"event": str(event_id), **who, "order": order})
        except Refused as error:
            raise _error(error) from error
        except (NoOwner, BusDown) as error:
            raise Unavailable("The chat does not answer. Try again in a moment.", retry_after_s=2) from error
        seq: int | None = done["seq"]
        return seq


def _error(refused: Refused) -> WebinarError:
    kind, text = _ERRORS.get(refused.code, (Invalid, "The chat cannot take this."))
    if refused.status >= 500:
        return Unavailable(refused.message, code=refused.code, retry_after_s=refused.retry_after_s or 2)
    return kind(text, code=refused.code)
