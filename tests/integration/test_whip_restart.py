"""ICE restarts and DTLS roles of a presenter, on real sockets with our own client side."""

from __future__ import annotations

import secrets

import pytest

from tests.integration.test_whep_endpoint import Client, Handler, opened, silence
from tests.waiting import until
from webinar.base.rtc import Certificate, EndpointFull, PeerState, Remote, stun
from webinar.base.rtc.dtls import Dtls, DtlsState
from webinar.base.rtc.peer import Peer

UFRAG, NEW = "theirs", "theirs2"


def request(peer: Peer, theirs: str) -> bytes:
    """A check with the credentials that the peer has now."""
    name = f"{peer.ufrag}:{theirs}"
    return stun.binding_request(secrets.token_bytes(12), name, peer.pwd.encode(), use_candidate=True)


async def test_after_a_restart_the_old_checks_hold_until_the_first_new_one() -> None:
    async with opened() as endpoint:
        client, handler = Client(endpoint), Handler()
        peer = endpoint.register(Remote(UFRAG, (client.certificate.fingerprint,)), handler)
        await client.connect(peer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        while not await silence(client):  # what is left of the handshake
            pass
        old = [request(peer, UFRAG) for _ in range(2)]
        peer.restart(NEW)
        assert endpoint.peers == 1
        new = request(peer, NEW)

        client.socket.send(old[0])
        assert (await client.receive())[0] < 4, "the old path lives on meanwhile"
        moved = client.new_socket()
        moved.send(new)
        assert (await client.receive(moved))[0] < 4
        await until(lambda: peer.address is not None and peer.address[1] == moved.getsockname()[1])
        client.socket.send(old[1])
        assert await silence(client)
        assert peer.state is PeerState.CONNECTED
        assert [state for state, _ in handler.states] == [PeerState.CONNECTING, PeerState.CONNECTED]
        peer.restart("theirs3")
        peer.restart("theirs4")
        assert len(peer.ufrags) == 2
        peer.close("over")
        assert endpoint.peers == 0
        assert (await client.receive(moved))[0] >= 20, "close_notify"
        moved.send(new)
        assert await silence(client, moved)
        client.socket.close()
        moved.close()


async def test_restarts_take_no_seats() -> None:
    async with opened(max_peers=2) as endpoint:
        client = Client(endpoint)
        remote = Remote(UFRAG, (client.certificate.fingerprint,))
        endpoint.register(remote, Handler()).restart(NEW)
        endpoint.register(remote, Handler())
        assert endpoint.stats.refused == 0
        with pytest.raises(EndpointFull):
            endpoint.register(remote, Handler())
        client.socket.close()


async def test_who_offers_to_be_the_dtls_server_is_called_by_us() -> None:
    async with opened() as endpoint:
        client, handler = Client(endpoint), Handler()
        certificate = Certificate()
        server = Dtls(certificate, [endpoint.certificate.fingerprint])
        peer = endpoint.register(Remote(UFRAG, (certificate.fingerprint,), dtls_client=False), handler)
        client.check(peer)
        while server.state is not DtlsState.CONNECTED:
            datagram = await client.receive()
            if datagram[0] < 4:
                continue
            server.receive(datagram)
            for answer in server.take():
                client.socket.send(answer)
        await until(lambda: peer.state is PeerState.CONNECTED)
        assert server.keys is not None
        assert peer.sender is not None
        rtp = peer.sender.protect_rtp(b"\x80\x60\0\1" + bytes(8) + b"payload")
        assert server.keys.receiver().unprotect_rtp(rtp)[12:] == b"payload"
        back = server.keys.sender().protect_rtp(b"\x80\x60\0\1" + bytes(8) + b"media")
        client.socket.send(back)
        await until(lambda: len(handler.rtp) == 1)
        assert handler.rtp[0][12:] == b"media"
        client.socket.close()
