"""One UDP socket for all sessions: STUN by ufrag, everything else by address (RFC 8445 ICE-lite, RFC 7983)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from dataclasses import dataclass
from typing import Final

from webinar.base import log
from webinar.base.rtc import stun
from webinar.base.rtc.dtls import Certificate
from webinar.base.rtc.errors import EndpointFull, StunError
from webinar.base.rtc.peer import Address, CloseReason, Peer, PeerHandler, PeerState, Remote
from webinar.base.service import port_error

_log = log.get(__name__)

SOL_UDP: Final = 17
UDP_SEGMENT: Final = 103  # linux/udp.h
_BATCH: Final = 64  # datagrams taken before the loop may do something else
_BUFFER: Final = 4 << 20
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33  # asm-generic/socket.h: beyond net.core.[rw]mem_max
_MAX_DATAGRAM: Final = 2048
# What the kernel says when a route cannot take segments: its MTU is smaller, or it has no checksum offload (IPsec).
_NO_GSO: Final = frozenset({errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.EMSGSIZE})


@dataclass(slots=True)
class EndpointStats:
    """Counters of the socket since it was opened."""

    stun_checks: int = 0  # authentic ones
    stun_rejected: int = 0  # malformed, unknown ufrag, or wrong password
    unknown_source: int = 0  # from an address no check has validated
    send_blocked: int = 0  # EAGAIN: the socket's buffer is full
    send_errors: int = 0  # anything else the kernel said
    refused: int = 0  # registrations above `max_peers`
    plain_paths: int = 0  # addresses that UDP_SEGMENT cannot reach


class Endpoint:
    """`await start()`, `register()` a peer for each offer, `await close()`.

    `connect_timeout_s`: from registration to CONNECTED. `consent_timeout_s`: without a valid check or authentic RTP
    (RFC 7675 says 30 s; browsers check every 2.5 s, aiortc every 5 s, so 15 s are three misses at least).
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        max_peers: int = 2000,
        connect_timeout_s: float = 15.0,
        consent_timeout_s: float = 15.0,
        setting: str = "the UDP port's setting",
    ) -> None:
        self.certificate: Final = certificate or Certificate()
        self.stats: Final = EndpointStats()
        self.port = 0
        self.ipv6 = False
        self.gso = False
        self._segment = 0  # what the socket cuts larger sends into now; 0: it does not
        self._max_peers = max_peers
        self._connect_timeout_s = connect_timeout_s
        self._consent_timeout_s = consent_timeout_s
        self._setting = setting
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[Address, Peer] = {}
        self._plain: set[Address] = set()  # those of `_by_address` that take no segments
        self._socket: socket.socket | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> None:
        """Bind and receive. `host` "::" takes IPv4 too; `port` 0 picks one (see `self.port`). Raises `CannotStart`."""
        self.ipv6 = ":" in host
        try:
            sock = _bound(host, port)
        except OSError as error:
            raise port_error(error, "UDP", port, self._setting) from error
        self._socket = sock
        self.port = sock.getsockname()[1]
        self.gso = _has_gso(sock)
        loop = asyncio.get_running_loop()
        loop.add_reader(sock.fileno(), self._readable, sock, loop)
        self._sweeper = asyncio.create_task(self._sweep(), name=f"rtc-sweep-{self.port}")

    async def close(self) -> None:
        """Close every peer with reason "shutdown", then the socket."""
        for peer in list(self._by_ufrag.values()):
            peer.close(CloseReason.SHUTDOWN)
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def register(self, remote: Remote, handler: PeerHandler) -> Peer:
        """A new peer that waits for its first connectivity check. Raises `EndpointFull`."""
        if self.peers >= self._max_peers:
            self.stats.refused += 1
            raise EndpointFull("All seats are taken.", retry_after_s=5)
        peer = Peer(self, remote, handler, asyncio.get_running_loop().time())
        self._by_ufrag[peer.ufrag] = peer
        return peer

    @property
    def peers(self) -> int:
        return len(set(self._by_ufrag.values()))  # during an ICE restart a peer has two

    # What peers call

    def send(self, datagram: bytes | memoryview, address: Address) -> bool:
        """False when the kernel did not take it (counted)."""
        if self._socket is None:
            return False
        try:
            if self._segment:
                self._cut(self._socket, 0)
            self._socket.sendto(datagram, address)
        except (BlockingIOError, InterruptedError):
            self.stats.send_blocked += 1
            return False
        except OSError:
            self.stats.send_errors += 1
            return False
        return True

    def send_segments(self, data: memoryview, segment: int, address: Address) -> bool:
        """Datagrams of `segment` bytes, the last may be shorter; one call by UDP_SEGMENT, else one call each.

        The size is told to the socket when it changes and not with each call: one frame goes to hundreds of peers, and
        `sendmsg` with ancillary data costs 0.3 µs more than `sendto`.
        """
        if self.gso and self._socket is not None and not (self._plain and address in self._plain):
            try:
                if segment != self._segment:
                    self._cut(self._socket, segment)
                self._socket.sendto(data, address)
            except (BlockingIOError, InterruptedError):
                self.stats.send_blocked += 1
                return False
            except OSError as error:
                if error.errno not in _NO_GSO:
                    self.stats.send_errors += 1
                    return False
                if address in self._by_address:
                    self._plain.add(address)
                    self.stats.plain_paths += 1
            else:
                return True
        sent = [self.send(data[start : start + segment], address) for start in range(0, len(data), segment)]
        return all(sent)

    def _cut(self, sock: socket.socket, segment: int) -> None:
        sock.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
        self._segment = segment

    def know_ufrag(self, ufrag: str, peer: Peer) -> None:
        """Checks with this ufrag are for `peer` from now on, beside those it has."""
        self._by_ufrag[ufrag] = peer

    def forget_ufrag(self, ufrag: str) -> None:
        self._by_ufrag.pop(ufrag, None)

    def forget(self, peer: Peer) -> None:
        for ufrag in peer.ufrags:
            self.forget_ufrag(ufrag)
        for path in peer.paths:
            self.forget_path(path, peer)

    def forget_path(self, address: Address, peer: Peer) -> None:
        if self._by_address.get(address) is peer:
            del self._by_address[address]
            self._plain.discard(address)

    def _readable(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for _ in range(_BATCH):
            if sock.fileno() < 0:  # closed by what a datagram led to
                return
            try:
                data, address = sock.recvfrom(_MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error of an earlier datagram
                continue
            if data:
                self._datagram(data, address, now)

    def _datagram(self, data: bytes, address: Address, now: float) -> None:
        if data[0] < 4:
            self._stun(data, address, now)
            return
        peer = self._by_address.get(address)
        if peer is None:
            self.stats.unknown_source += 1
            return
        peer.received(data, address, now)

    def _stun(self, data: bytes, address: Address, now: float) -> None:
        try:
            request = stun.parse_binding_request(data)
        except StunError:
            self.stats.stun_rejected += 1
            return
        peer = self._by_ufrag.get(request.local_ufrag)
        response = None if peer is None else peer.checked(request, address, now)
        if peer is None or response is None:
            self.stats.stun_rejected += 1
            return
        self.stats.stun_checks += 1
        if address in peer.paths:
            self._by_address[address] = peer
        self.send(response, address)

    async def _sweep(self) -> None:
        """Close who did not connect in time and who went silent."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.5)
            now = loop.time()
            for peer in list(self._by_ufrag.values()):
                if peer.state in (PeerState.NEW, PeerState.CONNECTING):
                    if now - peer.registered_s > self._connect_timeout_s:
                        peer.close(CloseReason.TIMEOUT)
                elif now - peer.consent_s > self._consent_timeout_s:
                    peer.close(CloseReason.SILENT)


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option, forced in ((socket.SO_RCVBUF, _SO_RCVBUFFORCE), (socket.SO_SNDBUF, _SO_SNDBUFFORCE)):
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)  # the kernel cuts it to net.core.[rw]mem_max
            if sys.platform == "linux":
                with contextlib.suppress(OSError):  # of who has no CAP_NET_ADMIN, or a kernel that has no such option
                    sock.setsockopt(socket.SOL_SOCKET, forced, _BUFFER)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _has_gso(sock: socket.socket) -> bool:
    """Whether this kernel cuts a large send into datagrams (Linux 4.18)."""
    try:
        sock.setsockopt(SOL_UDP, UDP_SEGMENT, 1200)
        sock.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
    except OSError:
        return False
    return True
