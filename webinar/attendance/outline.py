"""What judging anybody of an event needs, believed for a moment; and the prompts, drawn when their time comes."""

from __future__ import annotations

import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webinar.attendance import ledger, rules
from webinar.attendance.ledger import Ledger
from webinar.attendance.model import Programme, Prompt
from webinar.attendance.plan import Plan
from webinar.attendance.plan_store import PlanStore
from webinar.base.db import Pool
from webinar.base.errors import NotFound

# So long the outline of an event is believed without asking again; its own changes are seen at once.
_BELIEVED_S: Final = 3.0
_MOST_OUTLINES: Final = 500


@dataclass(frozen=True, slots=True)
class Outline:
    """What judging anybody of an event needs."""

    programme: Programme
    plan: Plan
    prompts: tuple[Prompt, ...]
    at: datetime  # when it was read


class Outlines:
    """Of the events that this process knows of."""

    def __init__(self, pool: Pool, plans: PlanStore, book: Ledger, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._plans = plans
        self._ledger = book
        self._clock = clock
        self._outlines: OrderedDict[uuid.UUID, tuple[float, Outline]] = OrderedDict()
        # Moments of prompts must not be foreseen.
        self._draw = random.SystemRandom()

    def forget(self, event_id: uuid.UUID) -> None:
        """The event's row or plan is another now."""
        self._outlines.pop(event_id, None)

    async def get(self, event_id: uuid.UUID, *, fresh: bool = False) -> Outline:
        """Raises `NotFound`. Of a live event the next prompt is drawn by who first asks after the last one."""
        known = self._outlines.get(event_id)
        if known is not None and not fresh and time.monotonic() - known[0] < _BELIEVED_S:
            return known[1]
        now = self._clock()
        programme = await self._plans.programme(event_id, now)
        if programme is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        plan = await self._plans.plan(event_id)
        prompts = await self._plans.prompts(event_id)
        if not prompts or prompts[-1].at < now:
            prompt = rules.next_prompt(plan, programme, prompts[-1] if prompts else None, now, self._draw)
            if prompt is not None and programme.state == "live":
                prompts = await self._add_prompt(event_id, prompt)
        outline = Outline(programme, plan, prompts, now)
        self._outlines[event_id] = (time.monotonic(), outline)
        self._outlines.move_to_end(event_id)
        if len(self._outlines) > _MOST_OUTLINES:
            self._outlines.popitem(last=False)
        return outline

    async def _add_prompt(self, event_id: uuid.UUID, prompt: Prompt) -> tuple[Prompt, ...]:
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._plans.add_prompt(connection, event_id, prompt):
                await self._ledger.append(connection, event_id, [("prompt", ledger.prompt_body(prompt))])
        return await self._plans.prompts(event_id)
