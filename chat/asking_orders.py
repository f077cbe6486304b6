"""Answers to `mod` about questions, polls and hands. `chat.authority` has been asked before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chat import wire
from chat.ballot_box import BallotBox
from chat.gathering import Refusal
from chat.polls import MOST_OPEN, Definition, Kind, Poll, Stage
from chat.visit import Visit


async def question(visit: Visit, order: wire.ModQuestion) -> None:
    questions = visit.room.state.questions
    into = None if order.into is None else questions.open_to_all(order.into)
    if questions.open_to_all(order.target) is None or (order.into is not None and into is None):
        await visit.refuse("mod", order.cid, "bad_target")
        return
    content: dict[str, Any] = {"question": order.target, "state": order.state}
    if order.answer is not None:
        content["answer"] = order.answer
    if order.into is not None:
        # What it was merged into may itself have been merged: the votes count there, and attendees see that one.
        content["into"] = questions.root(order.into)
        if content["into"] == order.target:
            await visit.refuse("mod", order.cid, "bad_target")
            return
    await visit.submit("mod", visit.draft("question_state", order.cid, **content))


async def mute_asker(visit: Visit, order: wire.ModMuteAsker) -> None:
    """The order names the question; who that is for is what `Floor` knows and nothing tells."""
    question = visit.room.state.questions.get(order.target)
    if question is None or question.entry.of_staff:
        await visit.refuse("mod", order.cid, "bad_target")
        return
    until = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=order.minutes)
    await visit.submit("mod", visit.draft("mute_asker", order.cid, target=order.target, until=until.isoformat()))


async def poll_save(visit: Visit, order: wire.ModPollSave) -> None:
    if visit.room.state.settings.ended:
        await visit.refuse("mod", order.cid, "ended")
        return
    polls = visit.room.state.polls
    before = None if order.poll is None else polls.get(order.poll)
    if order.poll is not None and (before is None or before.stage is not Stage.DRAFT):
        await visit.refuse("mod", order.cid, "bad_target")
        return
    if before is None and polls.full:
        await visit.refuse("mod", order.cid, "limit")
        return
    definition = Definition(
        order.question, Kind(order.kind), order.options, order.correct, anonymous=order.anonymous, live=order.live
    )
    named = {} if order.poll is None else {"poll": order.poll}
    content = {**named, **definition.content(), "state": str(Stage.DRAFT)}
    await visit.submit("mod", visit.draft("poll", order.cid, **content))


async def poll(visit: Visit, order: wire.ModPoll) -> None:
    """The database learns it before the log does: what it counts after a poll was closed is the last."""
    if await visit.repeated("mod", order.cid):
        return  # an old order must not close again what was opened since
    polls = visit.room.state.polls
    known, stage = polls.get(order.poll), Stage(order.state)
    # To become what it is already is an event that changes nothing.
    if known is None or not (known.may_become(stage) or known.stage is stage):
        visit.nak("mod", order.cid, "bad_target")
        return
    if stage is Stage.OPEN and visit.room.state.settings.ended:
        visit.nak("mod", order.cid, "ended")
        return
    if stage is Stage.OPEN and known.stage is not Stage.OPEN and len(polls.open) >= MOST_OPEN:
        visit.nak("mod", order.cid, "limit")
        return
    content = known.turned(stage)
    try:
        content |= await _turn(visit.room.feature(BallotBox), known, stage)
    except Refusal as refusal:
        visit.nak("mod", order.cid, refusal.code, refusal.retry_after)
        return
    await visit.submit("mod", visit.draft("poll", order.cid, **content))


async def _turn(box: BallotBox, known: Poll, stage: Stage) -> dict[str, Any]:
    """What the poll's next event carries beside its definition. Raises `Refusal`."""
    match stage:
        case Stage.OPEN:
            await box.open(known)
        case Stage.CLOSED | Stage.SHARED:
            return (await box.close(known)).content()
        case Stage.REMOVED:
            await box.remove(known)
            return {"unseen": known.stage is Stage.DRAFT}
    return {}


async def hand(visit: Visit, order: wire.ModHand) -> None:
    if visit.room.state.settings.ended:
        await visit.refuse("mod", order.cid, "ended")
        return
    if not visit.room.state.hands.up(order.target):
        await visit.refuse("mod", order.cid, "bad_target")
        return
    content = {"up": order.state == "called", "of": order.target, "state": order.state}
    await visit.submit("mod", visit.draft("hand", order.cid, **content))
