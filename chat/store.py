"""The log of every room, in PostgreSQL. With `chat.ballots` it is where the SQL of the chat service stands.

A row of `chat_room` hands out its numbers: whoever appends locks it, takes the next numbers and raises `last_seq` in
one transaction, so numbers have no gaps and are visible in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from chat.entry import Draft, Entry
from chat.room import PAGE, RING
from chat.state import RoomState
from webinar.base import db

TIMEOUT_S: Final = 4.0  # of one read or append, from asking for a connection to its end
_OPEN_S: Final = 30.0  # of opening a room: a long one, all reviewed, is tens of thousands of entries
_CHUNK: Final = 500  # entries that are read and folded at a time, so that other rooms go on meanwhile


class StoreDown(Exception):
    """The log cannot be reached in time. Of an append it is not known whether it happened: repeat it."""


class NoRoom(Exception):
    """There is no such event (any more)."""


class Unstorable(Exception):
    """PostgreSQL refuses what was to be stored, now and for ever."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a draft stands now. `entry` is as it was stored first; `fresh` when that was now."""

    entry: Entry
    fresh: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A room, read in one snapshot: its newest entries, in order, and its state as of the last one."""

    epoch: str
    last: int
    entries: Sequence[Entry]
    state: RoomState
    names_shown: bool  # to guests, those of other guests


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands, whether its event is over, and whether it shows guests one another's names."""

    epoch: str
    last: int
    ended: bool
    names_shown: bool


@dataclass(slots=True)
class Appending:
    """The log while it is locked. `last` is its newest seq."""

    connection: db.Connection
    event_id: uuid.UUID
    last: int

    async def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Where each draft stands, in their order. A statement of its own, after the one that took the lock, so that
        its snapshot sees every earlier cid.
        """
        rows = await self.connection.fetch(
            _APPEND,
            self.event_id,
            self.last,
            [d.type for d in drafts],
            [uuid.UUID(d.cid) for d in drafts],
            [d.person for d in drafts],
            [d.content for d in drafts],
        )
        self.last += sum(row["fresh"] for row in rows)
        return [Appended(_entry(row), row["fresh"]) for row in rows]


class Store:
    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool

    async def open(self, event_id: uuid.UUID, tail: int = RING) -> Opened:
        """Makes the room on first use. Raises `NoRoom`, `StoreDown`."""
        async with self.connection(_OPEN_S) as connection:
            try:
                await connection.execute(
                    "insert into chat_room (event_id) values ($1) on conflict (event_id) do nothing", event_id
                )
            except asyncpg.ForeignKeyViolationError as error:
                raise NoRoom(str(event_id)) from error
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                room = await connection.fetchrow(f"{_HEADS} where event_id = $1", event_id)
                if room is None:
                    raise NoRoom(str(event_id))
                rows = await connection.fetch(
                    f"{_ENTRIES} where event_id = $1 and seq > $2 order by seq", event_id, room["last_seq"] - tail
                )
                state = RoomState()
                # Of each chunk the connection is waited for, which is when other rooms have their turn.
                async for row in connection.cursor(_BEARING, event_id, prefetch=_CHUNK):
                    state.apply(_entry(row))
        state.set_ended(room["ended"])
        return Opened(str(room["epoch"]), room["last_seq"], list(map(_entry, rows)), state, room["names_shown"])

    async def append(self, event_id: uuid.UUID, drafts: Sequence[Draft]) -> list[Appended]:
        """Commits all drafts, which must have different (`person`, `cid`), and says where each stands, in their order.

        Raises `StoreDown`, `NoRoom`, `Unstorable`; then nothing was stored, or with `StoreDown` perhaps everything.
        """
        async with self.appending(event_id) as log:
            return await log.append(drafts)

    @contextlib.asynccontextmanager
    async def appending(self, event_id: uuid.UUID) -> AsyncIterator[Appending]:
        """A transaction that holds the log: what it reads stays so until it has appended. Raises as `append`."""
        try:
            async with self.connection() as connection, connection.transaction():
                last = await connection.fetchval(
                    "select last_seq from chat_room where event_id = $1 for no key update", event_id
                )
                if last is None:
                    raise NoRoom(str(event_id))
                yield Appending(connection, event_id, last)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise Unstorable(type(error).__name__) from error

    async def entry(self, event_id: uuid.UUID, seq: int) -> Entry | None:
        """One entry, None when there is none of that number. Raises `StoreDown`."""
        async with self.connection() as connection:
            row = await connection.fetchrow(f"{_ENTRIES} where event_id = $1 and seq = $2", event_id, seq)
        return None if row is None else _entry(row)

    async def said(self, event_id: uuid.UUID, person: str, cid: str) -> Entry | None:
        """What this person stored under that `cid`. Raises `StoreDown`."""
        async with self.connection() as connection:
            row = await connection.fetchrow(
                f"{_ENTRIES} where event_id = $1 and person = $2 and cid = $3", event_id, person, uuid.UUID(cid)
            )
        return None if row is None else _entry(row)

    async def name_of(self, event_id: uuid.UUID, person: str) -> str:
        """The name this person last wrote under, "" when they have not. Raises `StoreDown`."""
        async with self.connection() as connection:
            name = await connection.fetchval(
                "select body->>'name' from chat_log where event_id = $1 and person = $2 order by seq desc limit 1",
                event_id,
                person,
            )
        return name or ""

    async def since(self, event_id: uuid.UUID, seq: int, limit: int = PAGE) -> list[Entry]:
        """The first `limit` entries after `seq`. Raises `StoreDown`."""
        async with self.connection() as connection:
            rows = await connection.fetch(
                f"{_ENTRIES} where event_id = $1 and seq > $2 order by seq limit $3", event_id, seq, limit
            )
        return [_entry(row) for row in rows]

    async def before(self, event_id: uuid.UUID, seq: int, limit: int) -> list[Entry]:
        """The last `limit` entries below `seq`, in order. Raises `StoreDown`."""
        async with self.connection() as connection:
            rows = await connection.fetch(
                f"{_ENTRIES} where event_id = $1 and seq < $2 order by seq desc limit $3", event_id, seq, limit
            )
        return [_entry(row) for row in reversed(rows)]

    async def until(self, event_id: uuid.UUID, moment: dt.datetime, limit: int) -> list[Entry]:
        """The last `limit` entries of that moment or before, in order. Raises `StoreDown`."""
        async with self.connection() as connection:
            rows = await connection.fetch(
                # Times grow with the numbers but for clocks that were set back, so the walk is short.
                f"{_ENTRIES} where event_id = $1 and at <= $2 order by seq desc limit $3",
                event_id,
                moment,
                limit,
            )
        return [_entry(row) for row in reversed(rows)]

    async def heads(self, event_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Head]:
        """Of each room that still exists. Raises `StoreDown`."""
        async with self.connection() as connection:
            rows = await connection.fetch(f"{_HEADS} where event_id = any($1::uuid[])", list(event_ids))
        return {
            row["event_id"]: Head(str(row["epoch"]), row["last_seq"], row["ended"], row["names_shown"]) for row in rows
        }

    @contextlib.asynccontextmanager
    async def connection(self, limit_s: float = TIMEOUT_S) -> AsyncIterator[db.Connection]:
        try:
            async with asyncio.timeout(limit_s), self._pool.acquire(timeout=TIMEOUT_S) as connection:
                yield connection
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            raise
        except (*db.DOWN, asyncpg.TransactionRollbackError) as error:  # the latter: rolled back for another's sake
            raise StoreDown(f"{type(error).__name__}: {error}") from error


_ENTRIES: Final = "select seq, at, type, cid, person, body from chat_log"
# What bears state, as `state.bears_state` says.
_BEARING: Final = f"""
    {_ENTRIES} where event_id = $1 and (type <> 'message' or body ? 'held' or body->>'role' <> 'attendee') order by seq
"""
_HEADS: Final = """
    select r.event_id, r.epoch, r.last_seq, e.state = 'ended' as ended, e.names_shown
    from chat_room r join event e on e.id = r.event_id
"""

# The drafts in their order; those whose cid is new take the next numbers. `update` runs whether or not it is read.
_APPEND: Final = """
    with draft as (
        select * from unnest($3::text[], $4::uuid[], $5::text[], $6::jsonb[])
            with ordinality as d (type, cid, person, body, place)
    ), known as (
        select d.place, l.* from draft d join chat_log l
            on l.event_id = $1 and l.person = d.person and l.cid = d.cid
    ), fresh as (
        select d.*, $2::bigint + row_number() over (order by d.place) as seq
        from draft d where not exists (select from known k where k.place = d.place)
    ), added as (
        insert into chat_log (event_id, seq, type, cid, person, body)
        select $1, seq, type, cid, person, body from fresh order by seq
        returning *
    ), raised as (
        update chat_room set last_seq = $2::bigint + (select count(*) from fresh) where event_id = $1
    )
    select place, seq, at, type, cid, person, body, false as fresh from known
    union all
    select fresh.place, added.seq, added.at, added.type, added.cid, added.person, added.body, true
    from added join fresh using (seq)
    order by place
"""


def _entry(row: asyncpg.Record) -> Entry:
    cid = None if row["cid"] is None else str(row["cid"])
    return Entry(row["seq"], row["type"], row["at"], cid, row["person"], row["body"])
