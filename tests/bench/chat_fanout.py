"""How fast one chat process reaches a full room.

    python -m tests.bench.chat_fanout --people 1000 --rate 20 --seconds 10
    python -m tests.bench.chat_fanout --people 5000 --rate 0       memory of idle people
    python -m tests.bench.chat_fanout --people 1000 --reconnect    everyone drops at once and comes back

The clients are one process of bare sockets on the same clock, so a delivery is measured from the moment its sender
wrote it to the moment a receiver's bytes are read: commit, wait for the flush, and the queue of the client included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.frames import Frame, Opcode

from webinar.base import log

if TYPE_CHECKING:
    from tests.chat_stage import ChatProcess, Stage

_HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: webinar.chat.v1\r\n\r\n"
)


@dataclass
class Figures:
    """Of one run. Delays in milliseconds."""

    people: int
    sent: int
    deliveries: int
    missing: int
    out_of_order: int
    doubled: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    ack_p99_ms: float
    server_cpu: float  # cores, while messages flow
    server_us_per_delivery: float
    server_kb_per_person: float
    join_s: float  # all of them, from the first connect to the last welcome
    reconnect_s: float = 0.0
    refusals: dict[str, int] = field(default_factory=dict)

    def line(self) -> str:
        return "  ".join(
            f"{name}={value:.3f}" if isinstance(value, float) else f"{name}={value}"
            for name, value in vars(self).items()
        )


@dataclass
class Tally:
    """What all clients of a run share."""

    delays: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)
    wrong_order: int = 0
    doubled: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


class Person(asyncio.Protocol):
    """A bare client: reads unmasked text frames, keeps the last seq, counts."""

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
        transport.write(_HANDSHAKE)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("lost before the welcome"))

    def put(self, **message: object) -> None:
        self.transport.write(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open and not self._handshake():
            return
        while (payload := self._frame()) is not None:
            self._take(json.loads(payload))

    def _handshake(self) -> bool:
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
        self.put(type="hello", ticket=self._ticket, since=self._since, epoch=self.epoch)
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
            self.tally.acks.append(time.perf_counter() - self.tally.sent_at[message["cid"]])
        if (
            not self.ready.done()
            and self.epoch is not None
            and kind in ("welcome", "events")
            and self.last >= self.upto
        ):
            self.ready.set_result(None)

    def _event(self, event: dict[str, Any], now: float) -> None:
        seq = event["seq"]
        if seq <= self.last:
            self.tally.doubled += 1
        elif self.last and seq != self.last + 1:
            self.tally.wrong_order += 1
        self.last = max(self.last, seq)
        sent = self.tally.sent_at.get(event["cid"])
        if sent is not None:
            self.tally.delays.append(now - sent)


class Crowd:
    """Everyone of one room."""

    def __init__(self, stage: Stage, chat: ChatProcess, event: uuid.UUID, count: int) -> None:
        self.stage, self.chat, self.event, self.count = stage, chat, event, count
        self.tally = Tally()
        self.people: list[Person] = []

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
            ticket = self.stage.ticket(self.event, name)
            since = (old.last or None) if old else None
            _, person = await loop.create_connection(
                lambda: Person(self.tally, ticket, since, old.epoch if old and since else None),  # noqa: B023
                "127.0.0.1",
                self.chat.port,
            )
            try:
                await person.ready
                return person
            except ConnectionError:
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)

    async def talk(self, rate: float, seconds: float) -> int:
        """Everyone in turn, so that nobody is told to wait; returns how many were sent."""
        loop = asyncio.get_running_loop()
        started, number = loop.time(), 0
        while number < rate * seconds:
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            cid = str(uuid.uuid4())
            self.tally.sent_at[cid] = time.perf_counter()
            self.people[number % len(self.people)].put(
                type="send", cid=cid, body=f"안녕하세요, 메시지 {number:05}입니다"
            )
            number += 1
        return number

    async def settle(self, last: int, within_s: float) -> None:
        """Until everyone has the last message, or time is up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while loop.time() < end and any(person.last < last for person in self.people):  # noqa: ASYNC110 - of a crowd
            await asyncio.sleep(0.05)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


async def measure(
    stage: Stage, chat: ChatProcess, *, people: int, rate: float, seconds: float, reconnect: bool = False
) -> Figures:
    """One run against a running process."""
    crowd = Crowd(stage, chat, await stage.new_event(), people)
    tally = crowd.tally
    empty_kb = _rss_kb(chat.pid)
    join_s = await crowd.join()
    memory = (_rss_kb(chat.pid) - empty_kb) / people
    cpu, started = _cpu_s(chat.pid), time.perf_counter()
    sent = await crowd.talk(rate, seconds) if rate else 0
    await crowd.settle(sent, 15)
    cpu, elapsed = _cpu_s(chat.pid) - cpu, time.perf_counter() - started
    delays = list(tally.delays)
    again_s = 0.0
    if reconnect:
        for person in crowd.people:
            person.transport.abort()
        again_s = await crowd.join(at_once=people)
    for person in crowd.people:
        person.transport.abort()
    return Figures(
        people=people,
        sent=sent,
        deliveries=len(delays),
        missing=sent * people - len(delays),
        out_of_order=tally.wrong_order,
        doubled=tally.doubled,
        p50_ms=_quantile(delays, 0.5),
        p99_ms=_quantile(delays, 0.99),
        max_ms=_quantile(delays, 1.0),
        ack_p99_ms=_quantile(tally.acks, 0.99),
        server_cpu=cpu / elapsed if sent else 0.0,
        server_us_per_delivery=1e6 * cpu / len(delays) if delays else 0.0,
        server_kb_per_person=memory,
        join_s=join_s,
        reconnect_s=again_s,
        refusals=dict(tally.refusals),
    )


async def _main(arguments: argparse.Namespace) -> None:
    from tests.chat_stage import Stage, reachable_folder  # here, so that pytest is the first to import its plugin

    folder = reachable_folder()
    stage = Stage(folder)
    try:
        await stage.start()
        chat = await stage.new_chat()
        figures = await measure(
            stage,
            chat,
            people=arguments.people,
            rate=arguments.rate,
            seconds=arguments.seconds,
            reconnect=arguments.reconnect,
        )
        print(figures.line())
        await stage.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    log.configure("bench", "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, from all people together")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--reconnect", action="store_true")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_main(arguments))


if __name__ == "__main__":
    main()
