"""Offers of real clients read, unusable ones refused with a reason, answers read by another implementation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiortc import sdp as reference
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc.answer import AnswerMedia, Source, Transport, answered, write_answer, write_fragment
from webinar.base.rtc.dtls import Fingerprint
from webinar.base.rtc.errors import SdpError
from webinar.base.rtc.sdp import MAX_LENGTH, Offer, new_ssrc, parse_fragment, parse_offer

CHROMIUM = (Path(__file__).parents[3] / "media/offers/chromium-156-viewer.sdp").read_bytes().decode()
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
TRANSPORT = Transport("ufrag", "password" * 3, Fingerprint("sha-256", "AA:BB"), ["192.0.2.1", "2001:db8::1"], 8000)


def answer_to(offer: Offer) -> str:
    """What a WHEP server says: H.264 with RTX and Opus."""
    video, audio = offer.first("video"), offer.first("audio")
    assert video is not None
    assert audio is not None
    h264, opus = video.h264(baseline_first=True), audio.codec("OPUS")
    assert h264 is not None
    assert opus is not None
    rtx = video.rtx(h264)
    assert rtx is not None
    picture = answered(h264, feedback=("nack", "nack pli", "transport-xx"), x_google_start_bitrate=1500)
    source = Source(11, "name", "stream", "video", rtx_ssrc=12)
    media = [
        AnswerMedia(audio.mid, "sendonly", [answered(opus, stereo=1, useinbandfec=1)]),
        AnswerMedia(
            video.mid, "sendonly", [picture, answered(rtx)], {"urn:ietf:params:rtp-hdrext:sdes:mid": 9}, source
        ),
    ]
    return write_answer(offer, TRANSPORT, media)


def test_chromiums_offer_is_read() -> None:
    offer = parse_offer(CHROMIUM)
    assert offer.bundle == ("0", "1", "2")
    assert [m.kind for m in offer.media] == ["video", "audio", "application"]
    assert offer.remote.ufrag == "47tO"
    assert [f.algorithm for f in offer.remote.fingerprints] == ["sha-256"]
    video = offer.first("video")
    assert video is not None
    assert video.direction == "recvonly"
    assert video.extensions["http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"] == 2
    h264 = video.h264(baseline_first=True)
    assert h264 is not None
    assert h264.parameters["profile-level-id"] == "42e01f"
    assert h264.parameters["packetization-mode"] == "1"
    assert {"nack", "nack pli", "goog-remb"} <= set(h264.feedback)
    rtx = video.rtx(h264)
    assert rtx is not None
    assert rtx.apt == h264.payload_type
    assert video.codec("VP9", profile_id="2") is not None


def test_another_implementation_reads_our_answer() -> None:
    parsed = reference.SessionDescription.parse(answer_to(parse_offer(CHROMIUM)))
    video, audio, data = parsed.media
    assert [m.rtp.muxId for m in (video, audio)] == ["0", "1"]
    assert data.port == 0
    assert [(g.semantic, g.items) for g in parsed.group] == [("BUNDLE", ["0", "1"])]
    for media in (video, audio):
        assert media.ice is not None
        assert media.ice.iceLite
        assert (media.ice.usernameFragment, media.ice.password) == ("ufrag", "password" * 3)
        assert media.dtls is not None
        assert media.dtls.role == "server"
        assert media.rtcp_mux
        assert media.direction == "sendonly"
    assert [(c.ip, c.port, c.type) for c in video.ice_candidates] == [
        ("192.0.2.1", 8000, "host"),
        ("2001:db8::1", 8000, "host"),
    ]
    assert video.ice_candidates[0].priority > video.ice_candidates[1].priority
    assert video.ice_candidates_complete
    h264, rtx = video.rtp.codecs
    assert h264.parameters["profile-level-id"] == "42e01f"
    assert h264.parameters["x-google-start-bitrate"] == "1500"
    assert [(f.type, f.parameter) for f in h264.rtcpFeedback] == [("nack", None), ("nack", "pli")]
    assert rtx.parameters["apt"] == h264.payloadType
    assert [(e.id, e.uri) for e in video.rtp.headerExtensions] == [(9, MID)]
    assert [s.ssrc for s in video.ssrc] == [11, 12]
    (opus,) = audio.rtp.codecs
    assert (opus.parameters["stereo"], opus.parameters["useinbandfec"]) == (1, 1)


@pytest.mark.parametrize(
    ("pattern", "replacement", "code"),
    [
        (r"v=0", "hello", "not_sdp"),
        (r"s=-", "what is this", "not_sdp"),
        (r"(?s)m=.*", "", "not_sdp"),
        (r"m=video 9 \S+", "m=video x", "not_sdp"),
        (r"a=group:BUNDLE.*", "a=x", "no_bundle"),
        (r"a=ice-ufrag:.*", "a=x", "no_ice"),
        (r"a=fingerprint:.*", "a=x", "no_fingerprint"),
        (r"a=fingerprint:sha-256", "a=fingerprint:sha-1", "no_fingerprint"),
        (r"a=rtcp-mux", "a=x", "no_rtcp_mux"),
        (r"a=setup:actpass", "a=setup:holdconn", "bad_setup"),
        (r"t=0 0", "t=0 0\r\na=" + "x" * MAX_LENGTH, "too_large"),
        (r"t=0 0", "t=0 0" + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 1" * 20, "too_large"),
    ],
)
def test_an_offer_that_cannot_be_used_is_refused_with_its_reason(pattern: str, replacement: str, code: str) -> None:
    with pytest.raises(SdpError) as raised:
        parse_offer(re.sub(pattern, lambda _: replacement, CHROMIUM))
    assert raised.value.code == code
    assert raised.value.status == 400
    assert len(raised.value.message) < 120


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SdpError, match="UTF-8"):
        parse_offer(b"v=0\xff\xfe")


def test_a_single_section_needs_no_bundle() -> None:
    alone = re.sub(r"(?s)m=audio.*", "", CHROMIUM).replace("a=group:BUNDLE 0 1 2\r\n", "")
    assert parse_offer(alone).bundle == ("0",)


def test_local_name_candidates_are_passed_over() -> None:
    line = "a=candidate:1 1 udp 2113937151 f2a.local 50000 typ host\r\na=mid:0"
    assert parse_offer(CHROMIUM.replace("a=mid:0", line)) == parse_offer(CHROMIUM)


def test_an_answer_repeats_no_line_break_of_the_offer() -> None:
    offer = parse_offer(CHROMIUM.replace("profile-level-id=42e01f", "profile-level-id=42e01f;x=\u2028a=evil:1"))
    assert "evil" not in answer_to(offer)


def test_ssrcs_are_never_zero() -> None:
    assert all(0 < new_ssrc() < 1 << 32 for _ in range(1000))


@given(st.text(max_size=400))
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(SdpError):
        parse_offer(text)


@given(st.data())
def test_a_damaged_offer_is_read_or_refused_without_another_error(data: st.DataObject) -> None:
    lines = CHROMIUM.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[at])))
        lines[at] = lines[at][:cut] + data.draw(st.text(max_size=8)) + lines[at][cut + data.draw(st.integers(0, 4)) :]
    try:
        offer = parse_offer("\r\n".join(lines))
    except SdpError:
        return
    for media in offer.media:
        assert all(0 <= c.payload_type <= 127 for c in media.codecs)


def test_who_offers_to_be_the_dtls_server_is_answered_as_its_client() -> None:
    offer = parse_offer(CHROMIUM.replace("a=setup:actpass", "a=setup:passive"))
    assert not offer.remote.dtls_client
    media = [AnswerMedia(m.mid, "recvonly", m.codecs[:1]) for m in offer.media if not m.rejected]
    answer = write_answer(offer, TRANSPORT, media)
    assert "a=setup:active" in answer
    assert "a=setup:passive" not in answer


def test_a_fragment_names_the_ice_session_and_ours_answers_with_candidates() -> None:
    text = f"a=ice-options:trickle\r\na=ice-ufrag:47tO\r\na=ice-pwd:{'x' * 24}\r\nm=audio 9 X 0\r\n"
    fragment = parse_fragment(text)
    assert (fragment.ufrag, fragment.pwd) == ("47tO", "x" * 24)
    offer = parse_offer(CHROMIUM)
    ours = write_fragment(offer, TRANSPORT, [offer.media[0].mid])
    assert parse_fragment(ours).ufrag == "ufrag"
    assert "192.0.2.1 8000 typ host" in ours
    assert ours.startswith("a=ice-lite\r\n")


@pytest.mark.parametrize(
    "text", ["", "hello", "a=ice-ufrag:47tO\r\n", f"a=ice-ufrag:4\r\na=ice-pwd:{'x' * 24}", "a=" * 40_000]
)
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(SdpError):
        parse_fragment(text)
