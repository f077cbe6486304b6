"""The RTP streams of one viewer as RTCP speaks of them: begun, reported, sent again within measure, ended."""

from __future__ import annotations

import secrets
from typing import Final

from webinar.base.rtc import Peer, rtcp
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.pacer import Pacer
from webinar.delivery.whep.packetizer import SendBuffer
from webinar.delivery.whep.stream import OutStream

HISTORY_FRAMES: Final = 90  # ≥ 1 GOP of 2 s at 30 fps, and more than any browser asks back for
RESEND_SHARE: Final = 0.5  # of what is sent in a second may be sent again
RESEND_MIN: Final = 200


def open_video(peer: Peer, negotiated: Negotiated, buffer: SendBuffer, pacer: Pacer) -> OutStream:
    """Of a peer that is connected."""
    if peer.sender is None:
        raise RuntimeError("a connected peer has keys")
    return OutStream(
        peer,
        peer.sender,
        buffer,
        ssrc=negotiated.video_ssrc,
        payload_type=negotiated.video_type,
        sequence=secrets.randbits(15),
        repair=negotiated.repair,
        history=HISTORY_FRAMES,
        send_time=negotiated.send_time,
        pacer=pacer,
    )


def open_audio(peer: Peer, negotiated: Negotiated, buffer: SendBuffer) -> OutStream | None:
    """The same for sound; None for who asked for none."""
    if peer.sender is None:
        raise RuntimeError("a connected peer has keys")
    if not negotiated.audio_ssrc:
        return None
    return OutStream(
        peer,
        peer.sender,
        buffer,
        ssrc=negotiated.audio_ssrc,
        payload_type=negotiated.audio_type,
        sequence=secrets.randbits(15),
    )


def sender_reports(
    negotiated: Negotiated, ntp: int, video: tuple[OutStream | None, int], audio: tuple[OutStream | None, int]
) -> bytes:
    """One compound packet (RFC 3550 section 6.1): streams that sent something, each with its RTP time now, in ticks.

    `ntp`: the same moment, 64 bits. Empty when nothing was sent yet.
    """
    parts = [
        rtcp.sender_report(rtcp.SenderReport(ssrc, ntp, ticks & 0xFFFFFFFF, stream.packets, stream.octets))
        for ssrc, (stream, ticks) in ((negotiated.video_ssrc, video), (negotiated.audio_ssrc, audio))
        if stream is not None and stream.packets
    ]
    if parts:
        parts.append(rtcp.source_description(negotiated.video_ssrc, negotiated.cname))
    return b"".join(parts)


def goodbye(negotiated: Negotiated, reason: str) -> bytes:
    """RTCP BYE of both streams, behind the report that a compound packet begins with."""
    ssrcs = [ssrc for ssrc in (negotiated.video_ssrc, negotiated.audio_ssrc) if ssrc]
    return rtcp.receiver_report(ssrcs[0]) + rtcp.goodbye(ssrcs, reason)


class ResendBudget:
    """How much of what was lost may be sent again: a share of what is sent, so nobody makes us send for nothing."""

    def __init__(self) -> None:
        self._left = RESEND_MIN
        self._sent_before = 0

    def spend(self, sequences: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the sequence numbers asked for that are looked for; looking for one costs too, found or not."""
        wanted = sequences[: max(self._left, 0)]
        self._left -= len(wanted)
        return wanted

    def renew(self, sent: int) -> None:
        """Once a second, with all packets of the picture sent so far."""
        self._left = max(RESEND_MIN, int((sent - self._sent_before) * RESEND_SHARE))
        self._sent_before = sent
