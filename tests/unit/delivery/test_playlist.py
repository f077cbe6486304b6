"""Playlists against rfc8216bis."""

from __future__ import annotations

import re

from tests.unit.delivery.test_window import filled, part
from webinar.delivery import playlist
from webinar.delivery.window import Window


def windows(segments: int = 12) -> dict[str, Window]:
    return {name: filled(segments, name) for name in ("720p", "480p", "audio")}


def lines(text: str, tag: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(tag)]


def segments(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_the_multivariant_playlist_names_every_video_rendition_with_codecs_of_both_tracks() -> None:
    text = playlist.multivariant(playlist.qualities(windows()))
    assert segments(text) == ["720p/index.m3u8", "480p/index.m3u8"]
    for line in lines(text, "#EXT-X-STREAM-INF"):
        assert 'CODECS="avc1.42c01f,mp4a.40.2"' in line
        assert 'AUDIO="audio"' in line
        assert "AVERAGE-BANDWIDTH=" in line
        assert "FRAME-RATE=30.000" in line


def test_the_live_playlist_promises_what_low_latency_needs() -> None:
    text = playlist.media("720p", windows())
    control = lines(text, "#EXT-X-SERVER-CONTROL")[0]
    assert "CAN-BLOCK-RELOAD=YES" in control
    assert "PART-HOLD-BACK=1.500" in control
    assert "CAN-SKIP-UNTIL=12.0" in control
    assert "#EXT-X-PART-INF:PART-TARGET=0.500" in text
    assert "#EXT-X-TARGETDURATION:2" in text
    assert lines(text, "#EXT-X-PRELOAD-HINT") == ['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="12.0.m4s"']
    assert lines(text, "#EXT-X-RENDITION-REPORT") == [
        '#EXT-X-RENDITION-REPORT:URI="../480p/index.m3u8",LAST-MSN=12,LAST-PART=3',
        '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=12,LAST-PART=3',
    ]


def test_no_media_sequence_number_is_zero_for_hls_js_takes_that_for_none() -> None:
    text = playlist.media("720p", windows(1))
    assert lines(text, "#EXT-X-MEDIA-SEQUENCE") == ["#EXT-X-MEDIA-SEQUENCE:1"]
    assert "0.m4s" in segments(text)
    assert all(
        int(report.split("LAST-MSN=")[1].split(",")[0]) >= 1 for report in lines(text, "#EXT-X-RENDITION-REPORT")
    )


def test_parts_are_listed_for_the_last_three_target_durations_and_independent_only_where_true() -> None:
    parts = lines(playlist.media("720p", windows()), "#EXT-X-PART:")
    assert len(parts) == 3 * 4 + 4
    for line in parts:
        uri = re.search(r'URI="(\d+)\.(\d+)\.m4s"', line)
        assert uri is not None
        assert ("INDEPENDENT=YES" in line) == (uri[2] == "0")


def test_a_delta_update_and_the_list_before_it_make_the_full_playlist() -> None:
    """Section 6.2.5.1: skipped segments are taken from the playlist the client has."""
    state = windows()
    before = playlist.media("720p", state)
    for name in state:
        state[name].add(part(12, 0, name))
    full = playlist.media("720p", state)
    delta = playlist.media("720p", state, skip=True)
    skipped = int(lines(delta, "#EXT-X-SKIP")[0].split("=")[1])
    assert skipped >= 1
    assert len(delta) < len(full)
    assert segments(before)[:skipped] + segments(delta) == segments(full)
    assert lines(delta, "#EXT-X-PART:") == lines(full, "#EXT-X-PART:")
    assert lines(delta, "#EXT-X-MEDIA-SEQUENCE") == lines(full, "#EXT-X-MEDIA-SEQUENCE")


def test_the_program_date_time_of_every_segment_is_start_plus_program_time() -> None:
    moments = lines(playlist.media("720p", windows(3)), "#EXT-X-PROGRAM-DATE-TIME")
    assert moments[2] == "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z"


def test_an_ended_playlist_has_an_endlist_and_no_hint() -> None:
    state = windows(2)
    for window in state.values():
        window.end()
    text = playlist.media("720p", state)
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "PRELOAD-HINT" not in text
