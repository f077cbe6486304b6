"""People of one chat room, as bare WebSocket clients cheap enough not to be what is measured.

`python -m tests.bench.chat_crowd PEOPLE RATE PORT EVENT` takes the platform's secret key as the first line of standard
input, prints one line of figures a second until standard input is closed, and the last ones then.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Frame, Opcode

from webinar.base.tokens import Purpose, Tokens

_HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: webinar.chat.v1\r\n\r\n"
)


@dataclass
class Tally:
    """What all clients of a run share."""

    delays: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    vote_acks: list[float] = field(default_factory=list)
    votes: dict[str, int] = field(default_factory=dict)  # of questions, as told last
    sent_at: dict[str, float] = field(default_factory=dict)
    wrong_order: int = 0
    doubled: int = 0
    parsed: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)

    def parse(self, payload: bytes) -> dict[str, Any]:
        """All people get the same frames: reading each of them a thousand times would be what is measured."""
        message = self.parsed.get(payload)
        if message is None:
            if len(self.parsed) >= 256:
                self.parsed.clear()
            message = self.parsed[payload] = json.loads(payload)
        return message


class Person(asyncio.Protocol):
    """A bare client: reads unmasked text frames, keeps the last seq, counts."""

    handshake = _HANDSHAKE

    def __init__(self, tally: Tally, ticket: str, since: int | None, epoch: str | None) -> None:
        self.tally, self._ticket, self._since, self.epoch = tally, ticket, since, epoch
        self.last = since or 0
        self.upto = 0  # what welcome promised
        self.ready = asyncio.get_running_loop().create_future()
        self.lost = False
        self._buffer = bytearray()
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.handshake)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("lost before the welcome"))

    def put(self, **message: object) -> None:
        self.transport.write(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open and not self._accepted():
            return
        while (payload := self._frame()) is not None:
            self._take(self.tally.parse(payload))

    def opened(self) -> None:
        """The socket is one of text frames."""
        self.put(type="hello", ticket=self._ticket, since=self._since, epoch=self.epoch)

    def _accepted(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        accepted = self._buffer.startswith(b"HTTP/1.1 101")
        del self._buffer[: end + 4]
        if not accepted:
            self.ready.set_exception(ConnectionRefusedError("503"))
            self.transport.abort()
            return False
        self._open = True
        self.opened()
        return True

    def _frame(self) -> bytes | None:
        """The next text frame's payload; a ping is answered on the way."""
        while len(self._buffer) >= 2:
            size, head = self._buffer[1], 2
            if size >= 126:
                head += 2 if size == 126 else 8
                size = int.from_bytes(self._buffer[2:head], "big")
            if len(self._buffer) < head + size:
                return None
            opcode, payload = self._buffer[0] & 15, bytes(self._buffer[head : head + size])
            del self._buffer[: head + size]
            if opcode == Opcode.TEXT:
                return payload
            if opcode == Opcode.PING:
                self.transport.write(Frame(Opcode.PONG, payload).serialize(mask=True))
        return None

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "events":
            now = time.perf_counter()
            for event in message["events"]:
                self._event(event, now)
        elif kind == "welcome":
            self.epoch, self.upto = message["epoch"], message["last"]
        elif kind in ("nak", "bye"):
            self.tally.refusals[message["code"]] += 1
        elif kind == "ack":
            acks = self.tally.vote_acks if message["seq"] is None else self.tally.acks
            acks.append(time.perf_counter() - self.tally.sent_at[message["cid"]])
        if (
            not self.ready.done()
            and self.epoch is not None
            and kind in ("welcome", "events")
            and self.last >= self.upto
        ):
            self.ready.set_result(None)

    def _event(self, event: dict[str, Any], now: float) -> None:
        seq = event["seq"]
        if event["type"] == "tally":
            self.tally.votes.update(event["votes"])
        if seq <= self.last:
            self.tally.doubled += 1
        elif self.last and seq != self.last + 1:
            self.tally.wrong_order += 1
        self.last = max(self.last, seq)
        sent = self.tally.sent_at.get(event.get("cid") or "")
        if sent is not None:
            self.tally.delays.append(now - sent)


class Crowd:
    """Everyone of one room."""

    def __init__(self, ticket: Callable[[str], str], port: int, count: int) -> None:
        """`ticket(person)` lets that person into the room on the chat service at `port` of this machine."""
        self._ticket, self._port, self.count = ticket, port, count
        self.tally = Tally()
        self.people: list[Person] = []
        self._turn = itertools.count()

    async def join(self, at_once: int = 100) -> float:
        """Seconds until all are in. A refused handshake is tried again, as a page does."""
        started = time.perf_counter()
        gate = asyncio.Semaphore(at_once)
        before = self.people

        async def one(number: int) -> Person:
            old = before[number] if before else None
            async with gate:
                return await self._one(f"p{number}", old)

        self.people = list(await asyncio.gather(*(one(n) for n in range(self.count))))
        return time.perf_counter() - started

    async def _one(self, name: str, old: Person | None) -> Person:
        loop = asyncio.get_running_loop()
        pause = 0.1
        while True:
            _, person = await loop.create_connection(lambda: self.new_person(name, old), "127.0.0.1", self._port)
            try:
                await person.ready
                return person
            except ConnectionError:
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)

    def new_person(self, name: str, old: Person | None) -> Person:
        since = (old.last or None) if old else None
        return Person(self.tally, self._ticket(name), since, old.epoch if old and since else None)

    async def talk(self, rate: float, seconds: float) -> int:
        """Everyone in turn, so that nobody is told to wait; returns how many were sent."""
        loop = asyncio.get_running_loop()
        started, number = loop.time(), 0
        while number < rate * seconds:
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            cid = str(uuid.uuid4())
            self.tally.sent_at[cid] = time.perf_counter()
            self.say(cid, f"안녕하세요, 메시지 {number:05}입니다")
            number += 1
        return number

    def say(self, cid: str, body: str) -> None:
        """The next in turn sends it."""
        self.people[next(self._turn) % len(self.people)].put(type="send", cid=cid, body=body)

    async def settle(self, last: int, within_s: float) -> None:
        """Until everyone has the last message, or time is up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while loop.time() < end and any(person.last < last for person in self.people):  # noqa: ASYNC110 - of a crowd
            await asyncio.sleep(0.05)

    def leave(self) -> None:
        for person in self.people:
            person.transport.abort()


def quantile_ms(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


async def _main(people: int, rate: float, port: int, event: str) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    tokens = Tokens((await loop.run_in_executor(None, sys.stdin.readline)).strip())

    def ticket(person: str) -> str:
        claims = {"event": event, "person": person, "role": "attendee", "name": person}
        return tokens.sign(Purpose.CHAT, claims, 120)

    crowd = Crowd(ticket, port, people)
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read), name="standard input")
    await crowd.join()
    sent = 0
    while not over.done():
        sent += await crowd.talk(rate, 1.0)
        _print(crowd, sent)
    while len(crowd.tally.acks) < sent and not any(p.lost for p in crowd.people):  # noqa: ASYNC110 - of a crowd
        await asyncio.sleep(0.05)
    await crowd.settle(max(person.last for person in crowd.people), 10)
    _print(crowd, sent)
    crowd.leave()


def _print(crowd: Crowd, sent: int) -> None:
    tally = crowd.tally
    figures = {
        "people": sum(not person.lost for person in crowd.people),
        "sent": sent,
        "deliveries": len(tally.delays),
        "missing": sent * crowd.count - len(tally.delays),
        "out_of_order": tally.wrong_order,
        "doubled": tally.doubled,
        "p50_ms": round(quantile_ms(tally.delays, 0.5)),
        "p99_ms": round(quantile_ms(tally.delays, 0.99)),
        "refusals": dict(tally.refusals),
    }
    print(json.dumps({"figures": figures}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
