"""The conversation of an event, as it stands now."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chat import transcript
from chat.forgetting import forgotten
from chat.transcript import Row, Transcript
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Connection, Pool
from webinar.conversation.model import choices
from webinar.conversation.store import ConversationStore

_log = log.get(__name__)
_READ_AT_ONCE: Final = 5_000
# Transcripts in memory: pages of one are asked for one after the other. The one used longest ago goes.
_MOST_KEPT: Final = 4
# Of a log that grew longer than any event's, the first ones: reading must end.
_MOST_ROWS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of one person: the questions they are for, their choices by poll (None: it is anonymous), hands they raised."""

    votes: tuple[int, ...]
    answers: Mapping[int, Sequence[int] | None]
    hands: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    head: tuple[str, int]
    made: Transcript


class ConversationService:
    """One a process, over its pool and its bus."""

    def __init__(self, pool: Pool, bus: Bus) -> None:
        self._bus = bus
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

    async def standing(self, event_id: uuid.UUID, seq: int = 0) -> Transcript:
        """The room as it stands now, without what attendees said in passing but for that number: for who acts on it,
        in a room that talks, too.
        """
        rows = await self._store.standing(event_id, seq)
        return await self._with_results(event_id, await asyncio.to_thread(transcript.read, rows))

    async def chosen_by(self, event_id: uuid.UUID, person: str) -> Chosen:
        """What a person told without words."""
        return Chosen(
            tuple(await self._store.votes(event_id, person)),
            await self._store.answers(event_id, person),
            tuple(await self._store.hands(event_id, person)),
        )

    async def forget(self, event_id: uuid.UUID, person: str) -> int:
        """Takes a person's name and texts out of the room for good; returns how many events of the log changed.

        Numbers and times stay, votes stay counted. Open rooms start over, so that no process and no page keeps what
        was there. Whoever calls has closed the person's access before, or they could write again.
        """
        alias = f"gone:{uuid.uuid4()}"
        async with self._store.pool.acquire() as connection, connection.transaction():
            last = await self._store.lock(connection, event_id)
            if last is None:
                return 0
            await self._store.rename_votes(connection, event_id, person, alias)
            rows = await self._store.rows_about(connection, event_id, person)
            if not rows:
                return 0
            rewritten = [(row.seq, *forgotten(row.person, row.content, person, alias)) for row in rows]
            epoch = await self._store.rewrite(connection, event_id, rewritten)
        self._kept.pop(event_id, None)
        # Chat processes that do not hear it notice by themselves within seconds.
        await self._bus.publish_json(f"chat.{event_id}.log", {"last": last, "epoch": epoch})
        _log.info("a person's data were deleted from the chat", event_id=str(event_id), events=len(rows))
        return len(rows)

    async def copy(self, connection: Connection, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> None:
        """New events begin with the settings of another one's room, its blocked words and its polls, as drafts. Within
        the transaction that makes them: nobody has opened their rooms yet.
        """
        events = transcript.prepared(await self._store.prepared(connection, source))
        if events:
            for target in targets:
                await self._store.begin(connection, target, f"event:{source}", events)

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
            if len(page) < _READ_AT_ONCE or page[-1].seq >= last:  # more was written since
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
