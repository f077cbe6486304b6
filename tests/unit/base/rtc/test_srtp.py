"""Our SRTP held against libsrtp, both ways, over sequence wraps and rollovers."""

from __future__ import annotations

import struct
from typing import Any

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc.errors import SrtpError
from webinar.base.rtc.srtp import AES_128_CM, AES_128_GCM, AES_256_GCM, KeyPair, Profile, header_length

PROFILES = pytest.mark.parametrize(
    "profile", [AES_128_GCM, AES_256_GCM, AES_128_CM], ids=lambda p: p.openssl_name.decode()
)
SSRC = 0xCAFEBABE


def keys(profile: Profile, *, server: bool = True) -> KeyPair:
    length = 2 * (profile.key_length + profile.salt_length)
    return KeyPair.split(profile, bytes(n * 7 % 256 for n in range(length)), server=server)


def libsrtp(profile: Profile, master: bytes, direction: int) -> Any:
    policy = pylibsrtp.Policy(key=master, ssrc_type=direction, srtp_profile=profile.libsrtp)
    return pylibsrtp.Session(policy)


def inbound(profile: Profile) -> Any:
    return libsrtp(profile, keys(profile).local, pylibsrtp.Policy.SSRC_ANY_INBOUND)


def outbound(profile: Profile) -> Any:
    return libsrtp(profile, keys(profile).remote, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)


def packet(sequence: int, payload: bytes = b"payload", ssrc: int = SSRC) -> bytes:
    return struct.pack("!BBHII", 0x80, 96, sequence & 0xFFFF, 1234, ssrc) + payload


def with_extension(sequence: int, payload: bytes) -> bytes:
    head = struct.pack("!BBHII", 0x92, 96, sequence, 1, SSRC) + bytes(8)  # two CSRCs
    return head + struct.pack("!HH", 0xBEDE, 1) + b"\x10\x00\x00\x00" + payload


def report(ssrc: int = SSRC) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc) + struct.pack("!BBHI", 0x81, 202, 2, ssrc) + b"\x01\x01a\x00"


@PROFILES
def test_what_we_protect_libsrtp_opens_over_two_rollovers(profile: Profile) -> None:
    sender, other = keys(profile).sender(), inbound(profile)
    for n in range(30_000, 30_000 + 3 * 65_536, 997):
        plain = packet(n, n.to_bytes(4, "big") * 20)
        assert other.unprotect(sender.protect_rtp(plain)) == plain


@PROFILES
def test_what_libsrtp_protects_we_open_over_two_rollovers(profile: Profile) -> None:
    receiver, other = keys(profile).receiver(), outbound(profile)
    for n in range(65_000, 65_000 + 2 * 65_536, 499):
        plain = packet(n, n.to_bytes(4, "big"))
        assert receiver.unprotect_rtp(other.protect(plain)) == plain


@PROFILES
def test_header_extensions_and_contributing_sources_stay_readable(profile: Profile) -> None:
    plain = with_extension(7, b"x" * 100)
    assert header_length(plain) == 28
    protected = keys(profile).sender().protect_rtp(plain)
    assert protected[:28] == plain[:28]
    assert inbound(profile).unprotect(protected) == plain
    assert keys(profile).receiver().unprotect_rtp(outbound(profile).protect(plain)) == plain


@PROFILES
def test_rtcp_goes_both_ways(profile: Profile) -> None:
    sender, receiver = keys(profile).sender(), keys(profile).receiver()
    theirs_in, theirs_out = inbound(profile), outbound(profile)
    for _ in range(5):
        assert theirs_in.unprotect_rtcp(sender.protect_rtcp(report())) == report()
        assert receiver.unprotect_rtcp(theirs_out.protect_rtcp(report())) == report()


@PROFILES
def test_a_packet_sent_again_is_the_same_and_opens_late(profile: Profile) -> None:
    sender, other = keys(profile).sender(), inbound(profile)
    plains = [packet(65_530 + n, bytes([n])) for n in range(12)]
    protected = [sender.protect_rtp(p) for p in plains]
    again = sender.protect_at(plains[2], 65_532)
    assert again == protected[2]
    for n, data in enumerate(protected):
        if n != 2:
            other.unprotect(data)
    assert other.unprotect(again) == plains[2]


@PROFILES
def test_replays_are_refused_and_late_packets_taken(profile: Profile) -> None:
    receiver, other = keys(profile).receiver(), outbound(profile)
    protected = [other.protect(packet(65_500 + n)) for n in range(100)]
    late = protected.pop(10)
    for data in protected:
        receiver.unprotect_rtp(data)
    receiver.unprotect_rtp(late)
    for data in (late, protected[0], protected[-1]):
        with pytest.raises(SrtpError):
            receiver.unprotect_rtp(data)
    control = other.protect_rtcp(report())
    receiver.unprotect_rtcp(control)
    with pytest.raises(SrtpError):
        receiver.unprotect_rtcp(control)


@PROFILES
def test_sources_do_not_share_rollovers(profile: Profile) -> None:
    receiver, other = keys(profile).receiver(), outbound(profile)
    for n in range(65_530, 65_545):
        for ssrc in (1, 2, 3):
            plain = packet(n if ssrc == 1 else n + 100, ssrc=ssrc)
            assert receiver.unprotect_rtp(other.protect(plain)) == plain


def test_a_forged_packet_opens_no_source_and_moves_no_rollover() -> None:
    receiver, other = keys(AES_128_GCM).receiver(), outbound(AES_128_GCM)
    receiver.unprotect_rtp(other.protect(packet(65_000)))
    for n in range(500):
        with pytest.raises(SrtpError):
            receiver.unprotect_rtp(packet(n, b"x" * 30, ssrc=SSRC if n % 2 else n))
    assert receiver.unprotect_rtp(other.protect(packet(65_001))) == packet(65_001)
    for ssrc in range(63):  # the bound on sources is for authentic ones
        receiver.unprotect_rtp(other.protect(packet(1, ssrc=ssrc)))
    with pytest.raises(SrtpError, match="too many"):
        receiver.unprotect_rtp(other.protect(packet(1, ssrc=99_999)))


def test_client_and_server_cut_the_keying_material_to_match() -> None:
    assert keys(AES_256_GCM).local == keys(AES_256_GCM, server=False).remote
    assert keys(AES_256_GCM).remote == keys(AES_256_GCM, server=False).local


@PROFILES
@given(data=st.binary(max_size=120))
def test_any_bytes_are_refused_without_another_error(profile: Profile, data: bytes) -> None:
    receiver = keys(profile).receiver()
    for function in (receiver.unprotect_rtp, receiver.unprotect_rtcp):
        with pytest.raises(SrtpError):
            function(data)
