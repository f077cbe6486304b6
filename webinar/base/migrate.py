"""Alembic on asyncpg: brings a schema to the newest revision. Apart from `db`, which every process imports."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# Any number of ours, the same in every process: held while migrating, so that two starts never migrate at once.
_LOCK: Final = 7_233_041_977


async def migrate(url: str) -> None:
    """To the newest revision, under an advisory lock. Raises what asyncpg raises when PostgreSQL goes away."""
    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: asyncpg.connect(url, timeout=5)
    )
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"select pg_advisory_lock({_LOCK})")
            await connection.commit()
            try:
                await connection.run_sync(_upgrade)
                await connection.commit()
            finally:
                await connection.exec_driver_sql(f"select pg_advisory_unlock({_LOCK})")
                await connection.commit()
    finally:
        await engine.dispose()


def scripts() -> ScriptDirectory:
    """The revisions as Alembic reads them."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
