"""The shell every service lives in: health pages, one HTTP server, signals, an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from webinar.base import log
from webinar.base.errors import CannotStart
from webinar.base.http import BoundedHttp
from webinar.base.metrics import metrics

_MAX_FILES: Final = 65536
# Longer than proxies and load balancers keep an idle connection (nginx: 60 s): who ends one is who would send on it, or
# a form that was just sent is lost. uvicorn's 5 s are also less than a machine without a moment's rest may stand still.
_KEEP_ALIVE_S: Final = 75
# While the last requests end.
_LOOK_AGAIN_S: Final = 0.01

_log = log.get(__name__)

# A check answers None when its part can serve, else what is missing, in a few words.
Check = Callable[[], Awaitable[str | None]]


def health_routes(checks: Mapping[str, Check], metrics_from: Sequence[str] = ("127.0.0.1", "::1")) -> list[Route]:
    """`/healthz` (alive), `/readyz` (can serve; names what is missing), `/metrics` (to `metrics_from` only)."""

    async def healthz(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    async def readyz(request: Request) -> JSONResponse:
        missing: dict[str, str] = {}
        for name, check in checks.items():
            try:
                async with asyncio.timeout(2):
                    problem = await check()
            except TimeoutError:
                problem = "did not answer within 2 s"
            if problem is not None:
                missing[name] = problem
        return JSONResponse(
            {"ready": not missing, "missing": missing},
            status_code=503 if missing else 200,
            headers={"Cache-Control": "no-store"},
        )

    return [
        Route("/healthz", healthz, name="healthz"),
        Route("/readyz", readyz, name="readyz"),
        Route("/metrics", metrics(metrics_from), name="metrics"),
    ]


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A bound TCP socket; `CannotStart` naming the setting when the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's waiting off only where the protocol is named.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise port_error(error, "TCP", port, setting) from error
    sock.set_inheritable(True)
    return sock


def port_error(error: OSError, transport: str, port: int, setting: str) -> CannotStart:
    """One line that says what to do about a port that cannot be bound."""
    if error.errno == errno.EADDRINUSE:
        return CannotStart(
            f"{transport} port {port} is taken by another program. Stop it, or choose another port with {setting}.",
            code="port_taken",
        )
    if error.errno == errno.EACCES:
        return CannotStart(
            f"{transport} port {port} needs more rights. Choose one above 1023 with {setting}.", code="port_denied"
        )
    return CannotStart(f"{transport} port {port} cannot be opened ({os.strerror(error.errno or 0)}). See {setting}.")


@contextlib.asynccontextmanager
async def stop_on_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set. A second signal is ignored: the end is already under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers, `serve_until` owns them, and without a clock between it and its end."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def] # uvicorn's own signature varies
        yield

    async def main_loop(self) -> None:
        """Until `stop`; a tick of uvicorn sets the second that answers are dated with."""
        while not await self.on_tick(0) and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody new; who is being served is waited for as long as `timeout_graceful_shutdown` says."""
        state = self.server_state
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                # A connection that was just accepted is not known yet.
                await asyncio.sleep(_LOOK_AGAIN_S)
                while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(_LOOK_AGAIN_S)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            _log.warning("requests cut off", number=len(state.tasks))
            for task in state.tasks:
                task.cancel()
        await self.lifespan.shutdown()


async def serve_until(
    stop: asyncio.Event,
    app: ASGIApp,
    sock: socket.socket,
    *,
    grace_s: float = 5.0,
    http: type[BoundedHttp] = BoundedHttp,
    **options: object,
) -> None:
    """Serve `app` on `sock` until `stop` is set, then let requests finish for `grace_s`."""
    _allow_many_sockets()
    config = uvicorn.Config(
        app,
        loop="none",
        http=http,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(grace_s),
        **options,  # type: ignore[arg-type] # passed through
    )
    await _Server(config, stop).serve(sockets=[sock])
    if not stop.is_set():
        raise CannotStart("The HTTP server ended by itself; the lines above say why.")


def _allow_many_sockets() -> None:
    """The usual soft limit of 1,024 open files is one full room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (soft < hard or hard == resource.RLIM_INFINITY):
        wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


async def ready() -> None:
    """Tells the supervisor, on the file descriptor it gave (`WEBINAR_READY_FD`), that this service serves."""
    number = os.environ.pop("WEBINAR_READY_FD", "")
    if number:
        fd = int(number)
        os.write(fd, b"ready\n")
        os.close(fd)
