"""PostgreSQL: the pool, transactions, and the schema's version."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import asyncpg

from webinar.base.errors import CannotStart

Pool = asyncpg.Pool
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"

# What a query may meet while PostgreSQL is away; of a whole request `is_down` tells it from a fault of ours.
DOWN: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke is given back to the pool
    asyncpg.OperatorInterventionError,  # shutting down, starting up, killed by its administrator
    asyncpg.InsufficientResourcesError,  # out of connections, memory or disk
    asyncpg.ReadOnlySQLTransactionError,  # after a fail-over
    asyncpg.LockNotAvailableError,
    OSError,
    TimeoutError,
)
# For those who can do without an answer: the last words of a server that goes down are among them.
AWAY: Final = (*DOWN, asyncpg.PostgresError)


def is_down(error: Exception) -> bool:
    """Whether what a request failed with is the database's absence: 503, in the HTTP layer of each service.

    An `OSError` that names a file is not. A socket that is gone, a Unix one too, raises without a name.
    """
    return isinstance(error, DOWN) and getattr(error, "filename", None) is None


async def _json_codecs(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def connect(url: str, *, service: str, max_size: int = 10) -> Pool:
    """A pool that gives `jsonb` as Python values. Raises `CannotStart` when the database cannot be reached."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=max_size,
            init=_json_codecs,
            timeout=5,
            command_timeout=15,
            server_settings={"application_name": f"webinar {service}", "timezone": "UTC"},
        )
    except asyncpg.InvalidPasswordError as error:
        raise CannotStart("PostgreSQL refused the password in WEBINAR_DATABASE_URL.") from error
    except asyncpg.InvalidCatalogNameError as error:
        raise CannotStart(
            "The database named in WEBINAR_DATABASE_URL does not exist: create it with `createdb`."
        ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise CannotStart(
            f"PostgreSQL cannot be reached ({error}). Check WEBINAR_DATABASE_URL and that it runs."
        ) from error
    return pool


async def check(pool: Pool) -> str | None:
    """For `/readyz`: None when the database answers."""
    try:
        await pool.fetchval("select 1", timeout=2)
    except AWAY as error:
        return f"PostgreSQL does not answer ({type(error).__name__})"
    return None


def head() -> str:
    """The newest revision this program knows."""
    return max(known_revisions())


def known_revisions() -> set[str]:
    """From the files' names, which begin with the revision: every process asks, and Alembic takes long to import."""
    return {file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py")}


async def current(url: str) -> str | None:
    """The revision of a database, None for an empty one. Raises `CannotStart`."""
    pool = await connect(url, service="migrate", max_size=1)
    try:
        if await pool.fetchval("select to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await pool.fetchval("select version_num from alembic_version")
        return revision
    finally:
        await pool.close()


async def ensure_known(url: str) -> str | None:
    """The database's revision; raises `CannotStart` for one that a newer program made."""
    revision = await current(url)
    if revision is not None and revision not in known_revisions():
        raise CannotStart(
            f"The database was made by a newer version of this program (revision {revision}; this one knows {head()}). "
            "Nothing was changed. Start the newer version, or restore the backup from before its upgrade.",
            code="database_newer",
        )
    return revision


async def upgrade(url: str) -> tuple[str | None, str]:
    """Brings the schema to `head()` under an advisory lock; returns (before, after). Raises `CannotStart`."""
    before = await ensure_known(url)
    if before == head():
        return before, before
    # Half of what a command takes to start; only a start that has something to migrate waits for it.
    from webinar.base.migrate import migrate

    try:
        await migrate(url)
    except (OSError, TimeoutError) as error:
        raise CannotStart(
            f"PostgreSQL went away while upgrading ({error}). Nothing is half done: start again."
        ) from error
    return before, head()


async def wait_for_upgrade(url: str, *, timeout_s: float = 30.0) -> None:
    """For services started on their own: waits until `webinar db upgrade` has brought the schema to `head()`."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while await ensure_known(url) != head():
        if asyncio.get_running_loop().time() > deadline:
            raise CannotStart(
                "The database is of an older version. Run `webinar db upgrade` first.", code="database_older"
            )
        await asyncio.sleep(0.5)
