"""What a viewer's offer is answered with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webinar.base.rtc import SdpError
from webinar.base.rtc.sdp import parse_offer
from webinar.delivery.whep.negotiate import negotiate

CHROMIUM = (Path(__file__).parents[3] / "media/offers/chromium-156-viewer.sdp").read_bytes().decode()


def test_chromium_gets_constrained_baseline_with_rtx_and_stereo_opus_as_one_stream() -> None:
    found = negotiate(parse_offer(CHROMIUM))
    video, audio = found.media
    h264, rtx = video.codecs
    assert h264.parameters["profile-level-id"] == "42e01f"
    assert h264.feedback == ("nack", "nack pli", "ccm fir", "goog-remb")
    assert found.repair is not None
    assert rtx.payload_type == found.repair[1]
    assert len({found.video_ssrc, found.repair[0], found.audio_ssrc}) == 3
    assert audio.codecs[0].parameters["stereo"] == "1"
    assert video.source is not None
    assert audio.source is not None
    assert (video.source.stream, video.source.cname) == (audio.source.stream, audio.source.cname)


def test_a_viewer_without_sound_or_rtx_still_sees() -> None:
    silent = negotiate(parse_offer(re.sub(r"opus/48000", "g7221/48000", CHROMIUM)))
    assert silent.audio_ssrc == 0
    assert len(silent.media) == 1
    assert negotiate(parse_offer(re.sub(r"rtx/90000", "red/90000", CHROMIUM))).repair is None


def test_high_profile_alone_is_good_enough_since_it_decodes_baseline_too() -> None:
    found = negotiate(parse_offer(re.sub(r"profile-level-id=42", "profile-level-id=64", CHROMIUM)))
    assert found.media[0].codecs[0].name == "H264"


@pytest.mark.parametrize(
    ("pattern", "replacement", "code"),
    [
        ("H264", "H263", "no_codec"),
        ("packetization-mode=1", "packetization-mode=0", "no_codec"),
        ("a=recvonly", "a=sendonly", "no_video"),
        ("m=video 9", "m=video 0", "no_video"),
    ],
)
def test_a_viewer_that_cannot_show_our_picture_is_told_why(pattern: str, replacement: str, code: str) -> None:
    with pytest.raises(SdpError) as raised:
        negotiate(parse_offer(CHROMIUM.replace(pattern, replacement)))
    assert raised.value.code == code
