"""RTCP read and written (RFC 3550 section 6, RFC 4585, RFC 5104, REMB draft), as far as we use it. Pure.

`parse` never raises for what is inside a compound packet: RTCP is advice, and unknown or torn parts are passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

SR: Final = 200
RR: Final = 201
SDES: Final = 202
BYE: Final = 203
RTPFB: Final = 205
PSFB: Final = 206
_NTP_EPOCH: Final = 2_208_988_800  # s from 1900 to 1970
_REPORT: Final = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one of our streams (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: float  # 0..1, since its last report
    total_lost: int  # may be negative
    highest_sequence: int  # extended, 32 bits
    jitter: int  # in the stream's clock
    last_sr: int  # middle 32 bits of the NTP time of the last SR, 0 when none
    delay: int  # 1/65536 s since that SR


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The clock of one stream: at wall time `ntp` (64-bit NTP) its RTP timestamp was `rtp_timestamp`."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """Everything of interest in one compound packet."""

    sender_reports: tuple[SenderReport, ...] = ()
    reports: tuple[ReportBlock, ...] = ()
    nacks: tuple[tuple[int, tuple[int, ...]], ...] = ()  # (media SSRC, sequence numbers)
    keyframe_requests: tuple[int, ...] = ()  # media SSRCs of PLI and FIR
    bitrate: int | None = None  # bit/s, of REMB
    goodbyes: tuple[int, ...] = ()  # SSRCs


def ntp_time(wall_s: float) -> int:
    """Seconds since 1970 as a 64-bit NTP time."""
    whole = int(wall_s)
    return (whole + _NTP_EPOCH & 0xFFFFFFFF) << 32 | int((wall_s - whole) * (1 << 32)) & 0xFFFFFFFF


def parse(packet: bytes) -> Feedback:
    """Read a compound packet."""
    found = _Collector()
    position = 0
    while position + 4 <= len(packet):
        head, kind, words = struct.unpack_from("!BBH", packet, position)
        end = position + 4 + 4 * words
        if head >> 6 != 2 or end > len(packet):
            break
        found.take(kind, head & 0x1F, packet[position + 4 : end])
        position = end
    return found.result()


class _Collector:
    """Gathers the parts of one compound packet."""

    def __init__(self) -> None:
        self._sender_reports: list[SenderReport] = []
        self._reports: list[ReportBlock] = []
        self._nacks: list[tuple[int, tuple[int, ...]]] = []
        self._keyframes: list[int] = []
        self._bitrate: int | None = None
        self._goodbyes: list[int] = []

    def take(self, kind: int, count: int, body: bytes) -> None:
        if kind == SR and len(body) >= 24:
            self._sender_reports.append(SenderReport(*struct.unpack_from("!IQIII", body)))
            self._blocks(body[24:], count)
        elif kind == RR and len(body) >= 4:
            self._blocks(body[4:], count)
        elif kind == BYE:
            self._goodbyes += struct.unpack_from(f"!{min(count, len(body) // 4)}I", body)
        elif kind == RTPFB and count == 1 and len(body) >= 12:
            (ssrc,) = struct.unpack_from("!I", body, 4)
            self._nacks.append((ssrc, tuple(_lost(body[8:]))))
        elif kind == PSFB and len(body) >= 8:
            self._payload_feedback(count, body)

    def result(self) -> Feedback:
        return Feedback(
            tuple(self._sender_reports),
            tuple(self._reports),
            tuple(self._nacks),
            tuple(self._keyframes),
            self._bitrate,
            tuple(self._goodbyes),
        )

    def _blocks(self, data: bytes, count: int) -> None:
        for start in range(0, min(count * 24, len(data) - 23), 24):
            ssrc, lost, highest, jitter, last_sr, delay = _REPORT.unpack_from(data, start)
            total = lost & 0xFFFFFF
            if total & 0x800000:
                total -= 1 << 24
            self._reports.append(ReportBlock(ssrc, (lost >> 24) / 256, total, highest, jitter, last_sr, delay))

    def _payload_feedback(self, fmt: int, body: bytes) -> None:
        if fmt == 1:
            self._keyframes += struct.unpack_from("!I", body, 4)
        elif fmt == 4:
            self._keyframes += [struct.unpack_from("!I", body, at)[0] for at in range(8, len(body) - 7, 8)]
        elif fmt == 15 and body[8:12] == b"REMB" and len(body) >= 16:
            (word,) = struct.unpack_from("!I", body, 12)
            self._bitrate = (word & 0x3FFFF) << (word >> 18 & 0x3F)


def _lost(data: bytes) -> Iterable[int]:
    """Sequence numbers of generic NACK entries (RFC 4585 section 6.2.1)."""
    for start in range(0, len(data) - 3, 4):
        first, mask = struct.unpack_from("!HH", data, start)
        yield first
        for bit in range(16):
            if mask >> bit & 1:
                yield (first + bit + 1) & 0xFFFF


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(report: SenderReport) -> bytes:
    """An SR without report blocks."""
    return _packet(
        SR,
        0,
        struct.pack(
            "!IQIII",
            report.ssrc,
            report.ntp,
            report.rtp_timestamp & 0xFFFFFFFF,
            report.packets & 0xFFFFFFFF,
            report.octets & 0xFFFFFFFF,
        ),
    )


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """An RR, at most 31 blocks."""
    body = struct.pack("!I", ssrc)
    for b in blocks[:31]:
        lost = min(max(b.total_lost, -0x800000), 0x7FFFFF) & 0xFFFFFF | min(int(b.fraction_lost * 256), 255) << 24
        body += _REPORT.pack(b.ssrc, lost, b.highest_sequence, b.jitter, b.last_sr, b.delay)
    return _packet(RR, min(len(blocks), 31), body)


def source_description(ssrc: int, cname: str) -> bytes:
    """An SDES with the CNAME, which a compound packet must have."""
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    return _packet(SDES, 1, chunk + bytes(-len(chunk) % 4))


def goodbye(ssrcs: Sequence[int], reason: str = "") -> bytes:
    """A BYE with its reason as text."""
    body = struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    if reason:
        text = reason.encode()[:255]
        body += bytes([len(text)]) + text
    return _packet(BYE, len(ssrcs), body + bytes(-len(body) % 4))


def nack(ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """A generic NACK for up to some hundred sequence numbers, given in order."""
    entries = b""
    pending = list(sequences)
    while pending:
        first = pending.pop(0)
        mask = 0
        while pending and 1 <= (pending[0] - first & 0xFFFF) <= 16:
            mask |= 1 << (pending.pop(0) - first & 0xFFFF) - 1
        entries += struct.pack("!HH", first, mask)
    return _packet(RTPFB, 1, struct.pack("!II", ssrc, media_ssrc) + entries)


def picture_loss(ssrc: int, media_ssrc: int) -> bytes:
    """A PLI."""
    return _packet(PSFB, 1, struct.pack("!II", ssrc, media_ssrc))


def remb(ssrc: int, bitrate: int, media_ssrcs: Sequence[int]) -> bytes:
    """Receiver estimated maximum bitrate in bit/s."""
    exponent = max(0, bitrate.bit_length() - 18)
    word = len(media_ssrcs) << 24 | exponent << 18 | bitrate >> exponent
    body = struct.pack("!II4sI", ssrc, 0, b"REMB", word) + struct.pack(f"!{len(media_ssrcs)}I", *media_ssrcs)
    return _packet(PSFB, 15, body)
