"""A chat page without a browser, for tests: keeps the rules of docs/chat-protocol.md and remembers all it saw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

Json = dict[str, Any]
SUBPROTOCOL = Subprotocol("webinar.chat.v1")


class ChatClient:
    """One person in one room. A gap or a repeat in what the service sends fails the test at once."""

    def __init__(self, url: str, ticket: Callable[[], str], *, origin: str | None = None) -> None:
        self._url, self._ticket, self._origin = url, ticket, origin
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.epoch: str | None = None
        self.shown: list[Json] = []
        self.messages: list[Json] = []  # everything received, in order
        self.answers: dict[str, Json] = {}  # cid → ack or nak
        self.resets = 0
        self.broken: str | None = None  # what the service did wrong

    async def open(self) -> Json:
        """Connects and says hello with what it has; returns the welcome. Raises `ConnectionError` with a bye's code."""
        await self.close()
        self._socket = await connect(
            self._url,
            subprotocols=[SUBPROTOCOL],
            origin=Origin(self._origin) if self._origin else None,
            compression=None,
            ping_interval=None,
            max_size=None,
        )
        start = len(self.messages)
        self._reader = asyncio.create_task(self._read(self._socket), name="chat client")
        since = self.shown[-1]["seq"] if self.shown else None
        await self.put(type="hello", ticket=self._ticket(), since=since, epoch=self.epoch if self.shown else None)
        await self.until(lambda: any(m["type"] in ("welcome", "bye") for m in self.messages[start:]))
        first = next(m for m in self.messages[start:] if m["type"] in ("welcome", "bye"))
        if first["type"] == "bye":
            raise ConnectionError(first["code"])
        if first["last"]:
            await self.until(lambda: bool(self.shown) and self.shown[-1]["seq"] >= first["last"])
        return first

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait({self._reader})
        self._socket = self._reader = None

    def drop(self) -> None:
        """The network goes away, without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    @property
    def connected(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def put(self, **message: object) -> None:
        await self.put_raw(json.dumps(message))

    async def put_raw(self, data: str | bytes) -> None:
        assert self._socket is not None
        await self._socket.send(data)

    async def send(self, body: str, cid: str | None = None, **more: object) -> Json:
        """One try: the ack or nak."""
        return await self.ask("send", cid, body=body, **more)

    async def ask(self, kind: str, /, cid: str | None = None, **fields: object) -> Json:
        """The ack or nak of a message of that type."""
        cid = cid or str(uuid.uuid4())
        self.answers.pop(cid, None)
        await self.put(type=kind, cid=cid, **fields)
        await self.until(lambda: cid in self.answers or not self.connected)
        if cid not in self.answers:
            raise ConnectionError("lost while waiting for the answer")
        return self.answers[cid]

    async def say(self, body: str, cid: str | None = None, *, within_s: float = 30.0) -> int:
        """As a page does: the same cid again, over naks and lost sockets, until it is acknowledged; its seq."""
        return int((await self.surely("send", cid, within_s=within_s, body=body))["seq"])

    async def surely(self, kind: str, cid: str | None = None, *, within_s: float = 30.0, **fields: object) -> Json:
        """The ack of any message, however often it has to be repeated."""
        cid = cid or str(uuid.uuid4())
        async with asyncio.timeout(within_s):
            while True:
                with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                    if not self.connected:
                        await self.open()
                    answer = await self.ask(kind, cid, **fields)
                    if answer["type"] == "ack":
                        return answer
                    await asyncio.sleep(answer.get("retry_after", 0.2))
                    continue
                await asyncio.sleep(0.1)

    async def order(self, op: str, cid: str | None = None, **fields: object) -> Json:
        """What a moderator orders: the ack or nak."""
        return await self.ask("mod", cid, op=op, **fields)

    async def people(self, **fields: object) -> Json:
        """The page of people, or a nak."""
        start = len(self.messages)
        await self.put(type="people", **fields)
        await self.until(lambda: any(m["type"] in ("people", "nak") for m in self.messages[start:]))
        return next(m for m in self.messages[start:] if m["type"] in ("people", "nak"))

    def newest(self, kind: str) -> Json:
        """The last message of this type."""
        return next(m for m in reversed(self.messages) if m["type"] == kind)

    async def history(self, before: int | None = None, limit: int = 100, **asked: object) -> Json:
        """The answer: `events` with what was asked (`before`, `after`, `until`), or a nak."""
        start = len(self.messages)
        if before is not None:
            asked["before"] = before
        (kind,) = asked
        await self.put(type="history", limit=limit, **asked)

        def answers() -> list[Json]:
            return [
                m for m in self.messages[start:] if (m["type"] == "events" and kind in m) or m.get("of") == "history"
            ]

        await self.until(lambda: bool(answers()))
        return answers()[0]

    async def wait_for(self, kind: str, start: int = 0) -> Json:
        """The first message of this type after the first `start` ones."""
        await self.until(lambda: any(m["type"] == kind for m in self.messages[start:]))
        return next(m for m in self.messages[start:] if m["type"] == kind)

    async def until(self, true: Callable[[], bool], *, within_s: float = 15.0) -> None:
        """Waits for something that messages, or the end of the socket, bring about."""
        async with asyncio.timeout(within_s):
            while not true():
                self._changed.clear()
                await self._changed.wait()
        assert self.broken is None, self.broken

    async def ended(self) -> tuple[int | None, Json | None]:
        """After the service has closed: (close code, bye)."""
        assert self._reader is not None
        assert self._socket is not None
        await asyncio.wait({self._reader}, timeout=15)
        byes = [m for m in self.messages if m["type"] == "bye"]
        return self._socket.close_code, byes[-1] if byes else None

    @property
    def bodies(self) -> list[str]:
        """Of the messages, as they were shown."""
        return [event["body"] for event in self.shown if event["type"] == "message" and "body" in event]

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(json.loads(text))
                self._changed.set()
        except ConnectionClosed:
            pass
        finally:
            self._changed.set()

    def _take(self, message: Json) -> None:
        self.messages.append(message)
        match message["type"]:
            case "welcome":
                if self.epoch != message["epoch"]:
                    self.epoch, self.shown = message["epoch"], []
            case "reset":
                self.resets += 1
                self.shown = []
            case "ack" | "nak" if message["cid"]:
                self.answers[message["cid"]] = message
            case "events" if not message.keys() & {"before", "after", "until"}:
                for event in message["events"]:
                    if self.shown and event["seq"] != self.shown[-1]["seq"] + 1:
                        self.broken = f"{event['seq']} after {self.shown[-1]['seq']}"
                    self.shown.append(event)


@contextlib.asynccontextmanager
async def in_room(*clients: ChatClient) -> AsyncIterator[None]:
    """All of them open; all closed at the end."""
    try:
        for client in clients:
            await client.open()
        yield
    finally:
        for client in clients:
            await client.close()
