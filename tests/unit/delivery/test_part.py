from __future__ import annotations

from webinar.delivery.part import Part, of_media, of_multivariant

WHOLE = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:00:00.000Z
#EXTINF:2.00000,
0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:00:02.000Z
#EXTINF:2.00000,
1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:00:04.000Z
#EXT-X-GAP
#EXTINF:2.00000,
2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="../../other/720p/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:01:00.000Z
#EXTINF:2.00000,
../../other/720p/0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:01:02.000Z
#EXTINF:1.50000,
../../other/720p/1.m4s
#EXT-X-ENDLIST
"""


def test_a_part_begins_with_the_segment_that_holds_its_beginning_and_has_its_own_init_segment() -> None:
    text = of_media(WHOLE, Part(2.0, 6.5))
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == [
        "1.m4s",
        "2.m4s",
        "../../other/720p/0.m4s",
    ]
    lines = text.splitlines()
    assert lines[:5] == [*WHOLE.splitlines()[:4], '#EXT-X-MAP:URI="init.mp4"']
    assert (lines[5], lines[-1]) == ("#EXT-X-PROGRAM-DATE-TIME:2026-12-01T05:00:02.000Z", "#EXT-X-ENDLIST")
    assert text.count("#EXT-X-GAP") == text.count("#EXT-X-DISCONTINUITY") == 1


def test_a_part_within_a_later_session_begins_without_a_discontinuity() -> None:
    lines = of_media(WHOLE, Part(8.0, 60.0)).splitlines()
    assert '#EXT-X-MAP:URI="../../other/720p/init.mp4"' in lines
    assert "#EXT-X-DISCONTINUITY" not in lines
    assert lines[-2:] == ["../../other/720p/1.m4s", "#EXT-X-ENDLIST"]


def test_all_of_it_is_the_same_as_the_whole() -> None:
    assert of_media(WHOLE, Part(0.0, 9.5)) == WHOLE


def test_the_part_goes_on_to_every_rendition() -> None:
    text = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/full.m3u8",NAME="x"\n#EXT-X-STREAM-INF:X=1\n720p/full.m3u8\n'
    cut = of_multivariant(text, Part(1.5, 3.0))
    assert 'URI="audio/full.m3u8?from=1.500&to=3.000",NAME' in cut
    assert "\n720p/full.m3u8?from=1.500&to=3.000\n" in cut


def test_a_part_to_the_end_has_none_and_what_only_touches_its_edge_is_outside() -> None:
    part = Part(2.0)
    assert part.query == "?from=2.000"
    assert part.touches(100.0, 102.0)
    assert not part.touches(0.0, 2.0 + 1e-5)
    assert not Part(0.0, 4.0).touches(4.0 - 1e-5, 6.0)
