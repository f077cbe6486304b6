"""Parts and segments on the grid."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ingest.package.boxes import Sample, Track, init_segment
from ingest.package.segmenter import CutPart, Segmenter
from tests.media.encoded import talk
from tests.media.reading import watch

_VIDEO = Track(1, "video", 90_000, b"")
_AUDIO = Track(1, "audio", 48_000, b"")


def _video(kept: set[int], count: int, forced: frozenset[int] = frozenset()) -> list[CutPart]:
    cutter = Segmenter(_VIDEO, 45_000, 180_000)
    cuts: list[CutPart] = []
    for n in range(count):
        if n in kept:
            cuts += cutter.push(Sample(n * 3000, 3000, n % 60 == 0 or n in forced, bytes((n % 256,))))
    return cuts + cutter.flush()


def _audio(count: int) -> list[CutPart]:
    cutter = Segmenter(_AUDIO, 24_000, 96_000)
    return [c for n in range(count) for c in cutter.push(Sample(n * 1024, 1024, True, b"a"))] + cutter.flush()


def _contiguous(cuts: list[CutPart]) -> bool:
    return all(b.pts == a.pts + a.duration for a, b in itertools.pairwise(cuts))


def test_video_parts_are_fifteen_frames_and_four_make_a_segment() -> None:
    cuts = _video(set(range(180)), 180)
    assert [(c.msn, c.part, c.last) for c in cuts] == [(m, p, p == 3) for m in range(3) for p in range(4)]
    assert {c.duration for c in cuts} == {45_000}
    assert [c.independent for c in cuts[:5]] == [True, False, False, False, True]


def test_a_part_is_out_with_its_last_frame_and_not_with_the_next_ones_first() -> None:
    cutter = Segmenter(_VIDEO, 45_000, 180_000)
    counts = [len(cutter.push(Sample(n * 3000, 3000, n == 0, b"x"))) for n in range(15)]
    assert counts == [0] * 14 + [1]


def test_a_forced_idr_inside_a_part_moves_no_boundary() -> None:
    cuts = _video(set(range(120)), 120, frozenset({20, 45}))
    assert {c.duration for c in cuts} == {45_000}
    assert [(c.msn, c.part) for c in cuts if c.independent] == [(0, 0), (0, 3), (1, 0)]


def test_audio_parts_never_exceed_the_target_and_only_the_last_is_short() -> None:
    cuts = _audio(2000)
    assert _contiguous(cuts)
    assert max(c.duration for c in cuts) <= 24_000
    assert all(c.duration >= 0.85 * 24_000 for c in cuts if not c.last)


def test_audio_and_video_segments_begin_within_one_audio_frame_of_each_other() -> None:
    audio = {c.msn: c.pts / 48_000 for c in _audio(2000) if c.part == 0}
    for msn, start in audio.items():
        assert 0 <= start - 2 * msn < 1024 / 48_000


@given(st.sets(st.integers(0, 299).filter(lambda n: n % 15)))
def test_dropped_frames_leave_times_contiguous_and_the_grid_untouched(dropped: set[int]) -> None:
    cuts = _video(set(range(300)) - dropped, 300)
    assert _contiguous(cuts)
    assert [(c.msn, c.part) for c in cuts] == [(m, p) for m in range(5) for p in range(4)]
    assert all(c.pts == (c.msn * 4 + c.part) * 45_000 for c in cuts)
    assert max(c.duration for c in cuts) <= 45_000


def test_the_rest_is_the_last_part() -> None:
    cuts = _video(set(range(70)), 70)
    assert (cuts[-1].msn, cuts[-1].part, cuts[-1].last, cuts[-1].duration) == (1, 0, True, 30_000)


def test_init_and_parts_joined_decode_as_one_stream() -> None:
    made = talk()
    cutter = Segmenter(made.video, 45_000, 180_000)
    cuts = [c for s in made.pictures for c in cutter.push(s)] + cutter.flush()
    seen = watch(init_segment(made.video) + b"".join(c.payload for c in cuts))
    assert seen.video_times == [n / 30 for n in range(120)]
    assert seen.flashes == [0, 1, 2, 3]
