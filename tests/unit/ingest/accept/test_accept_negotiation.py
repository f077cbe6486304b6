"""negotiation: what an offer gets for an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.accept.errors import BadSdp
from ingest.accept.negotiation import Negotiation, Rates, negotiate

HEAD = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
    "a=setup:actpass",
]
OPUS = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
    "a=mid:0",
    "a=sendonly",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:0 PCMU/8000",
]
VIDEO = ["m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 102 103", "a=mid:1", "a=sendonly", "a=rtcp-mux"]
ABS = "a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
VP8 = [
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 transport-cc",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
]
VP9 = ["a=rtpmap:98 VP9/90000"]
H264 = [
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
    "a=rtcp-fb:102 goog-remb",
    "a=rtcp-fb:102 transport-cc",
    "a=rtcp-fb:102 nack",
    "a=rtcp-fb:102 nack pli",
    "a=rtpmap:103 rtx/90000",
    "a=fmtp:103 apt=102",
]


def offer(*sections: list[str]) -> str:
    return "\r\n".join([*HEAD, *(line for s in sections for line in s)]) + "\r\n"


def take(*sections: list[str]) -> Negotiation:
    return negotiate(offer(*sections), Rates())


def test_h264_comes_first_whatever_the_offer_prefers_and_vp8_stands_behind_it() -> None:
    found = take(OPUS, VIDEO, [ABS], VP8, VP9, H264)
    assert found.agreed.video == {102: "h264", 96: "vp8"}
    assert found.agreed.rtx == {103: 102, 97: 96}
    assert found.agreed.audio == {111}
    assert found.agreed.abs_send_time == 3
    video = next(m for m in found.media if m.mid == "1")
    assert [c.payload_type for c in video.codecs] == [102, 103, 96, 97]
    assert video.direction == "recvonly"


def test_the_answer_asks_for_a_start_bitrate_stereo_and_fec_and_for_no_transport_feedback() -> None:
    found = take(OPUS, VIDEO, H264)
    codecs = {c.payload_type: c for m in found.media for c in m.codecs}
    assert codecs[102].parameters["x-google-start-bitrate"] == "2500"
    assert codecs[102].parameters["x-google-max-bitrate"] == "4000"
    assert codecs[102].feedback == ("goog-remb", "nack", "nack pli")
    assert codecs[111].parameters == {"minptime": "10", "useinbandfec": "1", "stereo": "1"}
    assert not found.agreed.audio_nack


def test_lost_sound_is_repaired_for_who_offers_it() -> None:
    assert take([*OPUS, "a=rtcp-fb:111 nack"], VIDEO, H264).agreed.audio_nack


def test_sound_alone_or_picture_alone_will_do() -> None:
    assert take(OPUS).agreed.video == {}
    assert take(VIDEO, VP8).agreed.audio == frozenset()


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ([OPUS, VIDEO, VP9], "H.264 or VP8; the offer has VP9"),
        ([[*OPUS[:4], "a=rtpmap:0 PCMU/8000"]], "must be Opus"),
        ([[line.replace("sendonly", "recvonly") for line in OPUS]], "sends neither"),
        ([VIDEO, VP8, VIDEO, VP8], "sends 2 video tracks"),
        ([["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0"]], "sends neither"),
    ],
)
def test_an_offer_without_what_we_take_is_refused_with_the_reason(sections: list[list[str]], reason: str) -> None:
    with pytest.raises(BadSdp, match=reason) as refused:
        take(*sections)
    assert refused.value.code == "bad_sdp"
    assert refused.value.status == 400


@given(st.text(max_size=200), st.integers(0, 40))
def test_any_text_is_an_offer_or_refused(junk: str, at: int) -> None:
    lines = offer(OPUS, VIDEO, H264).split("\r\n")
    for sdp in (junk, "\r\n".join([*lines[:at], junk, *lines[at:]]), "\r\n".join([*lines[:at], *lines[at + 1 :]])):
        try:
            negotiate(sdp, Rates())
        except BadSdp:
            pass
