"""Answers to what staff asks about the people in the room, and to moderators' locks."""

from __future__ import annotations

import asyncio
import datetime as dt
from heapq import nsmallest

from chat import wire
from chat.live_room import LiveRoom
from chat.roster import Person
from chat.visit import Visit


async def lock(visit: Visit, message: wire.Lock) -> None:
    await visit.room.presence.lock(message.op, message.target, visit.ticket.person, visit.ticket.name)


async def people(visit: Visit, message: wire.People) -> None:
    wait = visit.reads.take(asyncio.get_running_loop().time())
    if wait:
        visit.nak("people", None, "rate", wait)
        return
    room = visit.room
    here = room.presence.roster.people()
    everybody = {**_sanctioned(room), **here}
    query = message.query.casefold()
    # Who is found by the name that is not shown here is named by id: whoever asks knows it from the web service.
    found = [one for one in everybody.values() if query in one.name.casefold() or one.id in message.ids]
    rest = [person for person in found if message.after is None or _place(person) > message.after]
    page = nsmallest(message.limit, rest, key=_place)
    now = dt.datetime.now(dt.UTC)
    visit.write(
        wire.encode(
            "people",
            items=[_item(room, person, person.id in here, now) for person in page],
            next=_place(page[-1]) if len(rest) > len(page) else None,
            total=len(found),
        )
    )


def _place(person: Person) -> str:
    """Where somebody stands in the list: by name, then by id."""
    return f"{person.name.casefold()}\n{person.id}"


def _sanctioned(room: LiveRoom) -> dict[str, Person]:
    """Who is muted or banned, here or not: they must be found to be let in again."""
    sanctions, now = room.state.sanctions, dt.datetime.now(dt.UTC)
    muted = {p: mute.name for p, mute in sanctions.muted.items() if mute.until > now}
    return {person: Person(person, name, "attendee") for person, name in {**muted, **sanctions.banned}.items()}


def _item(room: LiveRoom, person: Person, here: bool, now: dt.datetime) -> dict[str, object]:
    sanctions = room.state.sanctions
    until = sanctions.muted_until(person.id, now)
    return {
        **person._asdict(),
        "here": here,
        "muted_until": None if until is None else wire.moment(until),
        "banned": person.id in sanctions.banned,
        "hand": room.state.hands.of(person.id),
    }
