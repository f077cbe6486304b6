"""RTP made by hand: a small sender whose every byte a test knows."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from aiortc.rtp import RtpPacket

VIDEO, RTX, AUDIO, VP8 = 102, 103, 111, 96
SPS_PPS = b"\x78" + b"".join(struct.pack("!H", len(n)) + n for n in (b"\x67\x42\xe0\x1f", b"\x68\xce\x3c\x80"))


def fu_a(kind: int, number: int, parts: int) -> list[bytes]:
    """A NAL unit of `kind` in `parts` FU-A fragments; each carries the frame's number."""
    return [
        bytes([0x7C, kind | (0x80 if i == 0 else 0) | (0x40 if i == parts - 1 else 0)]) + struct.pack("!HH", number, i)
        for i in range(parts)
    ]


def annexb(number: int, parts: int, *, keyframe: bool) -> bytes:
    """What the receiver makes of `Sender.frame`."""
    data = b"".join(struct.pack("!HH", number, i) for i in range(parts))
    if not keyframe:
        return b"\0\0\0\1\x61" + data
    return b"\0\0\0\1\x67\x42\xe0\x1f\0\0\0\1\x68\xce\x3c\x80\0\0\0\1\x65" + data


@dataclass
class Sender:
    """H.264 frames of FU-A packets, one SSRC. Sequence numbers and timestamps wrap as on the wire."""

    ssrc: int = 1
    seq: int = 65_500
    timestamp: int = (1 << 32) - 9_000
    step: int = 3_000
    number: int = 0
    sent: dict[int, RtpPacket] = field(default_factory=dict)

    def frame(self, parts: int = 3, *, keyframe: bool = False) -> list[RtpPacket]:
        """Packets of the next frame, the last with the marker."""
        payloads = ([SPS_PPS] if keyframe else []) + fu_a(5 if keyframe else 1, self.number, parts)
        packets = [self._packet(p, last=p is payloads[-1]) for p in payloads]
        self.number += 1
        self.timestamp = (self.timestamp + self.step) & 0xFFFFFFFF
        return packets

    def padding(self) -> RtpPacket:
        """A packet without payload, as browsers send to probe the bandwidth."""
        return self._packet(b"", last=False)

    def _packet(self, payload: bytes, *, last: bool) -> RtpPacket:
        packet = RtpPacket(VIDEO, int(last), self.seq, self.timestamp, self.ssrc, payload)
        self.sent[self.seq] = packet
        self.seq = (self.seq + 1) & 0xFFFF
        return packet


def rtx(packet: RtpPacket, seq: int, ssrc: int = 99) -> RtpPacket:
    """The retransmission of `packet` (RFC 4588)."""
    payload = struct.pack("!H", packet.sequence_number) + packet.payload
    return RtpPacket(RTX, packet.marker, seq, packet.timestamp, ssrc, payload)


def opus(number: int, ssrc: int = 2) -> RtpPacket:
    """20 ms of Opus whose payload is its number."""
    payload = struct.pack("!I", number)
    return RtpPacket(AUDIO, 0, (65_530 + number) & 0xFFFF, (number * 960) & 0xFFFFFFFF, ssrc, payload)
