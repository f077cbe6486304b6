"""A database for each test: emptied after it and used again, since making one costs PostgreSQL 0.15 s of CPU."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Final

import asyncpg

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


class Databases:
    """Of one server whose database `webinar` is a template without a row."""

    def __init__(self, template_url: str) -> None:
        self._base = template_url.removesuffix("webinar")
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._shape = ""
        self._empty = ""

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[str]:
        """The URL of an empty one that nobody else uses meanwhile."""
        name = self._free.pop() if self._free else await self._make()
        yield self._base + name
        if await self._emptied(name):
            self._free.append(name)

    async def _make(self) -> str:
        name = f"test_{next(self._numbers)}"
        admin = await asyncpg.connect(self._base + "postgres")
        try:
            await admin.execute(f"create database {name} template webinar")
        finally:
            await admin.close()
        if not self._shape:
            await self._learn(name)
        return name

    async def _learn(self, name: str) -> None:
        connection = await asyncpg.connect(self._base + name)
        try:
            self._shape = await connection.fetchval(_SHAPE)
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            for table in tables:
                rows = await connection.fetchval(f"select exists (select from {table})")  # noqa: S608 - of the catalogue
                assert not rows, f"{table} has rows"
            sequences = [row[0] for row in await connection.fetch(_SEQUENCES)]
        finally:
            await connection.close()
        self._empty = ";".join(
            [
                "set session_replication_role = replica",
                *(f"delete from {table}" for table in tables),  # noqa: S608 - of the catalogue
                *(f"alter sequence {sequence} restart" for sequence in sequences),
            ]
        )

    async def _emptied(self, name: str) -> bool:
        """Whether it is as new; else it is gone."""
        admin = await asyncpg.connect(self._base + "postgres")
        try:
            # Whoever the test left connected: what they write next would be in the next test.
            await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            connection = await asyncpg.connect(self._base + name)
            try:
                same: bool = await connection.fetchval(_SHAPE) == self._shape
                if same:
                    await connection.execute(self._empty)
            finally:
                await connection.close()
            if not same:
                await admin.execute(f"drop database {name} with (force)")
        finally:
            await admin.close()
        return same
