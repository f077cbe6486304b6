"""A few routes over HTTP on loopback, for the pages and endpoints of media tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from tests.waiting import until


@contextlib.asynccontextmanager
async def served(routes: list[Route], port: int = 0) -> AsyncIterator[str]:
    """The URL they are reached by, without a slash at its end; `port` 0 is any that is free."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]), name="served")
        try:
            await until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
