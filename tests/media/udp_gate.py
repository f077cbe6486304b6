"""A network between browsers and one UDP port of the server that a test can cut; in a thread of its own."""

from __future__ import annotations

import selectors
import socket
import threading
from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass
class UdpGate:
    """Browsers are given `port` instead of the server's. Change the fields at any time."""

    server_port: int
    closed: bool = False  # nothing passes
    lost_types: frozenset[int] = frozenset()  # RTP payload types that do not come through
    lost: int = 0  # datagrams kept back
    _flows: dict[Address, socket.socket] = field(default_factory=dict)
    _dead: set[Address] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self.port: int = self._front.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ)
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="udp gate", daemon=True)
        self._thread.start()

    def change_network(self) -> None:
        """Every way that was open is dead from now on; new ones open."""
        with self._lock:
            self._dead.update(self._flows)

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)
        for sock in (self._front, *self._flows.values()):
            sock.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(0.1):
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                data, source = sock.recvfrom(2048)
                with self._lock:
                    self._carry(sock, data, source, key.data)

    def _carry(self, sock: socket.socket, data: bytes, source: Address, client: Address | None) -> None:
        """`client` is whom a datagram of the server is for; None for one of a browser."""
        media = 128 <= data[0] <= 191
        if self.closed or (client or source) in self._dead or (media and data[1] & 0x7F in self.lost_types):
            self.lost += 1
        elif client is not None:
            self._front.sendto(data, client)
        else:
            self._upstream(source).sendto(data, ("127.0.0.1", self.server_port))

    def _upstream(self, client: Address) -> socket.socket:
        sock = self._flows.get(client)
        if sock is None:
            sock = self._flows[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", 0))
            self._selector.register(sock, selectors.EVENT_READ, client)
        return sock
