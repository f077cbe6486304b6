"""What web and worker stand on: one pool, one bus, one store, opened in order and closed again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.errors import CannotStart
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.platform import Platform

if TYPE_CHECKING:
    from webinar.delivery.live import Live


@contextlib.asynccontextmanager
async def connections(
    settings: Settings, service: str, live: Callable[[Settings, Bus, Storage], Live] | None = None
) -> AsyncIterator[Platform]:
    """A platform over a pool and a bus of its own, with the media of `live` for who sends any. Raises `CannotStart`."""
    if settings.database_url is None or settings.nats_url is None or settings.secret_key is None:
        raise CannotStart(
            f"`webinar {service}` alone needs WEBINAR_DATABASE_URL, WEBINAR_NATS_URL and WEBINAR_SECRET_KEY; "
            "`webinar serve` brings its own."
        )
    url = settings.database_url.get_secret_value()
    await db.wait_for_upgrade(url)
    pool = await db.connect(url, service=service)
    try:
        bus = await Bus.connect(settings.nats_url.get_secret_value(), f"webinar {service}")
        try:
            tokens = Tokens(settings.secret_key.get_secret_value())
            storage = Storage.open(settings)
            sent = live(settings, bus, storage) if live is not None else None
            yield Platform(settings=settings, pool=pool, bus=bus, tokens=tokens, storage=storage, live=sent)
        finally:
            await bus.close()
    finally:
        await _close(pool)


async def _close(pool: db.Pool) -> None:
    """Lets queries end, within two seconds."""
    try:
        async with asyncio.timeout(2):
            await pool.close()
    except (TimeoutError, *db.DOWN):
        pool.terminate()
