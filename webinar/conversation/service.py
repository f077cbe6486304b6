"""The conversation of an event, as it stands now."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from chat import transcript
from chat.transcript import Row, Transcript
from webinar.base.db import Pool
from webinar.conversation.model import choices
from webinar.conversation.store import ConversationStore

_READ_AT_ONCE: Final = 5_000
# Transcripts in memory: pages of one are asked for one after the other. The one used longest ago goes.
_MOST_KEPT: Final = 4
# Of a log that grew longer than any event's, the first ones: reading must end.
_MOST_ROWS: Final = 500_000


@dataclass(frozen=True, slots=True)
class _Kept:
    head: tuple[str, int]
    made: Transcript


class ConversationService:
    """One a process, over its pool."""

    def __init__(self, pool: Pool) -> None:
        self._store = ConversationStore(pool)
        self._kept: OrderedDict[uuid.UUID, _Kept] = OrderedDict()
        # One at a time: who asks for the pages of one event waits for one reading of its log.
        self._reading = asyncio.Lock()

    async def of(self, event_id: uuid.UUID) -> Transcript:
        """Empty for an event in whose chat nobody has been."""
        head = await self._store.head(event_id)
        if head is None:
            return Transcript([], [], [])
        async with self._reading:
            made = self._known(event_id, head)
            if made is None:
                made = await self._read(event_id, head[1])
                self._keep(event_id, _Kept(head, made))
        if not any(poll.state == "open" for poll in made.polls):
            return made
        return await self._with_results(event_id, made)

    def _known(self, event_id: uuid.UUID, head: tuple[str, int]) -> Transcript | None:
        kept = self._kept.get(event_id)
        return None if kept is None or kept.head != head else kept.made

    def _keep(self, event_id: uuid.UUID, kept: _Kept) -> None:
        self._kept[event_id] = kept
        self._kept.move_to_end(event_id)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    async def _read(self, event_id: uuid.UUID, last: int) -> Transcript:
        rows: list[Row] = []
        while len(rows) < _MOST_ROWS:
            page = await self._store.rows(event_id, rows[-1].seq if rows else 0, _READ_AT_ONCE)
            rows += [row for row in page if row.seq <= last]
            if len(page) < _READ_AT_ONCE:
                break
        # A long one takes a moment: media and pages go on meanwhile.
        return await asyncio.to_thread(transcript.read, rows)

    async def _with_results(self, event_id: uuid.UUID, made: Transcript) -> Transcript:
        results = await self._store.results(event_id)
        polls = []
        for poll in made.polls:
            if poll.state == "open" and poll.poll in results:
                counts, chosen, people = results[poll.poll]
                now = counts if counts is not None else [chosen.get(choice, 0) for choice in choices(poll)]
                polls.append(replace(poll, counts=tuple(now), answers=people))
            else:
                polls.append(poll)
        return replace(made, polls=polls)
