"""A database for each test: emptied after it and used again, since making one costs PostgreSQL 0.15 s of CPU.

One connection to each stays open from test to test: a new one would take ten times as long for the same questions.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import asyncpg

from tests.background import Background

# Everything that a test may change besides rows: then the database is thrown away.
_SHAPE: Final = """
select md5(string_agg(line, ',' order by line)) from (
    select concat_ws(' ', c.oid, c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull) as line
    from pg_class c left join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace
    union all select oid::text from pg_constraint where connamespace = 'public'::regnamespace
    union all select concat_ws(' ', oid, tgname, tgenabled) from pg_trigger
    union all select concat_ws(' ', oid, md5(prosrc)) from pg_proc where pronamespace = 'public'::regnamespace
) lines"""
# Without the triggers of foreign keys: the order of the tables does not matter. What migrations put in stays.
_TABLES: Final = """
select quote_ident(relname) from pg_class
where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relname <> 'alembic_version'"""
_SEQUENCES: Final = """
select quote_ident(relname) from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace"""

_OTHERS_OUT: Final = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class _Database:
    name: str
    own: asyncpg.Connection


class Databases:
    """Of one server whose database `webinar` is a template without a row."""

    def __init__(self, template_url: str, servers: Background) -> None:
        self._base = template_url.removesuffix("webinar")
        self._servers = servers
        self._numbers = itertools.count(1)
        self._free: list[_Database] = []
        self._shape = ""
        self._empty = ""

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[str]:
        """The URL of an empty one that nobody else uses meanwhile."""
        database = self._free.pop() if self._free else await self._servers.ask(self._make())
        yield self._base + database.name
        if await self._servers.ask(self._emptied(database)):
            self._free.append(database)

    def close(self) -> None:
        while self._free:
            self._servers.run(self._free.pop().own.close())

    async def _make(self) -> _Database:
        name = f"test_{next(self._numbers)}"
        await self._order(f"create database {name} template webinar")
        own = await asyncpg.connect(self._base + name)
        if not self._shape:
            await self._learn(own)
        return _Database(name, own)

    async def _order(self, order: str) -> None:
        admin = await asyncpg.connect(self._base + "postgres")
        try:
            await admin.execute(order)
        finally:
            await admin.close()

    async def _learn(self, own: asyncpg.Connection) -> None:
        self._shape = await own.fetchval(_SHAPE)
        tables = [row[0] for row in await own.fetch(_TABLES)]
        for table in tables:
            rows = await own.fetchval(f"select exists (select from {table})")  # noqa: S608 - of the catalogue
            assert not rows, f"{table} has rows"
        sequences = [row[0] for row in await own.fetch(_SEQUENCES)]
        self._empty = ";".join(
            [
                "set session_replication_role = replica",
                *(f"delete from {table}" for table in tables),  # noqa: S608 - of the catalogue
                *(f"alter sequence {sequence} restart" for sequence in sequences),
            ]
        )

    async def _emptied(self, database: _Database) -> bool:
        """Whether it is as new; else it is gone."""
        own = database.own
        # Whoever the test left connected: what they write next would be in the next test.
        await own.execute(_OTHERS_OUT)
        same: bool = await own.fetchval(_SHAPE) == self._shape
        if same:
            await own.execute(self._empty)
        else:
            await own.close()
            await self._order(f"drop database {database.name} with (force)")
        return same
