"""Answers to attendees' questions, votes, answers to polls, reactions and hands."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import Any

from chat import wire
from chat.applause import Applause
from chat.ballot_box import BallotBox
from chat.entry import Draft
from chat.floor import Floor
from chat.gate import Closed, closed, closed_to_question, why_question_held
from chat.gathering import Refusal
from chat.limits import Window
from chat.polls import Poll, Stage
from chat.visit import Visit


async def ask(visit: Visit, message: wire.Ask) -> None:
    room, ticket, window = visit.room, visit.ticket, visit.room.feature(Floor).questions
    shut = _too_often(visit, window)
    if shut is not None:
        visit.nak("ask", message.cid, shut.code, shut.retry_after)
        return
    who = _nobody(message.cid) if message.anonymous else ticket.person
    now = dt.datetime.now(dt.UTC)
    shut = closed_to_question(room.state, ticket, message.body, now)
    until = None if ticket.staff else room.feature(Floor).askers.muted_until(ticket.person, now)
    if shut is None and until is not None:
        shut = Closed("muted", (until - now).total_seconds())
    if shut is None and message.anonymous and not room.state.settings.allows("anonymous_questions"):
        shut = Closed("anonymous_off")
    if shut is None and room.state.questions.full:
        shut = Closed("limit")
    if shut is not None:
        await visit.refuse("ask", message.cid, shut.code, shut.retry_after, person=who)
        return
    content: dict[str, Any] = {"body": message.body}
    why = why_question_held(room.state, ticket, message.body)
    if why is not None:
        content |= {"held": True, "why": why}
    _count(visit, window)
    if message.anonymous:
        draft = Draft("question", message.cid, who, {**content, "anonymous": True})
    else:
        draft = visit.draft("question", message.cid, **content, anonymous=False)
    entry = await visit.submit("ask", draft)
    if entry is not None:
        room.feature(Floor).askers.asked(entry.seq, ticket.person)


def _nobody(cid: str) -> str:
    """Somebody without name and role: the same for a repeated `cid`, so that it is stored once, another for every
    question, so that two of one person are not seen to be of one. Nothing of the person is in it, so nothing that is
    stored leads back to them.
    """
    return f"anon:{cid}"


async def vote(visit: Visit, message: wire.Vote) -> None:
    room, window = visit.room, visit.room.feature(Floor).ballots
    shut = _too_often(visit, window) or closed(room.state, visit.ticket, dt.datetime.now(dt.UTC))
    question = room.state.questions.get(message.question)
    if shut is None and not room.state.settings.allows("questions"):
        shut = Closed("off")
    if shut is None and (question is None or not room.state.questions.public(question)):
        shut = Closed("bad_target")
    if shut is not None:
        visit.nak("vote", message.cid, shut.code, shut.retry_after)
        return
    _count(visit, window)
    try:
        await room.feature(BallotBox).vote(message.question, visit.ticket.person, message.up)
    except Refusal as refusal:
        visit.nak("vote", message.cid, refusal.code, refusal.retry_after)
        return
    _ack(visit, message.cid)


async def answer_poll(visit: Visit, message: wire.AnswerPoll) -> None:
    room, window = visit.room, visit.room.feature(Floor).ballots
    poll = room.state.polls.get(message.poll)
    shut = _too_often(visit, window) or _over(visit) or (_no_answer(poll, message.choices) if poll else None)
    if shut is not None or poll is None:
        shut = shut or Closed("bad_target")
        visit.nak("answer_poll", message.cid, shut.code, shut.retry_after)
        return
    _count(visit, window)
    try:
        await room.feature(BallotBox).answer(poll, visit.ticket.person, message.choices)
    except Refusal as refusal:
        visit.nak("answer_poll", message.cid, refusal.code, refusal.retry_after)
        return
    _ack(visit, message.cid)


def _no_answer(poll: Poll, choices: tuple[int, ...]) -> Closed | None:
    """Why this is none to the poll as it is now. A draft is nothing that attendees know of."""
    if poll.stage is not Stage.OPEN:
        return Closed("bad_target" if poll.stage is Stage.DRAFT else "not_open")
    return None if poll.definition.accepts(choices) else Closed("bad_choice")


async def react(visit: Visit, message: wire.React) -> None:
    state = visit.room.state
    if not state.settings.allows("reactions"):
        visit.nak("react", None, "off")
    elif closed(state, visit.ticket, dt.datetime.now(dt.UTC)) is None:
        visit.room.feature(Applause).take(visit.ticket.person, message.kind)


async def hand(visit: Visit, message: wire.Hand) -> None:
    room, window = visit.room, visit.room.feature(Floor).hands
    hands, mine = room.state.hands, room.state.hands.of(visit.ticket.person)
    if message.up == (mine is not None):
        _ack(visit, message.cid, mine)
        return
    shut = _too_often(visit, window) or (_may_not_raise(visit) if message.up else _over(visit))
    if shut is not None:
        if message.cid is None or shut.code == "rate":
            visit.nak("hand", message.cid, shut.code, shut.retry_after)
        else:
            await visit.refuse("hand", message.cid, shut.code, shut.retry_after)
        return
    _count(visit, window)
    cid = message.cid or str(uuid.uuid4())
    content: dict[str, Any] = {"up": True} if message.up else {"up": False, "of": mine}
    try:
        entry = await room.submit(visit.draft("hand", cid, **content))
    except Refusal as refusal:
        visit.nak("hand", message.cid, refusal.code, refusal.retry_after)
        return
    # From two tabs at once it is one hand, the first of them.
    _ack(visit, message.cid, hands.of(visit.ticket.person) if message.up else entry.seq)


def _may_not_raise(visit: Visit) -> Closed | None:
    state = visit.room.state
    if not state.settings.allows("hands"):
        return Closed("off")
    if state.hands.full:
        return Closed("limit")
    return closed(state, visit.ticket, dt.datetime.now(dt.UTC))


def _over(visit: Visit) -> Closed | None:
    """For what somebody may do who may not write: answer polls, put their hand down."""
    return Closed("ended") if visit.room.state.settings.ended else None


def _too_often(visit: Visit, window: Window) -> Closed | None:
    wait = window.wait(visit.ticket.person, asyncio.get_running_loop().time())
    return Closed("rate", wait) if wait else None


def _count(visit: Visit, window: Window) -> None:
    window.count(visit.ticket.person, asyncio.get_running_loop().time())


def _ack(visit: Visit, cid: str | None, seq: int | None = None) -> None:
    if cid is not None:
        visit.write(wire.ack(cid, seq))
