"""Which of an offer's media we take, and how the answer says so (RFC 9725, 4.2; RFC 8829). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.accept.assembly import VideoCodec
from ingest.accept.errors import BadSdp
from ingest.accept.receiver import ABS_SEND_TIME, Negotiated
from webinar.base.rtc import SdpError
from webinar.base.rtc.answer import AnswerMedia, answered
from webinar.base.rtc.sdp import Codec, Offer, OfferedMedia, parse_offer

_VIDEO_FEEDBACK: Final = ("goog-remb", "ccm fir", "nack", "nack pli")


@dataclass(frozen=True, slots=True)
class Rates:
    """What the publisher is asked to send, bit/s: to begin with, and at most."""

    start: int = 2_500_000
    most: int = 4_000_000


@dataclass(frozen=True, slots=True)
class Negotiation:
    """An offer, what we took of it, and the sections of our answer."""

    offer: Offer
    agreed: Negotiated
    media: Sequence[AnswerMedia]


def negotiate(sdp: str, rates: Rates) -> Negotiation:
    """Takes the video and the audio that are sent to us. Raises `BadSdp`."""
    try:
        offer = parse_offer(sdp)
    except SdpError as error:
        raise BadSdp(error.message) from error
    video, audio = _sent(offer, "video"), _sent(offer, "audio")
    if video is None and audio is None:
        raise BadSdp("The offer sends neither video nor audio: WHIP needs a section that is sendonly or sendrecv.")
    codecs: dict[int, VideoCodec] = {}
    rtx: dict[int, int] = {}
    media: list[AnswerMedia] = []
    if video is not None:
        answer, codecs, rtx = _video(video, rates)
        media.append(answer)
    opus = _opus(audio) if audio is not None else None
    if audio is not None and opus is not None:
        media.append(AnswerMedia(audio.mid, "recvonly", (opus,), _extensions(audio)))
    agreed = Negotiated(
        video=codecs,
        audio=frozenset({opus.payload_type} if opus else ()),
        rtx=rtx,
        audio_nack=opus is not None and "nack" in opus.feedback,
        abs_send_time=_abs_send_time(video, audio),
        start_bitrate=rates.start,
        max_bitrate=rates.most,
    )
    return Negotiation(offer, agreed, media)


def _sent(offer: Offer, kind: str) -> OfferedMedia | None:
    """The section of a kind that the publisher sends. Raises `BadSdp` for more than one (RFC 9725, 4.4.2)."""
    found = [
        media
        for media in offer.media
        if media.kind == kind and not media.rejected and media.mid in offer.bundle
        if media.direction in ("sendonly", "sendrecv")
    ]
    if len(found) > 1:
        raise BadSdp(f"The offer sends {len(found)} {kind} tracks; one can be taken.")
    return found[0] if found else None


def _video(media: OfferedMedia, rates: Rates) -> tuple[AnswerMedia, dict[int, VideoCodec], dict[int, int]]:
    """H.264 first and VP8 behind it, so that a browser whose H.264 encoder fails has where to go."""
    h264 = media.h264() or media.codec("H264")
    vp8 = media.codec("VP8")
    found: list[tuple[Codec, VideoCodec]] = []
    if h264 is not None:
        found.append((h264, "h264"))
    if vp8 is not None:
        found.append((vp8, "vp8"))
    if not found:
        offered = ", ".join(dict.fromkeys(c.name for c in media.codecs if c.name != "RTX")) or "nothing we know"
        raise BadSdp(f"The video must be H.264 or VP8; the offer has {offered}.")
    codecs: dict[int, VideoCodec] = {}
    repairs: dict[int, int] = {}
    answers: list[Codec] = []
    for codec, name in found:
        codecs[codec.payload_type] = name
        answers.append(
            answered(
                codec,
                feedback=_VIDEO_FEEDBACK,
                x_google_start_bitrate=rates.start // 1000,
                x_google_max_bitrate=rates.most // 1000,
            )
        )
        rtx = media.rtx(codec)
        if rtx is not None and rtx.payload_type not in codecs:
            repairs[rtx.payload_type] = codec.payload_type
            answers.append(answered(rtx))
    return AnswerMedia(media.mid, "recvonly", tuple(answers), _extensions(media)), codecs, repairs


def _opus(media: OfferedMedia) -> Codec:
    opus = media.codec("OPUS")
    if opus is None:
        raise BadSdp("The audio must be Opus.")
    return answered(opus, feedback=("nack",), stereo=1, useinbandfec=1)


def _extensions(media: OfferedMedia) -> dict[str, int]:
    number = media.extensions.get(ABS_SEND_TIME)
    return {} if number is None else {ABS_SEND_TIME: number}


def _abs_send_time(*media: OfferedMedia | None) -> int | None:
    """One id serves all sections of a bundle (RFC 8285, 6)."""
    return next((m.extensions[ABS_SEND_TIME] for m in media if m is not None and ABS_SEND_TIME in m.extensions), None)
