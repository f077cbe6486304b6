"""A bad network between one WebRTC client and one server: loss, delay and jitter for media, none for STUN and DTLS."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to each datagram of media, in both directions. Times in seconds."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    lost_types: frozenset[int] = frozenset()  # RTP payload types that never arrive
    rate: int = 0  # bit/s that each way carries, 0: any; what waits longer than `queue_s` is dropped, as routers do
    queue_s: float = 0.3


class LossyRelay:
    """Give its port instead of the server's: `through(answer)`."""

    def __init__(self, server_port: int, weather: Weather, seed: int = 1, address: str = "127.0.0.1") -> None:
        """`address`: where the client finds it."""
        self.weather = weather
        self.lost = 0
        self.carried = 0
        self._address = address
        self._server: Address = ("127.0.0.1", server_port)
        self._client: Address | None = None
        self._busy_until: dict[str, float] = {"up": 0.0, "down": 0.0}
        self._random = random.Random(seed)
        self._front: asyncio.DatagramTransport
        self._back: asyncio.DatagramTransport

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Side(self._up), (self._address, 0))
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Side(self._down), ("127.0.0.1", 0))

    async def rebind(self) -> None:
        """The client has another network: what it sends comes from another address, to the old one nothing goes."""
        self._back.close()
        loop = asyncio.get_running_loop()
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Side(self._down), ("127.0.0.1", 0))

    def close(self) -> None:
        self._front.close()
        self._back.close()

    def through(self, answer: str) -> str:
        """The answer with one candidate: this relay."""
        port = self._front.get_extra_info("sockname")[1]
        without = re.sub(r"a=candidate:.*\r\n", "", answer)
        line = f"a=candidate:1 1 udp 2130706431 {self._address} {port} typ host\r\n"
        return without.replace("a=end-of-candidates\r\n", line + "a=end-of-candidates\r\n")

    def _up(self, data: bytes, source: Address) -> None:
        self._client = source
        queued_s = self._queue("up", len(data))
        if queued_s is not None:
            self._carry(self._back, data, self._server, queued_s)

    def _down(self, data: bytes, source: Address) -> None:
        if self._client is None:
            return
        queued_s = self._queue("down", len(data))
        if queued_s is not None:
            self._carry(self._front, data, self._client, queued_s)

    def _queue(self, way: str, size: int) -> float | None:
        """Seconds until a datagram has gone through the narrow way; None: the queue is full, it is lost."""
        if not self.weather.rate:
            return 0.0
        now = asyncio.get_running_loop().time()
        begins = max(now, self._busy_until[way])
        if begins - now > self.weather.queue_s:
            self.lost += 1
            return None
        self._busy_until[way] = begins + (size + 28) * 8 / self.weather.rate
        return self._busy_until[way] - now

    def _carry(self, side: asyncio.DatagramTransport, data: bytes, to: Address, queued_s: float) -> None:
        loop = asyncio.get_running_loop()
        media = 128 <= data[0] <= 191
        if media and (self._random.random() < self.weather.loss or data[1] & 0x7F in self.weather.lost_types):
            self.lost += 1
            return
        self.carried += media
        wait = queued_s + self.weather.delay_s + self._random.random() * self.weather.jitter_s
        loop.call_later(wait, side.sendto, data, to)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: object) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        assert callable(self._received)
        self._received(data, addr)
