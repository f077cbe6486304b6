"""The chat service: WebSocket on `/chat`, health pages, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from chat import figures, ordering, wire
from chat.connection import Connection
from chat.hub import Hub
from chat.socket import LOGGER, ChatProtocol, outlet_of
from chat.store import Store
from webinar.base import db, log
from webinar.base.bus import Bus
from webinar.base.embedded import make_data_dir, secret_key
from webinar.base.errors import CannotStart
from webinar.base.service import health_routes, listen, ready, serve_until, stop_on_signals
from webinar.base.settings import Settings
from webinar.base.tokens import Tokens

PING_S: Final = 25.0
PONG_S: Final = 8.0
_BACKLOG: Final = 2048

_log = log.get(__name__)


def create_app(settings: Settings, hub: Hub, tokens: Tokens, pool: db.Pool, bus: Bus) -> Starlette:
    """The ASGI application. Works on any server; fast on `ChatProtocol`."""
    origins = allowed_origins(settings.public_origin)

    async def chat(websocket: WebSocket) -> None:
        refusal = _refusal(websocket, hub, origins)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        figures.HANDSHAKES.labels("accepted").inc()
        await websocket.accept(subprotocol=wire.SUBPROTOCOL)
        await Connection(websocket, outlet_of(websocket), hub, tokens).run()

    async def database() -> str | None:
        return await db.check(pool)

    async def message_bus() -> str | None:
        return None if bus.connected else "NATS does not answer"

    health = health_routes({"postgresql": database, "bus": message_bus}, settings.metrics_addresses)
    return Starlette(routes=[*health, WebSocketRoute("/chat", chat)])


def _refusal(websocket: WebSocket, hub: Hub, origins: frozenset[str]) -> JSONResponse | None:
    """The answer to a handshake that is not taken, None for one that is."""
    origin = websocket.headers.get("origin")
    # Browsers always send it, and only a browser can be made to connect by a foreign page. Other programs may omit it.
    if origin is not None and origin.lower() not in origins:
        return _problem(403, "origin", "This page may not use the chat: its address is not WEBINAR_PUBLIC_URL.")
    if wire.SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        return _problem(400, "subprotocol", f"Offer the subprotocol {wire.SUBPROTOCOL}.")
    wait = hub.admit()
    if wait:
        response = _problem(503, "busy", "Too many at once. Try again shortly.")
        response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
        return response
    return None


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    figures.HANDSHAKES.labels(code).inc()
    return JSONResponse(
        {"title": detail, "status": status, "code": code}, status, media_type="application/problem+json"
    )


def allowed_origins(public_origin: str) -> frozenset[str]:
    """What `Origin` may say (RFC 6454, section 6.1: without a default port). The names of this machine are one."""
    parts = urlsplit(public_origin)
    host, port = parts.hostname or "", parts.port
    hosts = {host}
    if host in ("localhost", "127.0.0.1", "::1"):
        hosts = {"localhost", "127.0.0.1", "::1"}
    default = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    suffix = "" if default else f":{port}"
    return frozenset(f"{parts.scheme}://{f'[{h}]' if ':' in h else h}{suffix}" for h in hosts)


async def run(settings: Settings) -> None:
    """The service, until SIGTERM or SIGINT. Raises `CannotStart` with what to do."""
    database_url = _needed(settings.database_url, "WEBINAR_DATABASE_URL")
    nats_url = _needed(settings.nats_url, "WEBINAR_NATS_URL")
    key = settings.secret_key
    tokens = Tokens(key.get_secret_value() if key is not None else secret_key(make_data_dir(settings.data_dir)))
    logging.getLogger(LOGGER).setLevel(logging.WARNING)
    sock = listen(settings.host, settings.chat_port, "WEBINAR_CHAT_PORT")
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(sock.close)
        stop = await stack.enter_async_context(stop_on_signals())
        await db.wait_for_upgrade(database_url)
        pool = await db.connect(database_url, service="chat")
        stack.push_async_callback(_close_pool, pool)
        bus = await Bus.connect(nats_url, "chat")
        stack.push_async_callback(bus.close)
        hub = Hub(Store(pool), bus)
        await bus.serve(ordering.SUBJECT, ordering.taker(hub), queue="chat")
        keeping = asyncio.create_task(hub.run(), name="chat hub")
        quitting = asyncio.Event()
        ending = asyncio.create_task(_end_in_order(stop, keeping, hub, quitting), name="chat end")
        stack.push_async_callback(_cancel, ending, keeping)
        # From here on clients are not refused: they wait in the backlog for the moment until the server takes them.
        sock.listen(_BACKLOG)
        await ready()
        _collect_rarely()
        _log.info("serving", port=settings.chat_port)
        await serve_until(
            quitting,
            create_app(settings, hub, tokens, pool, bus),
            sock,
            grace_s=2,
            ws=ChatProtocol,
            ws_max_size=wire.MAX_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PONG_S,
        )
        if keeping.done():
            await keeping  # what ended it ends the process, which is then started again


def _collect_rarely() -> None:
    """What a full room holds is long-lived, and looking through all of it for garbage stops everybody for tens of
    milliseconds. What was made until now is never looked at, the rest less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _needed(url: SecretStr | None, name: str) -> str:
    if url is None:
        raise CannotStart(f"{name} is not set. Set it, or start everything with `webinar serve`.")
    return url.get_secret_value()


async def _end_in_order(stop: asyncio.Event, keeping: asyncio.Task[None], hub: Hub, quitting: asyncio.Event) -> None:
    """Rooms first, so that everyone hears when to come back; then the server."""
    asked = asyncio.create_task(stop.wait(), name="chat stop")
    either: set[asyncio.Future[Any]] = {asked, keeping}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        await hub.close()
    finally:
        asked.cancel()
        quitting.set()


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            _log.error("a task of the chat service failed", error=repr(result))


async def _close_pool(pool: db.Pool) -> None:
    try:
        async with asyncio.timeout(2):
            await pool.close()
    except TimeoutError:
        pool.terminate()
