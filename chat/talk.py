"""Answers to what everybody may say: messages, history, pings."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

from chat import wire
from chat.gate import closed_to_message, why_held
from chat.store import StoreDown
from chat.visit import Visit


async def send(visit: Visit, message: wire.Send) -> None:
    room, person, now = visit.room, visit.ticket, asyncio.get_running_loop().time()
    wait = room.rate.wait(person.person, now)
    if wait:
        visit.nak("send", message.cid, "rate", wait)
        return
    shut = closed_to_message(
        room.state,
        person,
        message.body,
        dt.datetime.now(dt.UTC),
        room.slow.wait(person.person, room.state.settings.slow_s, now),
    )
    if shut is not None:
        await visit.refuse("send", message.cid, shut.code, shut.retry_after)
        return
    content: dict[str, Any] = {"body": message.body}
    if message.reply_to is not None:
        if message.reply_to > room.room.last:
            await visit.refuse("send", message.cid, "bad_reply")
            return
        content["reply_to"] = message.reply_to
    mentions = [mentioned for mentioned in message.mentions if room.is_staff(mentioned)]
    if mentions:
        content["mentions"] = mentions
    why = why_held(room.state, person, message.body)
    if why is not None:
        content |= {"held": True, "why": why}
    room.rate.count(person.person, now)
    room.slow.note(person.person, now)  # now and not when it is stored: two at once are one too many
    if await visit.submit("send", visit.draft("message", message.cid, **content)) is None:
        room.slow.forget(person.person)


async def history(visit: Visit, message: wire.History) -> None:
    room, staff = visit.room, visit.ticket.staff
    wait = visit.reads.take(asyncio.get_running_loop().time())
    if wait:
        visit.nak("history", None, "rate", wait)
        return
    asked: tuple[str, int | str] = ("before", 0)
    events: list[bytes] = []
    try:
        async with asyncio.timeout(5), visit.readers:
            if message.until is not None:
                asked = ("until", wire.moment(message.until))
                events = await room.recall.until(message.until, message.limit, staff=staff)
            elif message.after is not None:
                asked = ("after", message.after)
                events = await room.recall.after(message.after, message.limit, staff=staff)
            elif message.before is not None:
                asked = ("before", message.before)
                events = await room.recall.before(message.before, message.limit, staff=staff)
    except (StoreDown, TimeoutError):
        visit.nak("history", None, "unavailable", 2.0)
        return
    visit.write(wire.history(*asked, events))
    await visit.outlet.drain()


async def ping(visit: Visit, message: wire.Ping) -> None:
    visit.write(wire.encode("pong"))


async def refused(visit: Visit, message: wire.Refused) -> None:
    visit.nak(message.of, message.cid, message.code)
