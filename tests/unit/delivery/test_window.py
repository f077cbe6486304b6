"""The window of a rendition."""

from __future__ import annotations

import pytest

from ingest.contract import InitSegment, Part, Rendition
from webinar.delivery.window import GRACE_SEGMENTS, WINDOW_SEGMENTS, Gap, Window

PARTS = 4


def init(name: str = "720p") -> InitSegment:
    video = name != "audio"
    rendition = Rendition(
        name,
        "video" if video else "audio",
        "avc1.42c01f" if video else "mp4a.40.2",
        1_800_000 if video else 128_000,
        1280 if video else 0,
        720 if video else 0,
        30.0 if video else 0.0,
        0 if video else 48_000,
        0 if video else 2,
    )
    return InitSegment(
        "s1",
        "e1",
        rendition,
        ("720p", "480p", "audio"),
        0.5,
        2.0,
        "2026-01-01T00:00:00+00:00",
        "p" * 22,
        b"init",
    )


def part(msn: int, number: int, name: str = "720p") -> Part:
    clock = 48_000 if name == "audio" else 90_000
    return Part(
        "s1",
        "e1",
        name,
        msn,
        number,
        (msn * PARTS + number) * clock // 2,
        clock // 2,
        name == "audio" or number == 0,
        number == PARTS - 1,
        f"{name} {msn}.{number};".encode(),
    )


def filled(segments: int, name: str = "720p") -> Window:
    window = Window(init(name))
    for msn in range(segments):
        for number in range(PARTS):
            window.add(part(msn, number, name))
    return window


def test_a_segment_is_the_concatenation_of_its_parts() -> None:
    window = filled(1)
    segment = window.segment(0)
    assert segment is not None
    assert segment.payload == b"720p 0.0;720p 0.1;720p 0.2;720p 0.3;"
    assert segment.duration_s == pytest.approx(2.0)


def test_a_known_part_changes_nothing() -> None:
    window = filled(2)
    version = window.version
    assert window.add(part(0, 1)) is False
    assert window.version == version


@pytest.mark.parametrize(("msn", "number"), [(2, 1), (3, 0)])
def test_a_part_that_does_not_follow_is_a_gap(msn: int, number: int) -> None:
    with pytest.raises(Gap):
        filled(2).add(part(msn, number))


def test_a_window_may_begin_anywhere_but_only_at_the_start_of_a_segment() -> None:
    with pytest.raises(Gap):
        Window(init()).add(part(7, 2))
    window = Window(init())
    window.add(part(7, 0))
    assert window.next_position == (7, 1)


def test_a_segment_stays_readable_for_a_while_after_it_left_the_playlist() -> None:
    window = filled(30)
    listed = [s.msn for s in window.listed()]
    assert listed == list(range(30 - WINDOW_SEGMENTS, 30))
    assert window.segment(30 - WINDOW_SEGMENTS - GRACE_SEGMENTS) is not None
    assert window.segment(5) is None


def test_a_part_number_beyond_the_end_of_a_segment_means_the_first_of_the_next() -> None:
    window = filled(3)
    assert not window.has(2, 9)
    window.add(part(3, 0))
    assert window.has(2, 9)


def test_the_end_completes_the_growing_segment() -> None:
    window = filled(1)
    window.add(part(1, 0))
    window.end()
    last = window.segment(1)
    assert window.ended
    assert last is not None
    assert last.complete
