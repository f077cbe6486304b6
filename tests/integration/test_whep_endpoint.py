"""The UDP endpoint as an attacker and as a moving client see it: real sockets, our own client side."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun as reference

from tests.waiting import until
from webinar.base.errors import CannotStart
from webinar.base.rtc import Certificate, CloseReason, Endpoint, EndpointFull, Peer, PeerState, Remote, rtcp, stun
from webinar.base.rtc.dtls import Dtls, DtlsState
from webinar.base.rtc.peer import MAX_PATHS

UFRAG = "theirs"


class Handler:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[PeerState, str]] = []
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        self.rtp.append(packet)

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        self.rtcp.append(packet)

    def on_state(self, state: PeerState, reason: str) -> None:
        self.states.append((state, reason))


class Client:
    """A socket of its own against one peer."""

    def __init__(self, endpoint: Endpoint, host: str = "127.0.0.1") -> None:
        self.certificate = Certificate()
        self.dtls = Dtls(self.certificate, [endpoint.certificate.fingerprint], server=False)
        self._to = (host, endpoint.port)
        self.socket = self.new_socket()

    def new_socket(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in self._to[0] else socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.connect(self._to)
        return sock

    async def receive(self, sock: socket.socket | None = None, timeout_s: float = 3.0) -> bytes:
        async with asyncio.timeout(timeout_s):
            return await asyncio.get_running_loop().sock_recv(sock or self.socket, 4096)

    def check(
        self, peer: Peer, sock: socket.socket | None = None, *, nominate: bool = True, password: str = ""
    ) -> None:
        name, key = f"{peer.ufrag}:{UFRAG}", (password or peer.pwd).encode()
        (sock or self.socket).send(stun.binding_request(secrets.token_bytes(12), name, key, use_candidate=nominate))

    async def checked(self, peer: Peer, sock: socket.socket | None = None, *, nominate: bool = True) -> None:
        self.check(peer, sock, nominate=nominate)
        while (await self.receive(sock))[0] >= 4:
            pass

    async def connect(self, peer: Peer) -> None:
        await self.checked(peer)
        self.dtls.start()
        while True:
            for datagram in self.dtls.take():
                self.socket.send(datagram)
            if self.dtls.state is DtlsState.CONNECTED:
                return
            self.dtls.receive(await self.receive())


async def silence(client: Client, sock: socket.socket | None = None) -> bool:
    """True when nothing comes back within a quarter of a second: nothing is what must happen."""
    try:
        await client.receive(sock, timeout_s=0.25)
    except TimeoutError:
        return True
    return False


@contextlib.asynccontextmanager
async def opened(host: str = "127.0.0.1", **options: float) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(**options)  # type: ignore[arg-type] # numbers all
    await endpoint.start(host, 0)
    try:
        yield endpoint
    finally:
        await endpoint.close()


def register(endpoint: Endpoint, client: Client) -> tuple[Peer, Handler]:
    handler = Handler()
    return endpoint.register(Remote(UFRAG, (client.certificate.fingerprint,)), handler), handler


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_client_connects_and_rtp_and_rtcp_go_both_ways(host: str) -> None:
    async with opened("::" if host == "::1" else host) as endpoint:
        client = Client(endpoint, host)
        peer, handler = register(endpoint, client)
        await client.connect(peer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        assert client.dtls.keys is not None
        sender, receiver = client.dtls.keys.sender(), client.dtls.keys.receiver()
        packet = b"\x80\x60\x00\x01" + bytes(8) + b"picture"
        report = rtcp.receiver_report(1) + rtcp.source_description(1, "x")
        client.socket.send(sender.protect_rtp(packet))
        client.socket.send(sender.protect_rtcp(report))
        await until(lambda: bool(handler.rtp and handler.rtcp))
        assert (handler.rtp, handler.rtcp) == ([packet], [report])
        assert peer.send_rtp(packet)
        assert receiver.unprotect_rtp(await client.receive()) == packet
        assert peer.send_rtcp(report)
        assert receiver.unprotect_rtcp(await client.receive()) == report
        assert handler.states == [(PeerState.CONNECTING, ""), (PeerState.CONNECTED, "")]


async def test_an_ipv6_socket_serves_ipv4_and_tells_the_plain_address() -> None:
    async with opened("::") as endpoint:
        client = Client(endpoint, "127.0.0.1")
        peer, _ = register(endpoint, client)
        client.check(peer)
        response = reference.parse_message(await client.receive())
        assert response.attributes["XOR-MAPPED-ADDRESS"] == client.socket.getsockname()


async def test_before_a_valid_check_nothing_is_answered() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, handler = register(endpoint, client)
        client.dtls.start()
        for datagram in client.dtls.take():
            client.socket.send(datagram)
        client.check(peer, password="not the password")
        client.socket.send(b"\x80" + bytes(40))
        client.socket.send(secrets.token_bytes(100))
        assert await silence(client)
        assert handler.states == []
        assert endpoint.stats.stun_rejected >= 1
        assert endpoint.stats.unknown_source >= 2


async def test_a_check_for_another_remote_ufrag_is_not_answered() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, _ = register(endpoint, client)
        name = f"{peer.ufrag}:somebody"
        client.socket.send(stun.binding_request(bytes(12), name, peer.pwd.encode()))
        assert await silence(client)


async def test_dtls_from_an_unchecked_address_does_not_reach_a_checked_peer() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, handler = register(endpoint, client)
        await client.checked(peer)
        other = client.new_socket()
        client.dtls.start()
        for datagram in client.dtls.take():
            other.send(datagram)
        assert await silence(client, other)
        assert handler.states == [(PeerState.CONNECTING, "")]


async def test_a_client_that_moves_to_another_address_goes_on_there() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, handler = register(endpoint, client)
        await client.connect(peer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        assert client.dtls.keys is not None
        moved = client.new_socket()
        await client.checked(peer, moved, nominate=False)
        assert peer.address == client.socket.getsockname(), "the old path is alive: it stays"
        await client.checked(peer, moved, nominate=True)
        assert peer.address == moved.getsockname()
        packet = b"\x80\x60\x00\x01" + bytes(8) + b"picture"
        peer.send_rtp(packet)
        assert client.dtls.keys.receiver().unprotect_rtp(await client.receive(moved)) == packet
        moved.send(client.dtls.keys.sender().protect_rtp(packet))
        await until(lambda: handler.rtp == [packet])
        assert peer.stats.rebinds == 1


async def test_paths_of_one_peer_are_bounded() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, _ = register(endpoint, client)
        sockets = [client.new_socket() for _ in range(MAX_PATHS)]
        for sock in sockets:
            await client.checked(peer, sock)
        last = client.new_socket()
        client.check(peer, last)
        assert await silence(client, last)
        assert len(peer.paths) == MAX_PATHS


async def test_the_wrong_certificate_closes_the_peer_with_a_reason() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        handler = Handler()
        peer = endpoint.register(Remote(UFRAG, (Certificate().fingerprint,)), handler)
        await client.checked(peer)
        client.dtls.start()
        for _ in range(2):
            for datagram in client.dtls.take():
                client.socket.send(datagram)
            client.dtls.receive(await client.receive())
        for datagram in client.dtls.take():
            client.socket.send(datagram)
        await until(lambda: peer.state is PeerState.CLOSED)
        assert handler.states[-1] == (PeerState.CLOSED, CloseReason.DTLS_FAILED)
        assert endpoint.peers == 0


async def test_a_peer_that_never_connects_is_closed() -> None:
    async with opened(connect_timeout_s=1.0) as endpoint:
        client = Client(endpoint)
        idle, _ = register(endpoint, client)
        half, handler = register(endpoint, client)
        await client.checked(half)
        await until(lambda: endpoint.peers == 0)
        assert idle.close_reason == half.close_reason == CloseReason.TIMEOUT
        assert handler.states[-1] == (PeerState.CLOSED, "timeout")


async def test_a_peer_without_consent_is_closed_though_it_sends() -> None:
    async with opened(consent_timeout_s=1.5) as endpoint:
        client = Client(endpoint)
        peer, _ = register(endpoint, client)
        await client.connect(peer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        while peer.state is PeerState.CONNECTED:
            client.socket.send(b"\x80" + bytes(40))
            await asyncio.sleep(0.02)
        assert peer.close_reason == CloseReason.SILENT


async def test_close_notify_of_the_client_closes_at_once_and_ours_reaches_it() -> None:
    async with opened() as endpoint:
        first, second = Client(endpoint), Client(endpoint)
        (one, _), (two, handler) = register(endpoint, first), register(endpoint, second)
        await first.connect(one)
        await second.connect(two)
        first.dtls.close()
        for datagram in first.dtls.take():
            first.socket.send(datagram)
        await until(lambda: one.state is PeerState.CLOSED)
        assert one.close_reason == CloseReason.REMOTE
        await until(lambda: two.state is PeerState.CONNECTED)
        two.close("kicked")
        two.close("again")
        while second.dtls.state is not DtlsState.CLOSED:
            second.dtls.receive(await second.receive())
        assert handler.states[-1] == (PeerState.CLOSED, "kicked")
        assert [s for s, _ in handler.states].count(PeerState.CLOSED) == 1


async def test_peers_are_bounded_and_a_place_is_free_again_after_closing() -> None:
    async with opened(max_peers=2) as endpoint:
        client = Client(endpoint)
        one, _ = register(endpoint, client)
        register(endpoint, client)
        with pytest.raises(EndpointFull) as raised:
            register(endpoint, client)
        assert (raised.value.code, raised.value.status) == ("no_room", 503)
        one.close("over")
        register(endpoint, client)
        assert endpoint.stats.refused == 1


async def test_a_taken_port_gives_one_clear_line() -> None:
    async with opened() as endpoint:
        with pytest.raises(CannotStart, match="WEBINAR_WHEP_UDP_PORT"):
            await Endpoint(setting="WEBINAR_WHEP_UDP_PORT").start("127.0.0.1", endpoint.port)


async def test_noise_does_not_disturb_a_connected_peer() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, handler = register(endpoint, client)
        await client.connect(peer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        for length in (*range(1, 60), 1200, 1500, 4000):
            for first in (0, 1, 20, 22, 63, 64, 128, 144, 191, 255):
                client.socket.send(bytes([first]) + secrets.token_bytes(length - 1))
            await asyncio.sleep(0)
        assert client.dtls.keys is not None
        packet = b"\x80\x60\x00\x01" + bytes(8) + b"picture"
        client.socket.send(client.dtls.keys.sender().protect_rtp(packet))
        await until(lambda: handler.rtp == [packet])
        assert peer.state is PeerState.CONNECTED


async def test_what_is_sent_between_frames_is_not_cut_as_they_are() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, _ = register(endpoint, client)
        await client.checked(peer)
        for segment in (100, 70):
            assert peer.send_segments(memoryview(bytes(250)), segment, -(-250 // segment))
            assert peer.send(bytes(230))
            lengths = [segment] * (250 // segment) + [250 % segment, 230]
            assert [len(await client.receive()) for _ in lengths] == lengths


async def test_when_the_kernel_takes_no_segments_the_path_gets_plain_sends() -> None:
    async with opened() as endpoint:
        first, second = Client(endpoint), Client(endpoint)
        (one, _), (two, _) = register(endpoint, first), register(endpoint, second)
        await first.checked(one)
        await second.checked(two)
        data = memoryview(bytes(range(200)) * 10)
        assert one.send_segments(data, 10, 200), "200 segments are more than a kernel takes in one call"
        assert [await first.receive() for _ in range(200)] == [bytes(data[n : n + 10]) for n in range(0, 2000, 10)]
        assert two.send_segments(data[:95], 10, 10)
        assert [len(await second.receive()) for _ in range(10)] == [10] * 9 + [5]
        assert endpoint.stats.plain_paths == (1 if endpoint.gso else 0), "the other path is as it was"
