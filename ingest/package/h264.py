"""H.264 byte streams (ITU-T H.264 annex B) to what MP4 wants (ISO/IEC 14496-15), and the codec's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_START: Final = b"\x00\x00\x01"
_IDR: Final = 5
_SPS: Final = 7
_PPS: Final = 8
# Parameter sets stand in the sample entry ("avc1" forbids them in samples); delimiters and the encoder's SEI carry
# nothing that a player needs.
_NOT_IN_SAMPLES: Final = frozenset({6, _SPS, _PPS, 9, 12})


def split(data: bytes) -> list[bytes]:
    """The NAL units of an access unit in Annex B form, without start codes."""
    units: list[bytes] = []
    start = data.find(_START)
    while start >= 0:
        start += 3
        end = data.find(_START, start)
        # A 4-byte start code leaves its first zero, and trailing_zero_8bits may follow: a NAL unit never ends in zero.
        unit = (data[start:] if end < 0 else data[start:end]).rstrip(b"\x00")
        if unit:
            units.append(unit)
        start = end
    return units


def unit_type(unit: bytes) -> int:
    """`nal_unit_type` of 7.3.1."""
    return unit[0] & 0x1F


def is_idr(units: Iterable[bytes]) -> bool:
    """Whether the access unit is an IDR picture."""
    return any(unit_type(unit) == _IDR for unit in units)


def parameter_sets(units: Iterable[bytes]) -> tuple[bytes, bytes] | None:
    """The first SPS and PPS among the units, or None when one of them is missing."""
    sps = pps = b""
    for unit in units:
        if unit_type(unit) == _SPS and not sps:
            sps = unit
        elif unit_type(unit) == _PPS and not pps:
            pps = unit
    return (sps, pps) if sps and pps else None


def codec_string(sps: bytes) -> str:
    """RFC 6381 name of the profile, constraints and level of an SPS: "avc1.42c01f"."""
    return f"avc1.{sps[1]:02x}{sps[2]:02x}{sps[3]:02x}"


def to_sample(units: Iterable[bytes]) -> bytes:
    """The access unit with 4-byte lengths instead of start codes, without what may not stand in an `avc1` sample."""
    pieces: list[bytes] = []
    for unit in units:
        if unit_type(unit) not in _NOT_IN_SAMPLES:
            pieces.append(len(unit).to_bytes(4, "big"))
            pieces.append(unit)
    return b"".join(pieces)


def whole(sample: bytes) -> bool:
    """Whether a sample may be what was written: false for what a power cut left as zeros, in whole or in part.

    The lengths add up, and no NAL unit ends in zero or holds three zeros in a row (7.4.1).
    """
    at = 0
    while at + 4 < len(sample):
        length = int.from_bytes(sample[at : at + 4], "big")
        unit = sample[at + 4 : at + 4 + length]
        if not unit or not unit[-1] or b"\0\0\0" in unit:
            return False
        at += 4 + length
    return at == len(sample) and at > 0


def configuration(sps: bytes, pps: bytes) -> bytes:
    """`AVCDecoderConfigurationRecord` (ISO/IEC 14496-15, 5.3.3.1) with 4-byte lengths."""
    record = bytes((1, sps[1], sps[2], sps[3], 0xFC | 3, 0xE0 | 1)) + len(sps).to_bytes(2, "big") + sps
    record += bytes((1,)) + len(pps).to_bytes(2, "big") + pps
    if sps[1] in (100, 110, 122, 144):
        record += bytes((0xFC | 1, 0xF8, 0xF8, 0))  # 4:2:0, 8 bit, no SPS extension: all we ever encode
    return record
