"""One contract for both ways of writing to a socket: into the transport, and over ASGI's `send`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket as sockets
import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from chat import connection, figures, wire
from chat.hub import Hub
from chat.limits import TokenBucket
from chat.service import create_app
from chat.socket import ChatProtocol, FastOutlet, PlainOutlet
from chat.store import Store
from tests.chat_client import ChatClient, in_room
from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.settings import Settings
from webinar.base.tokens import Tokens

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: webinar.chat.v1\r\n\r\n"
)


class Server:
    """The application in this process, on uvicorn with one of the two protocols."""

    def __init__(self, stage: Stage, hub: Hub, port: int, fast: bool) -> None:
        self.stage, self.hub, self.port, self.fast = stage, hub, port, fast

    def client(self, event: uuid.UUID, person: str) -> ChatClient:
        return ChatClient(f"ws://127.0.0.1:{self.port}/chat", lambda: self.stage.ticket(event, person))

    async def deaf(self, event: uuid.UUID, since: dict[str, Any] | None = None) -> DeafClient:
        """A client that says hello and then reads nothing."""
        raw = sockets.socket()
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.port))
        client = DeafClient(raw)
        await client.put(HANDSHAKE)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await asyncio.get_running_loop().sock_recv(raw, 1)
        hello = {"type": "hello", "ticket": self.stage.ticket(event, "deaf"), **(since or {})}
        await client.put(frame(Opcode.TEXT, json.dumps(hello).encode()))
        return client


class DeafClient:
    def __init__(self, raw: sockets.socket) -> None:
        self.raw = raw

    async def put(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.raw, data)

    async def wait_cut(self) -> None:
        """Until the service has ended the connection; what it had written before is thrown away."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(15):
                while await asyncio.get_running_loop().sock_recv(self.raw, 1 << 20):
                    pass

    def close(self) -> None:
        self.raw.close()


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


@pytest_asyncio.fixture(loop_scope="session", params=["transport", "send"])
async def server(stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    fast = request.param == "transport"
    pool = await db.connect(stage.database_url, service="chat", max_size=4)
    bus = await Bus.connect(stage.nats.embedded.url, "chat")
    hub = Hub(Store(pool), bus)
    app = create_app(Settings(), hub, Tokens(stage.secret), pool, bus)
    config = uvicorn.Config(
        app,
        loop="none",
        log_config=None,
        log_level="critical",
        ws=ChatProtocol if fast else "websockets-sansio",
        ws_max_size=wire.MAX_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
    )
    uvicorn_server = uvicorn.Server(config)
    listener = sockets.socket()
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 32 * 1024)  # so that little hides in the kernel
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    with contextlib.ExitStack() as stack:
        stack.callback(listener.close)
        uvicorn_server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        serving = asyncio.create_task(uvicorn_server.serve(sockets=[listener]))
        keeping = asyncio.create_task(hub.run())
        yield Server(stage, hub, listener.getsockname()[1], fast)
        await hub.close()
        uvicorn_server.should_exit = True
        keeping.cancel()
        await asyncio.wait({serving, keeping})
    await bus.close()
    await pool.close()


async def test_each_server_gives_the_outlet_it_can(server: Server) -> None:
    event = await server.stage.new_event()
    client = server.client(event, "a")
    async with in_room(client):
        room = await server.hub.room(event)
        (member,) = room.room.members
        assert isinstance(member.outlet, FastOutlet if server.fast else PlainOutlet)


async def test_frames_of_every_length_arrive_whole_and_in_order(server: Server) -> None:
    event = await server.stage.new_event()
    await server.stage.fill(event, 450, pad=990)
    one, two = server.client(event, "a"), server.client(event, "b")
    async with in_room(one, two):
        for body in ("x", "가" * 40, "나" * 1000):
            await one.say(body)
        await two.until(lambda: two.bodies[-3:] == ["x", "가" * 40, "나" * 1000])
        assert [e["seq"] for e in two.shown] == list(range(351, 454))


async def test_answers_and_a_goodbye_come_before_the_close(server: Server) -> None:
    event = await server.stage.new_event()
    client = server.client(event, "a")
    async with in_room(client):
        await client.put(type="ping")
        await client.put(type="hello", ticket="again")
        code, bye = await client.ended()
        assert [m["type"] for m in client.messages] == ["welcome", "state", "you", "pong", "bye"]
        assert (code, bye and bye["code"]) == (1008, "bad_message")


async def test_who_says_nothing_is_sent_away(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HELLO_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    said = await asyncio.wait_for(reader.readuntil(b"}"), 15)
    assert b"hello_timeout" in said
    writer.close()


async def test_more_handshakes_than_it_can_open_are_told_to_come_back(server: Server) -> None:
    event = await server.stage.new_event()
    server.hub.handshakes = TokenBucket(0.5, 2.0, asyncio.get_running_loop().time())
    first, second, third = (server.client(event, name) for name in "abc")
    async with in_room(first, second):
        with pytest.raises(InvalidStatus) as refusal:
            await third.open()
        assert refusal.value.response.status_code == 503
        assert int(refusal.value.response.headers["Retry-After"]) in (1, 2)
        server.hub.handshakes = TokenBucket(0.5, 2.0, asyncio.get_running_loop().time())
        async with in_room(third):
            assert (await third.send("in after all"))["type"] == "ack"


async def test_a_live_reader_that_stops_reading_is_cut_and_the_others_get_everything(server: Server) -> None:
    stage, event = server.stage, await server.stage.new_event()
    reads = server.client(event, "reads")
    async with in_room(reads):
        deaf = await server.deaf(event)
        room = await server.hub.room(event)
        await _until(lambda: len(room.room.members) == 2)
        before = _slow()
        start = 1
        while _slow() == before:
            assert start < 12_000
            await stage.fill(event, 500, start=start, pad=990)
            start += 500
            room.heard_of(start - 1)
            await reads.until(lambda start=start: len(reads.shown) == start - 1)  # type: ignore[misc]
        await deaf.wait_cut()
        deaf.close()
        assert (await reads.send("still here"))["type"] == "ack"
        await _until(lambda: len(room.room.members) == 1)


async def test_one_who_does_not_read_what_it_missed_is_cut(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_CATCH_UP_S", 0.3)
    stage, event = server.stage, await server.stage.new_event()
    await stage.fill(event, 500, pad=990)
    room = await server.hub.room(event)
    before = _slow()
    deaf = [await server.deaf(event, {"since": 0, "epoch": room.room.epoch}) for _ in range(3)]
    good = server.client(event, "good")
    async with in_room(good):
        assert (await good.send("undisturbed"))["type"] == "ack"
        await _until(lambda: _slow() == before + len(deaf))
        for client in deaf:
            await client.wait_cut()
            client.close()


@pytest.mark.parametrize("server", ["transport"], indirect=True)
async def test_pings_that_nobody_reads_the_answers_of_end_the_socket(server: Server) -> None:
    event = await server.stage.new_event()
    deaf = await server.deaf(event)
    before = figures.FLOODED._value.get()  # noqa: SLF001 - prometheus_client has no public reader
    pings = frame(Opcode.PING, os.urandom(125)) * 2000
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(20):
            while True:
                await deaf.put(pings)
    assert figures.FLOODED._value.get() == before + 1  # noqa: SLF001
    deaf.close()


@pytest.mark.parametrize("server", ["transport"], indirect=True)
async def test_a_message_of_endless_empty_fragments_ends_the_socket(server: Server) -> None:
    event = await server.stage.new_event()
    deaf = await server.deaf(event)
    await deaf.put(frame(Opcode.TEXT, b"", fin=False) + frame(Opcode.CONT, b"", fin=False) * 100)
    await asyncio.wait_for(deaf.wait_cut(), 15)
    deaf.close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what the service holds in memory tells nobody of its changes
            await asyncio.sleep(0.01)


def _slow() -> float:
    return float(figures.SLOW._value.get())  # noqa: SLF001 - prometheus_client has no public reader
