"""Payload formats: what one RTP packet carries of a video frame (RFC 6184 for H.264, RFC 7741 for VP8)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor

VideoCodec = Literal["h264", "vp8"]

NAL_IDR: Final = 5
NAL_SPS: Final = 7
_NAL_STAP_A: Final = 24
_NAL_FU_A: Final = 28


@dataclass(frozen=True, slots=True)
class Fragment:
    """One packet's share of a frame."""

    data: bytes  # H.264: with start codes where a NAL unit begins; empty for padding
    opens_keyframe: bool = False  # decoding may start at this packet
    has_keyframe: bool = False  # it belongs to a keyframe beyond doubt (IDR slice, VP8 key frame)
    has_parameters: bool = False  # nothing from before it is needed: H.264 sequence parameter set, VP8 key frame
    broken: bool = False  # it cannot be read: the frame is lost


BROKEN: Final = Fragment(b"", broken=True)
PADDING: Final = Fragment(b"")


def fragment(codec: VideoCodec, payload: bytes) -> Fragment:
    """Reads one RTP payload; never raises: what cannot be read is `BROKEN`."""
    if not payload:
        return PADDING
    try:
        return _h264(payload) if codec == "h264" else _vp8(payload)
    except ValueError:
        return BROKEN


def _h264(payload: bytes) -> Fragment:
    _, data = H264PayloadDescriptor.parse(payload)
    types = h264_nal_types(payload)
    parameters, idr = NAL_SPS in types, NAL_IDR in types
    return Fragment(data, opens_keyframe=parameters or idr, has_keyframe=idr, has_parameters=parameters)


def _vp8(payload: bytes) -> Fragment:
    descriptor, data = VpxPayloadDescriptor.parse(payload)
    if not data:
        return BROKEN
    # RFC 7741, 4.3: the P bit of the frame's first octet is 0 for a key frame.
    key = descriptor.partition_start == 1 and descriptor.partition_id == 0 and not data[0] & 1
    return Fragment(data, opens_keyframe=key, has_keyframe=key, has_parameters=key)


def h264_nal_types(payload: bytes) -> list[int]:
    """Types of the NAL units that *begin* in an RTP payload."""
    kind = payload[0] & 0x1F
    if kind == _NAL_FU_A:
        return [payload[1] & 0x1F] if len(payload) > 1 and payload[1] & 0x80 else []
    if kind != _NAL_STAP_A:
        return [kind]
    types, position = [], 1
    while position + 2 < len(payload):
        (size,) = struct.unpack_from("!H", payload, position)
        if size:
            types.append(payload[position + 2] & 0x1F)
        position += 2 + size
    return types
