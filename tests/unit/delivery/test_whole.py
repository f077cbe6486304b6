"""The playlist of a whole event."""

from __future__ import annotations

import gzip
import re

from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import Rendition, StoredSegment, StoredSession
from webinar.delivery.whole import Stretch, WholePlaylist, begun

VIDEO = Rendition("720p", "video", "avc1.42c01f", 1_800_000, 1280, 720, 30.0)
LOW = Rendition("480p", "video", "avc1.42c01f", 900_000, 854, 480, 30.0)
SOUND = Rendition("audio", "audio", "mp4a.40.2", 128_000, sample_rate=48_000, channels=2)


def stretch(
    prefix: str, counts: dict[str, int], *, at: str = "2026-01-01T00:00:00Z", complete: bool = True, low: bool = True
) -> Stretch:
    renditions = (VIDEO, LOW, SOUND) if low else (VIDEO, SOUND)
    session = StoredSession(f"s {prefix}", "e1", prefix, at, 2.0, renditions, complete)
    ticks = {"720p": 180_000, "480p": 180_000, "audio": 96_000}
    return Stretch(session, {name: [StoredSegment(ticks[name], 500_000)] * count for name, count in counts.items()})


def grown(segments: int, *, ended: bool = False) -> WholePlaylist:
    made = WholePlaylist(2.0, ended=ended)
    made.stretch("2026-01-01T00:00:00Z", VIDEO, "")
    for msn in range(segments):
        made.add(msn, StoredSegment(180_000, 1000))
    return made


def entries(text: str) -> list[str]:
    """The lines of each segment, from its date to its address."""
    return re.findall(r"#EXT-X-PROGRAM-DATE-TIME[^\n]*\n(?:#[^\n]*\n)*[^#\n]+", text)


def test_it_lists_every_segment_from_the_beginning_and_is_of_type_event_while_live() -> None:
    text = grown(100).render()[0].decode()
    assert [e.rpartition("\n")[2] for e in entries(text)] == [f"{n}.m4s" for n in range(100)]
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "#EXT-X-MEDIA-SEQUENCE:0\n" in text
    assert "ENDLIST" not in text
    assert "#EXT-X-PART" not in text


def test_after_the_end_it_is_vod_with_an_end() -> None:
    text = grown(3, ended=True).render()[0].decode()
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert text.endswith("2.m4s\n#EXT-X-ENDLIST\n")


@given(st.integers(0, 40), st.integers(0, 10), st.booleans())
def test_what_is_gzipped_is_the_same_text_in_every_state(before: int, more: int, ended: bool) -> None:
    made = grown(before, ended=ended)
    plain, packed = made.render()
    assert gzip.decompress(packed) == plain
    for msn in range(before, before + more):
        made.add(msn, StoredSegment(180_000, 1000))
    plain, packed = made.render()
    assert gzip.decompress(packed) == plain == grown(before + more, ended=ended).render()[0]


@given(st.integers(0, 20), st.integers(0, 15), st.booleans())
def test_what_is_not_listed_for_good_is_listed_alike(before: int, following: int, ended: bool) -> None:
    made, same = grown(before, ended=ended), grown(before + following, ended=ended)
    waiting = [StoredSegment(180_000, 1000)] * following
    for render, expected in ((made.render, same.render()), (made.render_delta, same.render_delta())):
        plain, packed = render(waiting)
        assert gzip.decompress(packed) == plain == expected[0]
    assert made.render()[0] == grown(before, ended=ended).render()[0]


@given(st.integers(0, 30))
def test_a_delta_update_and_what_was_listed_before_make_the_full_playlist(segments: int) -> None:
    made = grown(segments)
    full, delta = made.render()[0].decode(), made.render_delta()[0].decode()
    skipped = re.search(r"#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)", delta)
    assert entries(full)[int(skipped[1]) if skipped else 0 :] == entries(delta)
    assert (skipped is not None) == (segments > 6)
    if skipped:
        assert 2.0 * len(entries(delta)) >= 12.0


def test_sessions_are_joined_by_a_discontinuity_each_on_its_own_clock() -> None:
    first = stretch("a" * 22, {"720p": 2, "480p": 2, "audio": 2})
    second = stretch("b" * 22, {"720p": 2, "480p": 2, "audio": 2}, at="2026-01-01T00:01:00Z")
    text = begun([first, second], VIDEO, 2.0, "b" * 22, ended=True).render()[0].decode()
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert text.index('"../../aaaaaaaaaaaaaaaaaaaaaa/720p/init.mp4"') < text.index("DISCONTINUITY")
    lines = text.splitlines()
    at = lines.index("#EXT-X-DISCONTINUITY")
    assert lines[at + 1 : at + 5] == [
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:01:00.000Z",
        "#EXTINF:2.00000,",
        "0.m4s",
    ]
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z" in lines[:at]


def test_an_interrupted_session_breaks_off_where_its_slowest_rendition_does() -> None:
    broken = stretch("a" * 22, {"720p": 4, "480p": 3, "audio": 4}, complete=False).whole()
    assert {len(s) for s in broken.segments.values()} == {3}
    ended = stretch("a" * 22, {"720p": 4, "480p": 4, "audio": 5})
    assert ended.whole() is ended


def test_a_session_of_another_ladder_is_shown_in_its_nearest_rendition() -> None:
    narrow = stretch("a" * 22, {"720p": 1, "audio": 1}, low=False)
    wide = stretch("b" * 22, {"720p": 1, "480p": 1, "audio": 1})
    text = begun([narrow, wide], LOW, 2.0, "b" * 22, ended=True).render()[0].decode()
    assert "../../aaaaaaaaaaaaaaaaaaaaaa/720p/0.m4s" in text
    sound = begun([narrow, wide], SOUND, 2.0, "b" * 22, ended=True).render()[0].decode()
    assert "../../aaaaaaaaaaaaaaaaaaaaaa/audio/0.m4s" in sound


def test_a_segment_that_the_store_did_not_take_is_a_gap_of_its_length() -> None:
    made = grown(1)
    made.add(1, StoredSegment(90_000, 0))
    made.add(2, StoredSegment(180_000, 1000))
    text = made.render()[0].decode()
    assert "#EXT-X-GAP\n#EXTINF:1.00000,\n1.m4s" in text
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:03.000Z\n#EXTINF:2.00000,\n2.m4s" in text


def test_bandwidth_is_what_the_segments_weigh() -> None:
    quality = stretch("a" * 22, {"720p": 4, "480p": 4, "audio": 4}).quality(VIDEO)
    assert (quality.peak, quality.average) == (2_000_000, 2_000_000)
