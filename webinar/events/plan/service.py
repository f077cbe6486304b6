"""Rules of agendas, speakers and run sheets. Whoever shows an event hears of a change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from webinar.base import log
from webinar.base.db import Pool
from webinar.base.errors import Conflict, NotFound
from webinar.events.model import EventState, check_times, keeps_promise
from webinar.events.plan.model import (
    AgendaItem,
    AgendaShift,
    NewAgendaItem,
    NewSpeaker,
    Speaker,
    check_agenda,
    check_speakers,
    delayed,
)
from webinar.events.plan.store import PlanStore
from webinar.events.service import EventService
from webinar.events.store import EventStore
from webinar.events.versions import Versions

_log = log.get(__name__)


class Plans:
    """One a process. What is written raises `NotFound` for an unknown event."""

    def __init__(self, pool: Pool, events: EventService) -> None:
        self._store = PlanStore(pool)
        self._rows = EventStore(pool)
        self._events = events
        self._versions = Versions("items of an agenda", self._items)

    async def set_agenda(self, event_id: uuid.UUID, items: Sequence[NewAgendaItem]) -> list[AgendaItem]:
        """The whole agenda in this order. Raises `Invalid`, its fields named `items.<n>.<field>`."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            event = await self._rows.get(event_id, connection, lock=True)
            if event is None:
                raise NotFound("There is no such event. Check the address.", code="event_not_found")
            check_agenda(items, event.starts_at, event.ends_at)
            await self._store.replace_agenda(connection, event_id, items)
        await self._events.announce(event_id)
        return await self._store.agenda(event_id)

    async def delay(self, event_id: uuid.UUID, delay: AgendaShift) -> list[AgendaItem]:
        """While the event is live: the rest of its agenda is moved, and rules of its items with it. Where it ends later
        than the event was planned to, so does the event; moved earlier, the event keeps the times that guests know.

        Raises `Conflict` unless the event is live, and as `model.delayed` and `keeps_promise`.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            event = await self._rows.get(event_id, connection, lock=True)
            if event is None:
                raise NotFound("There is no such event. Check the address.", code="event_not_found")
            if event.state is not EventState.LIVE:
                raise Conflict("The event is not live: change its agenda instead.", code="not_live")
            moved = delayed(await self._store.agenda(event_id, connection), delay, datetime.now(UTC))
            await self._store.move_items(connection, moved)
            end = max(item.ends_at for item in moved)
            if delay.minutes > 0 and end > event.ends_at:
                check_times(event.starts_at, end)
                keeps_promise(end, await self._rows.promised(event_id, connection))
                event = await self._rows.change(connection, event_id, {"ends_at": end})
        await self._events.announce(event_id, event)
        _log.info("agenda delayed", event_id=str(event_id), minutes=delay.minutes, items=len(moved))
        return await self._store.agenda(event_id)

    async def version(self, event_id: uuid.UUID) -> str | None:
        """Of the agenda, for players, as `Versions.of`: None where there is none."""
        return await self._versions.of(event_id)

    def doubt(self, event_id: uuid.UUID) -> None:
        """The event changed, here or in another process, and its agenda may have."""
        self._versions.forget(event_id)

    async def _items(self, event_id: uuid.UUID) -> list[str]:
        return [repr(item) for item in await self._store.agenda(event_id)]

    async def set_speakers(self, event_id: uuid.UUID, speakers: Sequence[NewSpeaker]) -> list[Speaker]:
        """All of them in this order. Raises `Invalid`."""
        check_speakers(speakers)
        async with self._store.pool.acquire() as connection, connection.transaction():
            if await self._rows.get(event_id, connection, lock=True) is None:
                raise NotFound("There is no such event. Check the address.", code="event_not_found")
            await self._store.replace_speakers(connection, event_id, speakers)
        await self._events.announce(event_id)
        return await self._store.speakers(event_id)

    async def ticks(self, event_id: uuid.UUID) -> set[str]:
        """Steps of the run sheet that the host has ticked."""
        return await self._store.ticks(event_id)

    async def tick(self, event_id: uuid.UUID, step: str, done: bool) -> None:
        """Repeating it changes nothing."""
        await self._events.get(event_id)
        await self._store.tick(event_id, step, done)
