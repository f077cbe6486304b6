"""Encoded units cut into RTP payloads once, laid out so that one system call sends them to one viewer.

H.264 by RFC 6184 packetization mode 1 (single NAL unit, STAP-A for parameter sets, FU-A), Opus by RFC 7587.
FU-A fragments of one NAL unit are equal but for the last, which may be shorter: that is the form UDP_SEGMENT needs.
Uneven fragments cost twice the CPU.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from webinar.base.rtc.srtp import TAG_LENGTH

HEADER_LENGTH: Final = 12
EXTENDED_LENGTH: Final = 20  # with one header extension of three bytes (RFC 8285 section 4.2)
# 1,200-byte datagrams pass every path that IPv6 may take; 2 bytes are kept for RTX's original sequence number.
MAX_PAYLOAD: Final = 1200 - EXTENDED_LENGTH - TAG_LENGTH - 2
MAX_SEGMENTS: Final = 64  # UDP_MAX_SEGMENTS of older kernels
SLICE: Final = 16  # packets that are sent at once, see `pacer`
MAX_SLICES: Final = 5  # of a frame: a larger one has larger slices
MAX_RUN: Final = 65_000  # an IPv4 datagram before it is cut is at most 65,507 bytes
VERSION: Final = 0x8000
EXTENSION: Final = 0x1000
MARKER: Final = 0x0080
_IDR, _SEI, _SPS, _PPS, _AUD, _END_SEQ, _END_STREAM, _FILLER = 5, 6, 7, 8, 9, 10, 11, 12
_LEFT_OUT: Final = frozenset({_SEI, _AUD, _END_SEQ, _END_STREAM, _FILLER})
_STAP_A: Final = 24
_FU_A: Final = 28
_FORBIDDEN_AND_NRI: Final = 0xE0

NONCE_LENGTH: Final = 12

# Payload, offset of the nonce, nonce, header, sealed payload.
Slot = tuple[bytes, int, memoryview, memoryview, memoryview]


@dataclass(frozen=True, slots=True)
class Run:
    """Packets that lie one after the other in the send buffer, all `segment` bytes but the last.

    The slots are the last packet's first: in that order they must be sealed. A packet's nonce lies right before its
    header, so that one call writes both, and there it takes the end of the packet before, which is sealed next.
    """

    slots: tuple[Slot, ...]
    view: memoryview  # all of them
    segment: int
    size: int  # bytes of payload
    flags: int  # first two bytes of the headers, without the payload type
    last_flags: int  # of the last packet's


class Frame:
    """One unit as RTP payloads, shared by all its viewers. Lives as long as somebody may ask for it again."""

    __slots__ = ("_buffer", "count", "keyframe", "layouts", "marker", "payloads", "size", "ticks", "timestamp")

    def __init__(
        self, buffer: SendBuffer, ticks: int, payloads: tuple[bytes, ...], *, keyframe: bool, marker: bool
    ) -> None:
        self.ticks = ticks  # RTP timestamp before it is cut to 32 bits; never goes back within a rendition
        self.timestamp = ticks & 0xFFFFFFFF
        self.payloads = payloads
        self.count = len(payloads)
        self.keyframe = keyframe
        self.marker = marker
        self.size = sum(map(len, payloads))  # bytes of payload
        self._buffer = buffer
        self.layouts: Final[dict[int, tuple[Run, ...]]] = {}  # by length of the header, as `runs` made them

    def runs(self, header_length: int) -> tuple[Run, ...]:
        """The frame laid out in the send buffer with RTP headers of that length."""
        layout = self.layouts.get(header_length)
        if layout is None:
            layout = self.layouts[header_length] = self._buffer.layout(self.payloads, header_length, self.marker)
        return layout


class SendBuffer:
    """The memory that packets are sealed into and sent from. One a process: sealing and sending do not yield."""

    def __init__(self) -> None:
        self.data: Final = bytearray(NONCE_LENGTH + MAX_RUN + 1500)
        self._view: Final = memoryview(self.data)

    def frame(self, ticks: int, payloads: Sequence[bytes], *, keyframe: bool = False, marker: bool = True) -> Frame:
        """A frame of payloads of at most `MAX_PAYLOAD` bytes each. `marker` sets it on the last (video)."""
        return Frame(self, ticks, tuple(payloads), keyframe=keyframe, marker=marker)

    def layout(self, payloads: Sequence[bytes], header_length: int, marker: bool) -> tuple[Run, ...]:
        """Where the packets lie: as few runs as UDP_SEGMENT allows. `header_length` 12 or 20."""
        version = VERSION | (EXTENSION if header_length > HEADER_LENGTH else 0)
        runs: list[Run] = []
        start = 0
        for stop in self._cuts(payloads, header_length + TAG_LENGTH):
            last_flags = version | (MARKER if marker and stop == len(payloads) else 0)
            runs.append(self._run(payloads[start:stop], version, last_flags, header_length))
            start = stop
        return tuple(runs)

    def _cuts(self, payloads: Sequence[bytes], overhead: int) -> Iterator[int]:
        """Where a run ends: after a packet smaller than its first, before a larger one, or when it is full."""
        start, most = 0, min(max(SLICE, -(-len(payloads) // MAX_SLICES)), MAX_SEGMENTS)
        for n in range(1, len(payloads) + 1):
            segment = len(payloads[start]) + overhead
            full = n - start >= min(most, MAX_RUN // segment)
            if (
                n == len(payloads)
                or full
                or len(payloads[n - 1]) < len(payloads[start])
                or len(payloads[n]) > len(payloads[start])
            ):
                yield n
                start = n

    def _run(self, payloads: Sequence[bytes], flags: int, last_flags: int, header_length: int) -> Run:
        slots: list[Slot] = []
        view, nonce = self._view, 0
        for payload in payloads:
            header = nonce + NONCE_LENGTH
            body = header + header_length
            end = body + len(payload) + TAG_LENGTH
            slots.append((payload, nonce, view[nonce:header], view[header:body], view[body:end]))
            nonce = end - NONCE_LENGTH
        segment, size = len(payloads[0]) + header_length + TAG_LENGTH, sum(map(len, payloads))
        return Run(tuple(reversed(slots)), view[NONCE_LENGTH : nonce + NONCE_LENGTH], segment, size, flags, last_flags)


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B access unit (H.264 Annex B), without start codes and trailing zeros."""
    units = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        start += 3
        end = data.find(b"\0\0\1", start)
        unit = (data[start:] if end < 0 else data[start:end]).rstrip(b"\0")
        if unit:
            units.append(unit)
        start = end
    return units


def fragments(unit: bytes) -> list[bytes]:
    """One NAL unit as one single-unit packet or as equal FU-A fragments (RFC 6184 sections 5.6 and 5.8)."""
    if len(unit) <= MAX_PAYLOAD:
        return [unit]
    indicator = unit[0] & _FORBIDDEN_AND_NRI | _FU_A
    kind = unit[0] & 0x1F
    length = len(unit) - 1
    count = -(-length // (MAX_PAYLOAD - 2))
    size = -(-length // count)
    parts = []
    for start in range(1, len(unit), size):
        end = start + size
        edge = (0x80 if start == 1 else 0) | (0x40 if end >= len(unit) else 0)
        parts.append(bytes((indicator, edge | kind)) + unit[start:end])
    return parts


class H264Packetizer:
    """Payloads of one rendition. Remembers its parameter sets, so that every IDR carries them."""

    def __init__(self) -> None:
        self._sets: tuple[bytes, ...] = ()

    def payloads(self, access_unit: bytes) -> list[bytes]:
        """RTP payloads of one Annex B access unit; empty when there is no picture in it."""
        units = [u for u in nal_units(access_unit) if u[0] & 0x1F not in _LEFT_OUT]
        sets = tuple(u for u in units if u[0] & 0x1F in (_SPS, _PPS))
        pictures = [u for u in units if u[0] & 0x1F not in (_SPS, _PPS)]
        if sets:
            self._sets = sets
        out: list[bytes] = []
        if sets or any(u[0] & 0x1F == _IDR for u in pictures):
            out += _aggregated(self._sets)
        for unit in pictures:
            out += fragments(unit)
        return out if pictures else []


def _aggregated(units: Sequence[bytes]) -> list[bytes]:
    """Small NAL units in one STAP-A (RFC 6184 section 5.7.1), or each for itself when they are too large for one."""
    if len(units) < 2 or 1 + sum(2 + len(u) for u in units) > MAX_PAYLOAD:
        return [part for unit in units for part in fragments(unit)]
    importance = max(u[0] & 0x60 for u in units)
    return [bytes((importance | _STAP_A,)) + b"".join(struct.pack("!H", len(u)) + u for u in units)]
