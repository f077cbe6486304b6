"""A WHEP offer turned into what we send: payload types, SSRCs, and the media sections of the answer. Pure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from webinar.base.rtc import SdpError
from webinar.base.rtc.answer import AnswerMedia, Source, answered
from webinar.base.rtc.sdp import Offer, OfferedMedia, new_ssrc

# No transport-cc: its feedback comes 20 times a second from each viewer, and reading that costs more than sending.
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What one viewer is sent. `audio_ssrc` is 0 when it asked for no sound."""

    video_ssrc: int
    video_type: int
    repair: tuple[int, int] | None  # SSRC and payload type of RTX
    audio_ssrc: int
    audio_type: int
    cname: str
    media: tuple[AnswerMedia, ...]
    send_time: int = 0  # id of the header extension on the picture's packets


def negotiate(offer: Offer) -> Negotiated:
    """Choose H.264 and Opus. Raises `SdpError` (`no_video`, `no_codec`) when the viewer cannot show the picture."""
    cname, stream = secrets.token_hex(8), secrets.token_hex(8)
    section = offer.first("video")
    if section is None or not _receives(section):
        raise SdpError("The offer has no video section that receives: add a recvonly one.", code="no_video")
    codec = section.h264(baseline_first=True)
    if codec is None:
        raise SdpError("The offer has no H.264 with packetization-mode=1.", code="no_codec")
    rtx = section.rtx(codec)
    video_ssrc, repair_ssrc, audio_ssrc = _ssrcs(3)
    repair = (repair_ssrc, rtx.payload_type) if rtx is not None else None
    codecs = [answered(codec, feedback=_VIDEO_FEEDBACK)]
    if rtx is not None:
        codecs.append(answered(rtx))
    source = Source(video_ssrc, cname, stream, "video", repair[0] if repair else None)
    send_time = section.extensions.get(SEND_TIME, 0) if repair else 0
    extensions = {SEND_TIME: send_time} if send_time else {}
    media = [AnswerMedia(section.mid, "sendonly", codecs, extensions, source)]
    sound = offer.first("audio")
    opus = sound.codec("OPUS") if sound is not None and _receives(sound) else None
    if sound is None or opus is None:
        return Negotiated(video_ssrc, codec.payload_type, repair, 0, 0, cname, tuple(media), send_time)
    voice = answered(opus, stereo=1, sprop_stereo=1, useinbandfec=1)
    media.append(AnswerMedia(sound.mid, "sendonly", [voice], source=Source(audio_ssrc, cname, stream, "audio")))
    return Negotiated(
        video_ssrc, codec.payload_type, repair, audio_ssrc, opus.payload_type, cname, tuple(media), send_time
    )


def _receives(section: OfferedMedia) -> bool:
    return section.direction in ("recvonly", "sendrecv")


def _ssrcs(count: int) -> list[int]:
    """Different ones: two streams of one SSRC under one key would use an AES-GCM nonce twice."""
    found: set[int] = set()
    while len(found) < count:
        found.add(new_ssrc())
    return list(found)
