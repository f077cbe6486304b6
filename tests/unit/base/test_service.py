"""The end of a service: requests under way are let finish, for a while, and nobody else is waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.waiting import until
from webinar.base.service import listen, serve_until


class Service:
    """Answers `/` when it is told to."""

    def __init__(self, grace_s: float) -> None:
        self.asked, self.answer, self.cut_off = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.stop = asyncio.Event()
        sock = listen("127.0.0.1", 0, "any port")
        sock.listen(16)
        self.port = sock.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        app = Starlette(routes=[Route("/", self._serve)])
        self.serving = asyncio.create_task(serve_until(self.stop, app, sock, grace_s=grace_s), name="server")

    async def is_closed(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return True
        writer.close()
        return False

    async def _serve(self, request: Request) -> PlainTextResponse:
        self.asked.set()
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.cut_off.set()
            raise
        return PlainTextResponse("whole")


@contextlib.asynccontextmanager
async def asking(service: Service) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A request that has arrived and is not answered yet."""
    async with httpx.AsyncClient(timeout=30) as client:
        asking = asyncio.create_task(client.get(service.url), name="asking")
        await service.asked.wait()
        yield asking


async def test_who_has_asked_is_answered_after_the_stop_and_nobody_else_is() -> None:
    service = Service(grace_s=20)
    async with asking(service) as request:
        service.stop.set()
        await until(service.is_closed)
        assert not service.serving.done()
        service.answer.set()
        answer = await request
    await service.serving
    assert answer.text == "whole"
    # The second is today's from the first answer on.
    assert parsedate_to_datetime(answer.headers["date"]).year >= 2026


async def test_what_takes_longer_than_the_grace_is_cut_off() -> None:
    service = Service(grace_s=1)
    async with asking(service) as request:
        service.stop.set()
        await service.serving
        await service.cut_off.wait()
        request.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
            await request


async def test_a_connection_that_asks_for_nothing_holds_nobody_up() -> None:
    service = Service(grace_s=600)
    service.answer.set()
    async with httpx.AsyncClient(timeout=30) as client:
        assert (await client.get(service.url)).text == "whole"
        service.stop.set()
        async with asyncio.timeout(60):
            await service.serving
