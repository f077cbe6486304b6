"""The web service: pages, API, signalling and live media of one process."""

from __future__ import annotations

import asyncio
import contextlib

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from webinar import pages
from webinar.api import app as api
from webinar.api.audience import AudienceCollector
from webinar.api.problems import answer
from webinar.base import db
from webinar.base.errors import WebinarError
from webinar.base.service import Check, health_routes, listen, ready, serve_until, stop_on_signals
from webinar.base.settings import Settings
from webinar.connections import connections
from webinar.delivery import express
from webinar.delivery.live import Live
from webinar.delivery.whep import WhepCollector
from webinar.platform import Platform


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


async def run(settings: Settings) -> None:
    """`webinar web`, until SIGTERM or SIGINT. Raises `CannotStart`."""
    sock = listen(settings.host, settings.http_port, "WEBINAR_HTTP_PORT")
    async with stop_on_signals() as stop, connections(settings, "web", Live) as platform:
        assert platform.live is not None  # noqa: S101 - it was asked for
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
