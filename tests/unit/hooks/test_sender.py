"""webinar/hooks/sender.py over real sockets: one request to the checked address; what is answered leads nowhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from tests.mail_stage import certificate
from webinar.hooks import sender as module
from webinar.hooks.sender import NotSent, Sender

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    def __init__(self, answer: bytes | Answer) -> None:
        self.answer = answer
        self.heard: list[bytes] = []
        self.port = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        self.heard.append(head + await reader.readexactly(length))
        with contextlib.suppress(ConnectionError):
            if isinstance(self.answer, bytes):
                writer.write(self.answer)
                await writer.drain()
            else:
                await self.answer(reader, writer)
        writer.close()


@contextlib.asynccontextmanager
async def receiver(answer: bytes | Answer) -> AsyncIterator[Receiver]:
    made = Receiver(answer)
    server = await asyncio.start_server(made.meet, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


async def test_a_message_arrives_as_it_is_with_its_headers_and_the_status_comes_back() -> None:
    async with receiver(b"HTTP/1.1 204 No Content\r\n\r\n") as there:
        url = f"http://localhost:{there.port}/hook?x=1"
        assert await Sender(inside=True).post(url, {"webhook-id": "1"}, "가".encode()) == 204
    (heard,) = there.heard
    assert heard.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"localhost:{there.port}".encode() in heard
    assert b"webhook-id: 1" in heard
    assert heard.endswith("가".encode())


async def test_an_answer_counts_whose_receiver_does_not_take_leave_of_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 5.0)
    theirs, ours = certificate(tmp_path)
    kept: list[asyncio.WriteTransport] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        # So it sees no `close_notify` (RFC 8446, section 6.1), and sends none.
        cast("asyncio.Transport", writer.transport).pause_reading()
        kept.append(writer.transport)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=theirs)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    assert await Sender(inside=True, tls=ours).post(url, {}, b"{}") == 200
    server.close()
    for transport in kept:
        transport.abort()


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiver(b"HTTP/1.1 200 OK\r\n\r\n") as other:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://localhost:{other.port}/\r\n\r\n".encode()
        async with receiver(moved) as there:
            assert await Sender(inside=True).post(f"http://localhost:{there.port}/", {}, b"{}") == 302
        assert other.heard == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
async def test_this_machine_is_not_reached_by_any_of_its_names(host: str) -> None:
    async with receiver(b"HTTP/1.1 200 OK\r\n\r\n") as there:
        with pytest.raises(NotSent):
            await Sender(inside=False).post(f"https://{host}:{there.port}/", {}, b"{}")
        assert there.heard == []


async def test_the_address_that_is_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise the second time (DNS rebinding) is asked once."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()

    async def resolve(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", port))]

    connected: list[tuple[object, object]] = []

    async def connect(host: object, port: object, **_: object) -> object:
        connected.append((host, port))
        raise OSError(111, "refused")

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    monkeypatch.setattr(asyncio, "open_connection", connect)
    with pytest.raises(NotSent):
        await Sender(inside=False).post("https://rebinding.example/", {}, b"{}")
    assert (asked, connected) == (["rebinding.example"], [("93.184.216.34", 443)])


async def test_one_private_address_among_public_ones_spoils_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int, **_: object) -> list[object]:
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(NotSent, match="public internet"):
        await Sender(inside=False).post("https://both.example/", {}, b"{}")


async def test_an_answer_without_end_a_silent_one_and_one_that_is_none_keep_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LIMIT_S", 0.3)

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)
            await writer.drain()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    answers: list[bytes | Answer] = [
        endless,
        silent,
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99_999,
    ]
    for answer in answers:
        async with receiver(answer) as there:
            with pytest.raises(NotSent):
                await Sender(inside=True).post(f"http://localhost:{there.port}/", {}, b"{}")


async def test_plain_http_is_refused_before_any_connection() -> None:
    with pytest.raises(NotSent, match="https"):
        await Sender(inside=False).post("http://example.org/", {}, b"{}")
