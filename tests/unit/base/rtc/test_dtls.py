"""DTLS between our server and our client side, and what must make it fail."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webinar.base.rtc.dtls import Certificate, Dtls, DtlsState, Fingerprint, split_records
from webinar.base.rtc.errors import DtlsError
from webinar.base.rtc.srtp import AES_128_CM, AES_128_GCM, AES_256_GCM, PROFILES, Profile

OURS, THEIRS = Certificate(), Certificate()


def pair(client: Certificate = THEIRS, expected: Fingerprint | None = None) -> tuple[Dtls, Dtls]:
    """(client, server); the server expects the client's certificate, or `expected`."""
    server = Dtls(OURS, [expected or client.fingerprint])
    return Dtls(client, [OURS.fingerprint], server=False), server


def shake(client: Dtls, server: Dtls, rounds: int = 6) -> None:
    client.start()
    for _ in range(rounds):
        for datagram in client.take():
            server.receive(datagram)
        for datagram in server.take():
            client.receive(datagram)


def again(dtls: Dtls) -> list[bytes]:
    """What is sent when the association's own timer is over, a second at first."""
    wait = dtls.timeout()
    assert wait is not None
    while wait:
        time.sleep(wait)
        wait = dtls.timeout()
    dtls.expired()
    return dtls.take()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.openssl_name.decode())
def test_both_sides_get_the_same_keys_crosswise(profile: Profile) -> None:
    client, server = pair(Certificate([profile]))
    shake(client, server)
    assert client.state is server.state is DtlsState.CONNECTED
    assert client.keys is not None
    assert server.keys is not None
    assert server.keys.profile is profile
    assert (client.keys.local, client.keys.remote) == (server.keys.remote, server.keys.local)


def test_gcm_is_chosen_when_the_peer_can_do_everything() -> None:
    client, server = pair(Certificate([AES_128_CM, AES_256_GCM, AES_128_GCM]))
    shake(client, server)
    assert server.keys is not None
    assert server.keys.profile.gcm


def test_a_certificate_that_is_not_in_the_sdp_fails() -> None:
    client, server = pair(expected=Certificate().fingerprint)
    with pytest.raises(DtlsError, match="not the one in its SDP"):
        shake(client, server)
    assert server.state is DtlsState.CLOSED
    assert server.keys is None


def test_a_fingerprint_of_an_unknown_algorithm_alone_fails() -> None:
    client, server = pair(expected=Fingerprint("md5", "00:11"))
    with pytest.raises(DtlsError):
        shake(client, server)


def test_a_lost_flight_is_sent_again_when_its_time_is_over() -> None:
    client, server = pair()
    client.start()
    client.take()  # lost
    assert server.timeout() is None
    for datagram in again(client):
        server.receive(datagram)
    assert server.take()


def test_a_lost_last_flight_is_repeated_on_the_peers_repetition() -> None:
    client, server = pair()
    client.start()
    for datagram in client.take():
        server.receive(datagram)
    for datagram in server.take():
        client.receive(datagram)
    for datagram in client.take():
        server.receive(datagram)
    server.take()  # lost
    assert server.state is DtlsState.CONNECTED
    for datagram in again(client):
        server.receive(datagram)
    for datagram in server.take():
        client.receive(datagram)
    assert client.state is DtlsState.CONNECTED


def test_closing_tells_the_other_side() -> None:
    client, server = pair()
    shake(client, server)
    server.close()
    for datagram in server.take():
        client.receive(datagram)
    assert client.state is DtlsState.CLOSED
    assert client.timeout() is None


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6))
@settings(max_examples=60)
def test_any_bytes_break_nothing_but_the_handshake(datagrams: list[bytes]) -> None:
    _, server = pair()
    for datagram in datagrams:
        try:
            server.receive(datagram)
        except DtlsError:
            return
        assert sum(map(len, server.take())) <= 1200


@given(st.lists(st.integers(1, 1100), min_size=1, max_size=12))
def test_a_flight_is_cut_between_records_into_datagrams_that_fit(sizes: list[int]) -> None:
    records = [struct.pack("!BHHIHH", 22, 0xFEFD, 0, 0, n, size) + bytes(size) for n, size in enumerate(sizes)]
    datagrams = split_records(b"".join(records))
    assert b"".join(datagrams) == b"".join(records)
    assert all(len(d) <= 1200 for d in datagrams)
    assert all(d[0] == 22 for d in datagrams)


@given(st.binary(max_size=4000))
def test_cutting_loses_no_byte_of_whatever_it_is_given(flight: bytes) -> None:
    assert b"".join(split_records(flight)) == flight
