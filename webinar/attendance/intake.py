"""What players tell, on its way into the database. Whoever comes while a transaction runs is in the next one.

So 300 people whose beats arrive in one second are a few transactions, and a lone one waits for nobody. An answer means
that it is stored; without one the browser keeps what it told, and tells it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webinar.attendance.evidence import Evidence
from webinar.attendance.intervals import Spans, union
from webinar.attendance.log_store import LogStore
from webinar.attendance.model import Kind, Record
from webinar.attendance.store import AttendanceStore, Pressed, Told
from webinar.base.db import Connection
from webinar.base.errors import Unavailable

_MOST_WAITING: Final = 2000
_MOST_AT_ONCE: Final = 500

# Writes entries of the log within the transaction.
OnMarks = Callable[[Connection, list[Pressed]], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Entry:
    """What one person told, and what is known of them once it is stored."""

    attendee_id: uuid.UUID
    told: list[Told]
    pressed: list[Pressed]
    record: Record | None = None
    failed: Exception | None = None


class Intake:
    """One a process."""

    def __init__(
        self,
        store: AttendanceStore,
        log: LogStore,
        evidence: Evidence,
        on_marks: OnMarks,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._log = log
        self._evidence = evidence
        self._on_marks = on_marks
        self._clock = clock
        self._waiting: list[Entry] = []
        self._writing = asyncio.Lock()

    async def take(self, entry: Entry) -> Record:
        """All that is known of the person afterwards.

        Raises `Unavailable` when too many wait, and what a query raises while PostgreSQL is away.
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise Unavailable("Too many at once. Keep it and try again.", retry_after_s=5)
        self._waiting.append(entry)
        try:
            async with self._writing:
                if entry.record is None and entry.failed is None:
                    await self._write_next()
        finally:
            if entry in self._waiting:  # cancelled before its turn
                self._waiting.remove(entry)
        if entry.failed is not None:
            raise entry.failed
        if entry.record is None:
            raise Unavailable("Not stored. Keep it and try again.", retry_after_s=2)
        return entry.record

    async def _write_next(self) -> None:
        batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
        try:
            records = await self._write(batch)
        except Exception as error:
            for entry in batch:
                entry.failed = error
            raise
        for entry in batch:
            entry.record = records[entry.attendee_id]

    async def _write(self, batch: list[Entry]) -> dict[uuid.UUID, Record]:
        told, pressed = _together(batch), [mark for entry in batch for mark in entry.pressed]
        async with self._transaction() as connection:
            if told:
                await self._store.add_spans(connection, told, self._clock())
            new = await self._store.add_marks(connection, pressed) if pressed else []
            changed = {one.attendee_id for one in told} | {one.attendee_id for one in new}
            if changed:
                await self._log.mark_changed(connection, sorted(changed))
            if new:
                await self._on_marks(connection, new)
            return await self._store.records([entry.attendee_id for entry in batch], connection)

    async def note_seen(self) -> None:
        """Writes what this process saw itself. Raises what a query raises while PostgreSQL is away."""
        async with self._writing, self._transaction():
            pass

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """One that begins with what was seen: whom nobody noted as joined is let in by it."""
        seen = self._evidence.take()
        try:
            async with self._store.pool.acquire() as connection, connection.transaction():
                if seen:
                    await self._store.add_seen(connection, seen)
                yield connection
        except BaseException:  # when cancelled, too: what was seen is not written yet
            self._evidence.give_back(seen)
            raise


def _together(batch: list[Entry]) -> list[Told]:
    """One row a person, kind and device."""
    rows: dict[tuple[uuid.UUID, Kind, str], Spans] = {}
    for one in (told for entry in batch for told in entry.told):
        key = (one.attendee_id, one.kind, one.device)
        rows[key] = union(rows.get(key, ()), one.spans)
    return [Told(*key, spans) for key, spans in rows.items() if spans]
