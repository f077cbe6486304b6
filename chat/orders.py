"""Answers to `mod`: each order becomes an event of the log. `chat.authority` has been asked before."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final

from chat import wire
from chat.entry import Entry
from chat.messages import WRITTEN
from chat.store import StoreDown
from chat.visit import Visit

_SPOKEN: Final = WRITTEN | {"announcement"}
_AGAINST: Final = frozenset({"mute", "ban", "delete_person"})
# What each order may be about.
_TARGETS: Final[Mapping[str, frozenset[str]]] = {
    "approve": WRITTEN,
    "reject": WRITTEN,
    "delete": _SPOKEN,
    "restore": _SPOKEN,
    "pin": _SPOKEN,
}


async def target(visit: Visit, order: wire.ModTarget) -> None:
    try:
        entry = await visit.room.recall.entry(order.target)
        if entry is None or not _fits(visit, order.op, entry):
            await visit.refuse("mod", order.cid, "bad_target")
            return
        if order.op in ("approve", "reject") and order.target not in visit.room.state.messages.waiting:
            if not await visit.repeated("mod", order.cid):
                visit.write(wire.ack(order.cid, None))  # it is decided already: nothing to log
            return
        content: dict[str, Any] = {"target": order.target}
        if order.op in ("approve", "restore", "pin"):
            # Those who are far from it in the log must be able to show it.
            content["message"] = entry.copy()
    except StoreDown:
        visit.nak("mod", order.cid, "unavailable", 2.0)
        return
    await visit.submit("mod", visit.draft(order.op, order.cid, **content))


def _fits(visit: Visit, op: str, entry: Entry) -> bool:
    messages = visit.room.state.messages
    if entry.type not in _TARGETS[op]:
        return False
    if op in ("approve", "reject"):
        return entry.held
    return op != "pin" or not (messages.hidden(entry) or messages.removed(entry))


async def person(visit: Visit, order: wire.ModPerson) -> None:
    room = visit.room
    if order.op in _AGAINST and not _attendee(visit, order.person):
        await visit.refuse("mod", order.cid, "bad_target")
        return
    try:
        name = await room.name_of(order.person)
    except StoreDown:
        visit.nak("mod", order.cid, "unavailable", 2.0)
        return
    content: dict[str, Any] = {"person": order.person, "person_name": name}
    if order.op == "mute":
        content["until"] = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=order.minutes)).isoformat()
    await visit.submit("mod", visit.draft(order.op, order.cid, **content))


def _attendee(visit: Visit, person: str) -> bool:
    """Whether this is the id of an attendee, who alone can be sanctioned. Those of staff have other forms, known before
    they come for the first time.
    """
    try:
        return str(uuid.UUID(person)) == person and not visit.room.is_staff(person)
    except ValueError:
        return False


async def unpin(visit: Visit, order: wire.ModUnpin) -> None:
    await visit.submit("mod", visit.draft("unpin", order.cid))


async def announce(visit: Visit, order: wire.ModAnnounce) -> None:
    if visit.room.state.settings.ended:
        await visit.refuse("mod", order.cid, "ended")
        return
    await visit.submit("mod", visit.draft("announcement", order.cid, body=order.body))


async def note(visit: Visit, order: wire.ModNote) -> None:
    """Those behind the scenes have things to say after the end, too."""
    await visit.submit("mod", visit.draft("note", order.cid, body=order.body))


async def settings(visit: Visit, order: wire.ModSettings) -> None:
    if visit.room.state.settings.ended:
        await visit.refuse("mod", order.cid, "ended")
        return
    await visit.submit("mod", visit.draft("settings", order.cid, settings=dict(order.changes)))
