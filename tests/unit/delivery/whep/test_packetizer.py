"""Payloads read back by aiortc's depacketizer, and the layout that one GSO send needs."""

from __future__ import annotations

from aiortc.codecs.h264 import H264PayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc.srtp import TAG_LENGTH
from webinar.delivery.whep.packetizer import (
    EXTENDED_LENGTH,
    HEADER_LENGTH,
    MAX_PAYLOAD,
    MAX_RUN,
    MAX_SEGMENTS,
    NONCE_LENGTH,
    H264Packetizer,
    SendBuffer,
    fragments,
    nal_units,
)

SPS, PPS, SEI, AUD = b"\x67\x42\xc0\x1f\x11", b"\x68\xce\x3c\x80", b"\x06\x05\x01\x80", b"\x09\x10"


def annex_b(*units: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + u for u in units)


def idr(length: int) -> bytes:
    return b"\x65" + bytes(1 + n % 255 for n in range(length))


def depacketized(payloads: list[bytes]) -> bytes:
    return b"".join(H264PayloadDescriptor.parse(p)[1] for p in payloads)


def test_nal_units_are_found_by_both_start_codes() -> None:
    assert nal_units(b"\0\0\0\1" + SPS + b"\0\0\1" + PPS + b"\0\0\0\1" + idr(9) + b"\0\0") == [SPS, PPS, idr(9)]
    assert nal_units(b"no start code") == []


def test_a_keyframe_is_its_parameter_sets_in_one_packet_and_equal_fragments() -> None:
    payloads = H264Packetizer().payloads(annex_b(AUD, SPS, PPS, SEI, idr(30_000)))
    assert payloads[0][0] & 0x1F == 24
    assert {p[0] & 0x1F for p in payloads[1:]} == {28}
    assert len({len(p) for p in payloads[1:-1]}) == 1
    assert depacketized(payloads) == annex_b(SPS, PPS, idr(30_000))


def test_parameter_sets_that_come_once_are_repeated_before_every_idr() -> None:
    packetizer = H264Packetizer()
    packetizer.payloads(annex_b(SPS, PPS, idr(10)))
    assert depacketized(packetizer.payloads(annex_b(idr(20)))) == annex_b(SPS, PPS, idr(20))
    assert depacketized(packetizer.payloads(annex_b(b"\x41" + b"p" * 20))) == annex_b(b"\x41" + b"p" * 20)


def test_a_unit_without_a_picture_gives_nothing() -> None:
    assert H264Packetizer().payloads(annex_b(AUD, SPS, PPS, SEI)) == []
    assert H264Packetizer().payloads(b"") == []


@given(st.integers(1, 70_000))
def test_fragments_are_equal_but_for_a_shorter_last_one_and_fit(length: int) -> None:
    unit = idr(length)
    parts = fragments(unit)
    assert all(len(p) <= MAX_PAYLOAD for p in parts)
    assert len({len(p) for p in parts[:-1]}) <= 1
    assert len(parts[-1]) <= len(parts[0])
    assert len(parts) <= 1 + length // (MAX_PAYLOAD - 2)
    assert depacketized(parts) == annex_b(unit)


@given(
    st.lists(st.integers(1, MAX_PAYLOAD), min_size=1, max_size=200), st.sampled_from([HEADER_LENGTH, EXTENDED_LENGTH])
)
def test_a_run_is_what_udp_segment_can_send_and_no_packet_is_forgotten(sizes: list[int], head: int) -> None:
    payloads = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    buffer = SendBuffer()
    frame = buffer.frame(1, payloads)
    runs = frame.runs(head)
    assert [slot[0] for run in runs for slot in reversed(run.slots)] == payloads
    assert not any(run.flags & 0x80 for run in runs)
    assert [bool(run.last_flags & 0x80) for run in runs] == [run is runs[-1] for run in runs]
    for run in runs:
        assert len(run.slots) <= MAX_SEGMENTS
        assert len(run.view) <= MAX_RUN
        lengths = [len(payload) + head + TAG_LENGTH for payload, *_ in reversed(run.slots)]
        assert all(length == run.segment for length in lengths[:-1])
        assert lengths[-1] <= run.segment
        assert sum(lengths) == len(run.view)
        for n, (payload, offset, nonce, header, sealed) in enumerate(reversed(run.slots)):
            assert offset == n * run.segment, "the nonce lies in the tag of the packet before"
            assert len(nonce) == NONCE_LENGTH < TAG_LENGTH
            assert len(header) == head
            assert len(sealed) == len(payload) + TAG_LENGTH


def test_an_ordinary_frame_is_one_run() -> None:
    assert (
        len(SendBuffer().frame(0, H264Packetizer().payloads(annex_b(b"\x41" + b"x" * 7000))).runs(HEADER_LENGTH)) == 1
    )


def test_sound_carries_no_marker() -> None:
    (run,) = SendBuffer().frame(0, [b"opus"], marker=False).runs(HEADER_LENGTH)
    assert run.last_flags == 0x8000
