"""One at a time at the seats of an event; so many wait, and for so long."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.waiting import until
from webinar.base.errors import Unavailable
from webinar.registration.turns import Turns

EVENT, OTHER = uuid.uuid4(), uuid.uuid4()


async def enter(turns: Turns, event_id: uuid.UUID = EVENT) -> None:
    async with turns.of(event_id):
        pass


async def test_who_comes_when_too_many_wait_is_refused_at_once_and_others_have_their_turns() -> None:
    turns = Turns(most_waiting=2)
    async with turns.of(EVENT):
        waiting = [asyncio.create_task(enter(turns)) for _ in range(2)]
        await until(lambda: turns.waiting == 2)
        with pytest.raises(Unavailable) as refused:
            await enter(turns)
        assert refused.value.retry_after_s
    await asyncio.gather(*waiting)
    await enter(turns)
    assert turns.waiting == 0


async def test_nobody_waits_longer_than_a_query_may_and_events_do_not_wait_for_one_another() -> None:
    turns = Turns(longest_s=0.01)
    async with turns.of(EVENT):
        with pytest.raises(Unavailable):
            await enter(turns)
        await enter(turns, OTHER)
    await enter(turns)


async def test_who_is_cut_off_while_they_wait_takes_nobodys_turn() -> None:
    turns = Turns()
    async with turns.of(EVENT):
        left, stays = asyncio.create_task(enter(turns)), asyncio.create_task(enter(turns))
        await until(lambda: turns.waiting == 2)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
    await stays
    assert turns.waiting == 0
