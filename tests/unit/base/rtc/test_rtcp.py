"""RTCP held against aiortc's reader and writer."""

from __future__ import annotations

import struct

from aiortc import rtp as reference
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc import rtcp

BLOCK = rtcp.ReportBlock(5, 0.25, -3, 70_000, 12, 99, 100)


def test_sender_and_receiver_reports_are_read_as_they_were_written() -> None:
    report = rtcp.SenderReport(1, rtcp.ntp_time(1_800_000_000.5), 2, 3, 4)
    found = rtcp.parse(rtcp.sender_report(report) + rtcp.source_description(1, "cname") + rtcp.goodbye([1, 2], "end"))
    assert found.sender_reports == (report,)
    assert found.goodbyes == (1, 2)
    assert rtcp.parse(rtcp.receiver_report(7, [BLOCK, BLOCK])).reports == (BLOCK, BLOCK)


def test_aiortc_reads_what_we_write() -> None:
    data = (
        rtcp.receiver_report(7, [BLOCK]) + rtcp.source_description(7, "me") + rtcp.goodbye([7], "the event has ended")
    )
    receiver, description, goodbye = reference.RtcpPacket.parse(data)
    assert isinstance(receiver, reference.RtcpRrPacket)
    assert (receiver.reports[0].fraction_lost, receiver.reports[0].packets_lost) == (64, -3)
    assert isinstance(description, reference.RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"me")]
    assert isinstance(goodbye, reference.RtcpByePacket)
    assert goodbye.sources == [7]
    (lost,) = reference.RtcpPacket.parse(rtcp.nack(1, 2, [65_530, 65_534, 3, 40]))
    assert isinstance(lost, reference.RtcpRtpfbPacket)
    assert [n & 0xFFFF for n in lost.lost] == [65_530, 65_534, 3, 40]
    (estimate,) = reference.RtcpPacket.parse(rtcp.remb(1, 4_000_000, [9]))
    assert isinstance(estimate, reference.RtcpPsfbPacket)
    bitrate, ssrcs = reference.unpack_remb_fci(estimate.fci)
    assert ssrcs == [9]
    assert 0 <= 4_000_000 - bitrate < 4_000_000 / 2**17


def test_we_read_what_aiortc_writes() -> None:
    nack = bytes(reference.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=[10, 12, 30]))
    pli = bytes(reference.RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=3))
    fir = bytes(reference.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=struct.pack("!II", 4, 0)))
    remb = bytes(reference.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=reference.pack_remb_fci(2_500_000, [2])))
    found = rtcp.parse(nack + pli + fir + remb)
    assert found.nacks == ((2, (10, 12, 30)),)
    assert found.keyframe_requests == (3, 4)
    assert found.bitrate is not None
    assert abs(found.bitrate - 2_500_000) < 20


def test_ntp_time_counts_from_1900_in_32_bit_fractions() -> None:
    assert rtcp.ntp_time(0.5) == 2_208_988_800 << 32 | 1 << 31


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=40, unique=True))
def test_every_lost_number_is_asked_for(sequences: list[int]) -> None:
    ((ssrc, found),) = rtcp.parse(rtcp.nack(1, 2, sequences)).nacks
    assert ssrc == 2
    assert set(found) == set(sequences)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    rtcp.parse(data)


@given(st.integers(200, 206), st.integers(0, 31), st.binary(max_size=120))
def test_any_body_of_a_known_type_is_read_without_an_error(kind: int, count: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    rtcp.parse(struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body)
