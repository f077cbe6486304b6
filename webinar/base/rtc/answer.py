"""Writing the SDP answer of an ICE-lite server (RFC 8829 section 5.3, RFC 8839). Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from webinar.base.rtc.dtls import Fingerprint
from webinar.base.rtc.peer import candidate_lines
from webinar.base.rtc.sdp import Codec, Direction, Offer, OfferedMedia


@dataclass(frozen=True, slots=True)
class Source:
    """One stream that we send: `a=ssrc` lines, with its retransmission stream when there is one."""

    ssrc: int
    cname: str
    stream: str  # MediaStream id: the same for audio and video that play together
    track: str
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerMedia:
    """What we take of one offered section."""

    mid: str
    direction: Direction
    codecs: Sequence[Codec]  # with the parameters and feedback that we answer
    extensions: Mapping[str, int] = field(default_factory=dict)  # URI → the offer's id
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Transport:
    """Our side of the one transport."""

    ufrag: str
    pwd: str
    fingerprint: Fingerprint
    addresses: Sequence[str]
    port: int


def answered(codec: Codec, *, feedback: Sequence[str] = (), drop: Sequence[str] = (), **parameters: str | int) -> Codec:
    """The codec as the answer repeats it: offered parameters, ours on top; of `feedback` what was offered too.

    Keyword names take `_` for `-` (`x_google_start_bitrate=1500`).
    """
    merged = {key: value for key, value in codec.parameters.items() if key not in drop}
    merged.update({key.replace("_", "-"): str(value) for key, value in parameters.items()})
    return replace(codec, parameters=merged, feedback=tuple(f for f in feedback if f in codec.feedback))


def write_answer(offer: Offer, transport: Transport, media: Sequence[AnswerMedia]) -> str:
    """The answer: sections of `media` accepted, every other one refused with port 0. Lines end with CRLF."""
    accepted = {m.mid: m for m in media}
    mids = [m.mid for m in offer.media if m.mid in accepted]
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
        "a=ice-lite",
    ]
    for offered in offer.media:
        answer = accepted.get(offered.mid)
        if answer is None:
            lines += _refused(offered)
        else:
            setup = "passive" if offer.remote.dtls_client else "active"
            lines += _accepted(offered, answer, transport, setup)
    return "\r\n".join(lines) + "\r\n"


def write_fragment(offer: Offer, transport: Transport, mids: Sequence[str]) -> str:
    """Our side of a new ICE session, as application/trickle-ice-sdpfrag (RFC 8840 section 9, RFC 9725 section 4.3.3).

    `mids` are the accepted sections; the first one carries the transport. Lines end with CRLF.
    """
    tagged = next(m for m in offer.media if m.mid in mids)
    lines = [
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(m.mid for m in offer.media if m.mid in mids)}",
        f"m={tagged.kind} 9 {tagged.protocol} {tagged.formats[0]}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{tagged.mid}",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.pwd}",
        *(f"a={line}" for line in candidate_lines(transport.addresses, transport.port)),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _refused(offered: OfferedMedia) -> list[str]:
    formats = " ".join(offered.formats[:1])
    return [
        f"m={offered.kind} 0 {offered.protocol} {formats}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{offered.mid}",
        "a=inactive",
    ]


def _accepted(offered: OfferedMedia, answer: AnswerMedia, transport: Transport, setup: str) -> list[str]:
    formats = " ".join(str(c.payload_type) for c in answer.codecs)
    lines = [
        f"m={offered.kind} 9 {offered.protocol} {formats}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.pwd}",
        f"a=fingerprint:{transport.fingerprint.algorithm} {transport.fingerprint.value}",
        f"a=setup:{setup}",
        f"a=mid:{answer.mid}",
        f"a={answer.direction}",
        "a=rtcp-mux",
    ]
    if offered.rtcp_rsize:
        lines.append("a=rtcp-rsize")
    lines += [f"a=extmap:{number} {uri}" for uri, number in answer.extensions.items()]
    for codec in answer.codecs:
        lines += _codec_lines(codec)
    if answer.source is not None:
        lines += _source_lines(answer.source)
    # With BUNDLE the first section's candidates are enough (RFC 9143 section 7.5), but aiortc 1.16 reads only those of
    # the last section of a transport; the same ones again do no harm to anybody.
    lines += [f"a={line}" for line in candidate_lines(transport.addresses, transport.port)]
    lines.append("a=end-of-candidates")
    return lines


def _codec_lines(codec: Codec) -> list[str]:
    names = {"OPUS": "opus", "RTX": "rtx"}
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{codec.payload_type} {names.get(codec.name, codec.name)}/{codec.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{codec.payload_type} {item}" for item in codec.feedback]
    if codec.parameters:
        pairs = ";".join(f"{key}={value}" if value else key for key, value in codec.parameters.items())
        lines.append(f"a=fmtp:{codec.payload_type} {pairs}")
    return lines


def _source_lines(source: Source) -> list[str]:
    lines = [f"a=msid:{source.stream} {source.track}"]
    ssrcs = [source.ssrc]
    if source.rtx_ssrc is not None:
        ssrcs.append(source.rtx_ssrc)
        lines.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
    for ssrc in ssrcs:
        lines.append(f"a=ssrc:{ssrc} cname:{source.cname}")
        lines.append(f"a=ssrc:{ssrc} msid:{source.stream} {source.track}")
    return lines
