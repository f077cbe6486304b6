"""The log of every room, in PostgreSQL. All SQL of the chat service stands here.

A row of `chat_room` hands out its numbers: whoever appends locks it, takes the next numbers and raises `last_seq` in
one transaction, so numbers have no gaps and are visible in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from chat import wire
from chat.room import PAGE, RING, Event
from webinar.base import db

TIMEOUT_S: Final = 4.0  # of one read or append, from asking for a connection to its end


class StoreDown(Exception):
    """The log cannot be reached in time. Of an append it is not known whether it happened: repeat it."""


class NoRoom(Exception):
    """There is no such event (any more)."""


class Unstorable(Exception):
    """PostgreSQL refuses what was to be stored, now and for ever."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its number. (`person`, `cid`) is unique in a room."""

    type: str
    cid: str
    person: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a draft stands now. `event` is None when it had been stored before."""

    seq: int
    event: Event | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A room with its newest events, read in one snapshot."""

    epoch: str
    last: int
    events: Sequence[Event]


class Store:
    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool

    async def open(self, event_id: uuid.UUID, tail: int = RING) -> Opened:
        """Makes the room on first use. Raises `NoRoom`, `StoreDown`."""
        async with self._connection() as connection:
            try:
                await connection.execute(
                    "insert into chat_room (event_id) values ($1) on conflict (event_id) do nothing", event_id
                )
            except asyncpg.ForeignKeyViolationError as error:
                raise NoRoom(str(event_id)) from error
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                room = await connection.fetchrow("select epoch, last_seq from chat_room where event_id = $1", event_id)
                if room is None:
                    raise NoRoom(str(event_id))
                rows = await connection.fetch(
                    "select seq, at, type, cid, person, body from chat_log"
                    " where event_id = $1 and seq > $2 order by seq",
                    event_id,
                    room["last_seq"] - tail,
                )
        return Opened(str(room["epoch"]), room["last_seq"], [_event(row) for row in rows])

    async def append(self, event_id: uuid.UUID, drafts: Sequence[Draft]) -> list[Appended]:
        """Commits all drafts, which must have different (`person`, `cid`), and says where each stands, in their order.

        Raises `StoreDown`, `NoRoom`, `Unstorable`; then nothing was stored, or with `StoreDown` perhaps everything.
        """
        try:
            async with self._connection() as connection, connection.transaction():
                last = await connection.fetchval(
                    "select last_seq from chat_room where event_id = $1 for update", event_id
                )
                if last is None:
                    raise NoRoom(str(event_id))
                # A statement of its own, so that its snapshot is taken with the lock held and sees every earlier cid.
                rows = await connection.fetch(
                    _APPEND,
                    event_id,
                    last,
                    [d.type for d in drafts],
                    [uuid.UUID(d.cid) for d in drafts],
                    [d.person for d in drafts],
                    [d.content for d in drafts],
                )
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise Unstorable(type(error).__name__) from error
        appended = []
        for draft, row in zip(drafts, rows, strict=True):
            seq: int = row["seq"]
            data = wire.encode_event(seq, draft.type, row["at"], draft.cid, draft.person, draft.content)
            appended.append(Appended(seq, Event(seq, data) if row["fresh"] else None))
        return appended

    async def since(self, event_id: uuid.UUID, seq: int, limit: int = PAGE) -> list[Event]:
        """The first `limit` events after `seq`. Raises `StoreDown`."""
        async with self._connection() as connection:
            rows = await connection.fetch(
                "select seq, at, type, cid, person, body from chat_log"
                " where event_id = $1 and seq > $2 order by seq limit $3",
                event_id,
                seq,
                limit,
            )
        return [_event(row) for row in rows]

    async def before(self, event_id: uuid.UUID, seq: int, limit: int) -> list[Event]:
        """The last `limit` events below `seq`, in order. Raises `StoreDown`."""
        async with self._connection() as connection:
            rows = await connection.fetch(
                "select seq, at, type, cid, person, body from chat_log"
                " where event_id = $1 and seq < $2 order by seq desc limit $3",
                event_id,
                seq,
                limit,
            )
        return [_event(row) for row in reversed(rows)]

    async def heads(self, event_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, int]]:
        """(epoch, last seq) of each room that still exists. Raises `StoreDown`."""
        async with self._connection() as connection:
            rows = await connection.fetch(
                "select event_id, epoch, last_seq from chat_room where event_id = any($1::uuid[])", list(event_ids)
            )
        return {row["event_id"]: (str(row["epoch"]), row["last_seq"]) for row in rows}

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[db.Connection]:
        try:
            async with asyncio.timeout(TIMEOUT_S), self._pool.acquire(timeout=TIMEOUT_S) as connection:
                yield connection
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            raise
        except db.DOWN as error:
            raise StoreDown(f"{type(error).__name__}: {error}") from error


# The drafts in their order; those whose cid is new take the next numbers. `update` runs whether or not it is read.
_APPEND: Final = """
    with draft as (
        select * from unnest($3::text[], $4::uuid[], $5::text[], $6::jsonb[])
            with ordinality as d (type, cid, person, body, place)
    ), known as (
        select d.place, l.seq, l.at from draft d join chat_log l
            on l.event_id = $1 and l.person = d.person and l.cid = d.cid
    ), fresh as (
        select d.*, $2::bigint + row_number() over (order by d.place) as seq
        from draft d where not exists (select from known k where k.place = d.place)
    ), added as (
        insert into chat_log (event_id, seq, type, cid, person, body)
        select $1, seq, type, cid, person, body from fresh order by seq
        returning seq, at
    ), raised as (
        update chat_room set last_seq = $2::bigint + (select count(*) from fresh) where event_id = $1
    )
    select place, seq, at, false as fresh from known
    union all
    select fresh.place, seq, added.at, true from added join fresh using (seq)
    order by place
"""


def _event(row: asyncpg.Record) -> Event:
    cid = None if row["cid"] is None else str(row["cid"])
    at: dt.datetime = row["at"]
    return Event(row["seq"], wire.encode_event(row["seq"], row["type"], at, cid, row["person"], row["body"]))
