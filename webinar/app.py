"""The web service: pages, API, signalling and live media of one process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from webinar import api, pages
from webinar.api.audience import AudienceCollector
from webinar.api.problems import answer
from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.errors import CannotStart, WebinarError
from webinar.base.service import Check, health_routes, listen, ready, serve_until, stop_on_signals
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.delivery import express
from webinar.delivery.live import Live
from webinar.delivery.whep import WhepCollector
from webinar.platform import Platform

__all__ = ["Platform", "connections", "create_app", "run"]


def create_app(platform: Platform) -> Starlette:
    """Every route of the web service over one platform; opens and closes nothing."""
    routes: list[BaseRoute] = [
        *health_routes(_checks(platform), platform.settings.metrics_addresses),
        *api.routes(platform),
    ]
    if platform.live is not None:
        routes.append(Mount("/hls", app=platform.live.hls))
    routes += pages.routes(platform)

    async def failed(request: Request, error: Exception) -> Response:
        """A problem document for programs, a page for people."""
        if pages.for_machines(request.url.path):
            return answer(request, error)
        return pages.error_page(request, await pages.told(platform, request, error))

    handlers = {HTTPException: failed, WebinarError: failed}
    app = Starlette(routes=routes, middleware=[pages.middleware(platform)], exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


def _checks(platform: Platform) -> dict[str, Check]:
    async def database() -> str | None:
        return await db.check(platform.pool)

    async def bus() -> str | None:
        return None if platform.bus.connected else "the bus (NATS) does not answer"

    return {"database": database, "bus": bus}


@contextlib.asynccontextmanager
async def connections(settings: Settings, service: str) -> AsyncIterator[Platform]:
    """A platform over a pool and a bus of its own. Raises `CannotStart`."""
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
            live = Live(settings, bus, storage) if service == "web" else None
            yield Platform(settings=settings, pool=pool, bus=bus, tokens=tokens, storage=storage, live=live)
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


async def run(settings: Settings) -> None:
    """`webinar web`, until SIGTERM or SIGINT. Raises `CannotStart`."""
    sock = listen(settings.host, settings.http_port, "WEBINAR_HTTP_PORT")
    async with stop_on_signals() as stop, connections(settings, "web") as platform:
        assert platform.live is not None  # noqa: S101 - `connections` makes one for web
        await platform.live.start()
        REGISTRY.register(WhepCollector(platform.live.whep))
        REGISTRY.register(AudienceCollector(platform.admission))
        await platform.listen()
        watching = asyncio.create_task(platform.keep_watch(), name="watch")
        releasing = asyncio.create_task(_release(stop, platform), name="release")
        try:
            sock.listen(2048)
            await ready()
            await serve_until(
                stop,
                create_app(platform),
                sock,
                http=express.protocol(platform.live),
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
            )
        finally:
            for task in (watching, releasing):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await platform.live.close()


async def _release(stop: asyncio.Event, platform: Platform) -> None:
    """Long polls are answered at once when the process is to end, or it would wait for them."""
    await stop.wait()
    platform.stage.close()
