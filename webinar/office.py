"""A platform without a web server: for commands and the demo, whether `webinar serve` runs on the folder or not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres, make_data_dir, secret_key
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.platform import Platform


@contextlib.asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[Platform]:
    """A platform without live media, over the database and the bus of `database()` and `bus_url()`."""
    async with database(settings) as database_url, bus_url(settings) as nats_url:
        await db.upgrade(database_url)
        pool = await db.connect(database_url, service="command", max_size=3)
        try:
            bus = await Bus.connect(nats_url, "webinar command")
            try:
                tokens = Tokens(signing_key(settings))
                yield Platform(settings=settings, pool=pool, bus=bus, tokens=tokens, storage=Storage.open(settings))
            finally:
                await bus.close()
        finally:
            await pool.close()


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The database's URL: the one set, the one a running platform has on the data folder, or one started for now."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    data_dir = make_data_dir(settings.data_dir)
    running = EmbeddedPostgres.running_url(data_dir)
    if running is not None:
        yield running
        return
    postgres = EmbeddedPostgres(data_dir)
    try:
        await postgres.start()
        yield postgres.url
    finally:
        await postgres.stop()


@contextlib.asynccontextmanager
async def bus_url(settings: Settings) -> AsyncIterator[str]:
    """The bus that is set or that a running platform has on the data folder, or an empty one started for now."""
    if settings.nats_url is not None:
        yield settings.nats_url.get_secret_value()
        return
    data_dir = make_data_dir(settings.data_dir)
    running = EmbeddedNats.running_url(data_dir)
    if running is not None:
        yield running
        return
    nats = EmbeddedNats(data_dir / "command")
    try:
        await nats.start()
        yield nats.url
    finally:
        await nats.stop()


def signing_key(settings: Settings) -> str:
    """The key that signs links: the one set, or the one in the data folder."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return secret_key(make_data_dir(settings.data_dir))
