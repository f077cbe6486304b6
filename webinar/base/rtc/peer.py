"""One remote browser or encoder: ICE-lite, then DTLS, then SRTP in both directions. Driven by its `Endpoint`."""

from __future__ import annotations

import asyncio
import enum
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from webinar.base import log
from webinar.base.rtc import stun
from webinar.base.rtc.dtls import Dtls, DtlsState, Fingerprint
from webinar.base.rtc.errors import DtlsError, SrtpError
from webinar.base.rtc.srtp import Receiver, Sender

if TYPE_CHECKING:
    from webinar.base.rtc.endpoint import Endpoint

_log = log.get(__name__)

Address = tuple[str, int] | tuple[str, int, int, int]  # as the socket gives it
MAX_PATHS: Final = 8  # validated addresses of one peer
SILENT_PATH_S: Final = 2.5  # a path without any datagram for so long gives way to another validated one


class PeerState(enum.StrEnum):
    """In order. Changed only by `Peer._change`."""

    NEW = "new"  # registered, nothing heard
    CONNECTING = "connecting"  # a valid check came, the DTLS handshake runs
    CONNECTED = "connected"  # media may flow
    CLOSED = "closed"


class CloseReason(enum.StrEnum):
    """Why a peer was closed; handlers may close with words of their own as well."""

    TIMEOUT = "timeout"  # not connected in time
    SILENT = "silent"  # no valid connectivity check for the consent time (RFC 7675)
    DTLS_FAILED = "dtls_failed"
    REMOTE = "remote"  # the peer said close_notify
    SHUTDOWN = "shutdown"  # the endpoint closes


class PeerHandler(Protocol):
    """What the owner of a peer is told. Called on the loop's thread; must not block."""

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        """An authentic RTP packet, decrypted, with header. `arrival_s` is the loop's clock."""

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        """An authentic compound RTCP packet, decrypted."""

    def on_state(self, state: PeerState, reason: str) -> None:
        """After each change; `reason` is empty but for CLOSED, which comes once and last."""


@dataclass(frozen=True, slots=True)
class Remote:
    """What the peer's SDP says about its transport."""

    ufrag: str
    fingerprints: tuple[Fingerprint, ...]
    dtls_client: bool = True  # it can begin the handshake; else we do (RFC 8842 section 5.1)


@dataclass(frozen=True, slots=True)
class _Credentials:
    """Of one ICE session."""

    ufrag: str  # ours
    pwd: str  # ours
    remote_ufrag: str


@dataclass(slots=True)
class PeerStats:
    """Counters of one peer since it was registered."""

    packets_sent: int = 0
    bytes_sent: int = 0
    send_failures: int = 0  # EAGAIN and the like: the datagram was not sent
    rejected: int = 0  # SRTP that failed authentication or was replayed
    rebinds: int = 0


class Peer:
    """Made by `Endpoint.register`. `ufrag` and `pwd` go into the answer.

    Until a connectivity check with our password has arrived from an address, nothing is sent to it and nothing
    from it is taken: so nobody can make us send DTLS flights to a forged address.
    """

    def __init__(self, endpoint: Endpoint, remote: Remote, handler: PeerHandler, now: float) -> None:
        self._ice = _Credentials(secrets.token_hex(4), secrets.token_hex(16), remote.ufrag)
        self._former: _Credentials | None = None  # of before an ICE restart, until the new ones are used
        self.state = PeerState.NEW
        self.close_reason = ""
        self.stats: Final = PeerStats()
        self.registered_s: Final = now
        self.consent_s = now  # last valid check or authentic media
        self.address: Address | None = None  # where we send
        self.sender: Sender | None = None  # since CONNECTED
        self.paths: Final[dict[Address, float]] = {}  # validated address → last datagram from it
        self._endpoint = endpoint
        self._remote = remote
        self._handler = handler
        self._dtls: Dtls | None = None
        self._receiver: Receiver | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ufrag(self) -> str:
        """Ours, for the answer."""
        return self._ice.ufrag

    @property
    def pwd(self) -> str:
        """Ours, for the answer."""
        return self._ice.pwd

    @property
    def ufrags(self) -> tuple[str, ...]:
        """All of ours that checks may carry now."""
        return (self._ice.ufrag,) if self._former is None else (self._ice.ufrag, self._former.ufrag)

    @property
    def remote_ufrag(self) -> str:
        """The peer's, as its SDP said last."""
        return self._ice.remote_ufrag

    @property
    def restarting(self) -> bool:
        """After an ICE restart, until a check with the new credentials has come."""
        return self._former is not None

    # What the owner calls

    def restart(self, remote_ufrag: str) -> None:
        """New credentials of ours for an ICE restart (RFC 8445 section 9); media goes on meanwhile.

        Checks with the old ones are answered until the first with the new ones has come.
        """
        if self.state is PeerState.CLOSED:
            return
        if self._former is not None:
            self._endpoint.forget_ufrag(self._former.ufrag)
        self._former = self._ice
        self._ice = _Credentials(secrets.token_hex(4), secrets.token_hex(16), remote_ufrag)
        self._endpoint.know_ufrag(self._ice.ufrag, self)

    def send_rtp(self, packet: bytes) -> bool:
        """Protect and send one RTP packet. False when not connected or when the socket is full (counted)."""
        if self.sender is None or self.address is None:
            return False
        return self.send(self.sender.protect_rtp(packet))

    def send_rtcp(self, packet: bytes) -> bool:
        """Protect and send one compound RTCP packet, as `send_rtp`."""
        if self.sender is None or self.address is None:
            return False
        return self.send(self.sender.protect_rtcp(packet))

    def send(self, datagram: bytes) -> bool:
        """Send a finished datagram to where the peer is now."""
        if self.address is not None and self._endpoint.send(datagram, self.address):
            self.stats.packets_sent += 1
            self.stats.bytes_sent += len(datagram)
            return True
        self.stats.send_failures += 1
        return False

    def send_segments(self, data: memoryview, segment: int, count: int) -> bool:
        """Send `count` datagrams of `segment` bytes each (the last may be shorter) lying one after the other in `data`.

        One system call by UDP_SEGMENT where the kernel has it. At most 64 segments and 65,000 bytes.
        """
        stats = self.stats
        if self.address is not None and self._endpoint.send_segments(data, segment, self.address):
            stats.packets_sent += count
            stats.bytes_sent += len(data)
            return True
        stats.send_failures += count
        return False

    def close(self, reason: str) -> None:
        """Say goodbye (DTLS close_notify) and leave the endpoint. Repeating it does nothing."""
        if self.state is PeerState.CLOSED:
            return
        if self._dtls is not None:
            self._dtls.close()
            self._flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._endpoint.forget(self)
        self.sender = self._receiver = None
        self.close_reason = reason
        self._change(PeerState.CLOSED, reason)

    # What the endpoint calls

    def checked(self, request: stun.BindingRequest, address: Address, now: float) -> bytes | None:
        """A check with one of our ufrags came from `address`; the response, None when it is forged or not for us."""
        ice = self._former if self._former is not None and request.local_ufrag == self._former.ufrag else self._ice
        password = ice.pwd.encode()
        if request.remote_ufrag != ice.remote_ufrag or not request.authentic(password):
            return None
        if ice is self._ice and self._former is not None:
            self._endpoint.forget_ufrag(self._former.ufrag)
            self._former = None
        if request.controlled:
            return stun.role_conflict(request.transaction_id, password)
        if address not in self.paths and not self._make_room(now):
            return None
        self.consent_s = self.paths[address] = now
        self._choose(address, nominated=request.use_candidate, now=now)
        if self.state is PeerState.NEW:
            server = self._remote.dtls_client
            self._dtls = Dtls(self._endpoint.certificate, self._remote.fingerprints, server=server)
            self._change(PeerState.CONNECTING)
            if not server:
                self._dtls.start()
                self._flush()
                self._arm(self._dtls)
        return stun.binding_success(request.transaction_id, plain_address(address), password)

    def received(self, data: bytes, address: Address, now: float) -> None:
        """A datagram from a validated address, demultiplexed by its first byte (RFC 7983)."""
        self.paths[address] = now
        first = data[0]
        if 128 <= first <= 191:
            self._media(data, now)
        elif 20 <= first <= 63:
            self._handshake(data)

    def _choose(self, address: Address, *, nominated: bool, now: float) -> None:
        """The path we send on: the first that was validated, then the nominated one, or any when that went silent."""
        if address == self.address:
            return
        silent = self.address is not None and now - self.paths.get(self.address, 0.0) > SILENT_PATH_S
        if self.address is None or nominated or silent:
            if self.address is not None:
                self.stats.rebinds += 1
            self.address = address

    def _make_room(self, now: float) -> bool:
        """Drop the oldest path that is not in use when there are too many."""
        if len(self.paths) < MAX_PATHS:
            return True
        spare = [
            (seen, path) for path, seen in self.paths.items() if path != self.address and now - seen > SILENT_PATH_S
        ]
        if not spare:
            return False
        _, oldest = min(spare, key=lambda item: item[0])
        del self.paths[oldest]
        self._endpoint.forget_path(oldest, self)
        return True

    def _media(self, data: bytes, now: float) -> None:
        if self._receiver is None or len(data) < 12:
            return
        try:
            if 192 <= data[1] <= 223:  # RFC 5761 section 4
                self._handler.on_rtcp(self._receiver.unprotect_rtcp(data), now)
            else:
                packet = self._receiver.unprotect_rtp(data)
                self.consent_s = now  # who sends authentic media is there, also without checks (FFmpeg 8.0)
                self._handler.on_rtp(packet, now)
        except SrtpError:
            self.stats.rejected += 1

    def _handshake(self, data: bytes) -> None:
        if self._dtls is None:
            return
        self._drive(self._dtls, data)

    def _drive(self, dtls: Dtls, data: bytes | None) -> None:
        try:
            if data is None:
                dtls.expired()
            else:
                dtls.receive(data)
        except DtlsError as error:
            self._flush()
            _log.info("dtls_failed", peer=self.ufrag, why=error.message, cause=str(error.__cause__ or ""))
            self.close(CloseReason.DTLS_FAILED)
            return
        self._flush()
        if dtls.state is DtlsState.CLOSED:
            self.close(CloseReason.REMOTE)
        elif dtls.keys is not None and self.state is PeerState.CONNECTING:
            self.sender, self._receiver = dtls.keys.sender(), dtls.keys.receiver()
            self._change(PeerState.CONNECTED)
        self._arm(dtls)

    def _arm(self, dtls: Dtls) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.state is PeerState.CLOSED:
            return
        wait = dtls.timeout()
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.01), self._drive, dtls, None)

    def _flush(self) -> None:
        if self._dtls is not None and self.address is not None:
            for datagram in self._dtls.take():
                self.send(datagram)

    def _change(self, state: PeerState, reason: str = "") -> None:
        self.state = state
        _log.debug("peer_state", peer=self.ufrag, state=state.value, reason=reason)
        self._handler.on_state(state, reason)


def plain_address(address: Address) -> tuple[str, int]:
    """IP and port without zone, an IPv4-mapped IPv6 address as IPv4 (what the peer itself sees)."""
    host = address[0].partition("%")[0]
    return host.removeprefix("::ffff:") if "." in host else host, address[1]


def candidate_lines(addresses: Sequence[str], port: int) -> list[str]:
    """`a=candidate` values of our host candidates, component 1, best first (RFC 8839 section 5.1)."""
    lines = []
    for rank, address in enumerate(addresses):
        priority = 126 << 24 | (65535 - rank) << 8 | 255  # RFC 8445 section 5.1.2.1
        lines.append(f"candidate:{rank + 1} 1 udp {priority} {address} {port} typ host")
    return lines
