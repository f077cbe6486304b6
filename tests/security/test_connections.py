"""Connections to any of the services that never become a request: bounded in bytes and in time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.waiting import until
from webinar.base.http import MOST_HEAD, BoundedHttp
from webinar.base.service import listen, serve_until

# What a client may have sent before it is told: the bound, one read of the server, and what lies in sockets.
SOON = MOST_HEAD + (8 << 20)


class Impatient(BoundedHttp):
    patience_s = 0.3


@dataclass
class Server:
    port: int

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def sent_until_refused(self, begin: bytes, pieces: Iterator[bytes]) -> tuple[int, bytes]:
        """(bytes that were taken until the server ended the connection, what it said)."""
        sent, said = len(begin), b""
        async with self.connection() as (reader, writer):
            with contextlib.suppress(ConnectionError):
                writer.write(begin)
                while sent < SOON and not reader.at_eof():
                    piece = next(pieces)
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(10):
                    said = await reader.read()
        return sent, said


@contextlib.asynccontextmanager
async def server(http: type[BoundedHttp]) -> AsyncIterator[Server]:
    async def echo(request: Request) -> PlainTextResponse:
        body = await request.body()
        return PlainTextResponse(str(len(body)))

    async def slow(request: Request) -> PlainTextResponse:
        await asyncio.sleep(2 * Impatient.patience_s)
        return PlainTextResponse("late")

    sock = listen("127.0.0.1", 0, "any port")
    stop = asyncio.Event()
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"]), Route("/slow", slow)])
    serving = asyncio.create_task(serve_until(stop, app, sock, grace_s=1, http=http), name="server")
    sock.listen(64)
    try:
        yield Server(sock.getsockname()[1])
    finally:
        stop.set()
        await serving


@pytest_asyncio.fixture
async def plain() -> AsyncIterator[Server]:
    async with server(BoundedHttp) as made:
        yield made


@pytest_asyncio.fixture
async def impatient() -> AsyncIterator[Server]:
    async with server(Impatient) as made:
        yield made


def refused(why: str) -> float:
    return REGISTRY.get_sample_value("webinar_http_refused_total", {"why": why}) or 0


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"a" * 8192),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 8192),
        (b"GET / HTTP/1.1\r\n", b"X: aaaaaaaaaaaaaaaa\r\n" * 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a" * 8192),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: aaaaaaaaaaaaaaaa\r\n" * 400),
        (b"", b"\r\n" * 4096),
    ],
    ids=["request line", "a header", "headers", "chunk extension", "trailers", "empty lines"],
)
async def test_a_request_without_end_is_refused_soon(plain: Server, begin: bytes, piece: bytes) -> None:
    sent, said = await plain.sent_until_refused(begin, forever(piece))
    assert sent < SOON
    assert said[:13] in (b"", b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")


async def test_a_body_in_chunks_of_any_usual_size_is_taken(plain: Server) -> None:
    for size in (64, 1000, 16384):
        chunk = b"%x\r\n" % size + b"a" * size + b"\r\n"
        async with plain.connection() as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(200_000 // size):
                writer.write(chunk)
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 "), (size, answer)


async def test_many_requests_on_one_connection_are_no_long_one(plain: Server) -> None:
    async with plain.connection() as (reader, writer):
        request = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4000 + b"\r\n\r\n"
        for _ in range(40):
            writer.write(request)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(1)


BEGUN = (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc")


async def test_who_says_nothing_more_is_not_waited_for_and_the_others_are_served(impatient: Server) -> None:
    before = refused("too slow")
    silent = [socket.create_connection(("127.0.0.1", impatient.port)) for _ in range(60)]
    try:
        for number, sock in enumerate(silent):
            sock.sendall(BEGUN[number % len(BEGUN)])
        async with impatient.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        await until(lambda: refused("too slow") - before == len(silent))
    finally:
        for sock in silent:
            sock.close()


async def test_who_sends_a_byte_now_and_then_is_not_waited_for_either(impatient: Server) -> None:
    async with impatient.connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.05)


async def test_an_answer_may_take_its_time_and_so_may_a_client_that_has_asked(impatient: Server) -> None:
    async with impatient.connection() as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"late")).startswith(b"HTTP/1.1 200 ")
