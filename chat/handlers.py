"""Who answers which message of a client: one function a class of message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from chat import asking, asking_orders, audience, orders, talk, wire
from chat.authority import may
from chat.visit import Visit

Handler = Callable[[Visit, Any], Awaitable[None]]

HANDLERS: Final[Mapping[type[wire.ClientMessage], Handler]] = {
    wire.Send: talk.send,
    wire.History: talk.history,
    wire.Ping: talk.ping,
    wire.Refused: talk.refused,
    wire.People: audience.people,
    wire.Lock: audience.lock,
    wire.Ask: asking.ask,
    wire.Vote: asking.vote,
    wire.AnswerPoll: asking.answer_poll,
    wire.React: asking.react,
    wire.Hand: asking.hand,
    wire.ModTarget: orders.target,
    wire.ModPerson: orders.person,
    wire.ModMuteAsker: asking_orders.mute_asker,
    wire.ModUnpin: orders.unpin,
    wire.ModAnnounce: orders.announce,
    wire.ModNote: orders.note,
    wire.ModSettings: orders.settings,
    wire.ModQuestion: asking_orders.question,
    wire.ModPollSave: asking_orders.poll_save,
    wire.ModPoll: asking_orders.poll,
    wire.ModHand: asking_orders.hand,
}


async def answer(visit: Visit, message: wire.ClientMessage) -> None:
    """Answers one message, unless it is an order that this person may not give."""
    order = _order(message)
    if order is not None and not may(visit.ticket.role, order):
        of = "people" if isinstance(message, wire.People) else "mod"
        visit.nak(of, message.cid if isinstance(message, wire.Mod) else None, "forbidden")
        return
    await HANDLERS[type(message)](visit, message)


def _order(message: wire.ClientMessage) -> str | None:
    if isinstance(message, wire.Mod | wire.Lock):
        return message.op
    return "people" if isinstance(message, wire.People) else None
