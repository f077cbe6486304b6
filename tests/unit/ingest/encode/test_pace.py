"""Which pictures an overloaded rung is made of."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.encode.pace import FEW, FULL, HALF, RESTING, STILL, Effort, Pace, steps
from ingest.outlet import PART_TARGET_S
from ingest.package.boxes import Sample, Track
from ingest.package.segmenter import CutPart, Segmenter
from ingest.program.raw import Picture
from tests.media.encoded import frame

_FRAME = frame(0)
_EFFORTS = (FULL, HALF, RESTING, FEW, STILL)


def _taken(efforts: dict[int, Effort], forced: set[int], count: int = 300) -> list[Picture]:
    """What is taken of `count` pictures when the effort changes before the pictures of `efforts`."""
    pace, found = Pace(), []
    for number in range(count):
        pace.effort = efforts.get(number, pace.effort)
        taken = pace.take(Picture(number, _FRAME, number % 60 == 0 or number in forced))
        if taken is not None:
            found.append(taken)
    return found


def _parts(pictures: list[Picture]) -> list[CutPart]:
    segmenter = Segmenter(Track(1, "video", 90_000, b""), round(PART_TARGET_S * 90_000), 180_000)
    return [
        part
        for picture in pictures
        for part in segmenter.push(Sample(picture.number * 3000, picture.span * 3000, picture.keyframe, b"x"))
    ]


@given(st.dictionaries(st.integers(0, 299), st.sampled_from(_EFFORTS)), st.sets(st.integers(0, 280)))
def test_whatever_is_left_out_pictures_follow_each_other_and_parts_keep_their_grid(
    efforts: dict[int, Effort], forced: set[int]
) -> None:
    taken = _taken(efforts, forced)
    assert all(b.number == a.number + a.span for a, b in itertools.pairwise(taken))
    parts = _parts(taken)
    assert [(p.msn, p.part, p.pts, p.duration, p.last) for p in parts] == [
        (n // 6, n % 6, n * 30_000, 30_000, n % 6 == 5) for n in range(30)
    ]
    assert all(p.independent for p in parts if p.part == 0)


@given(st.dictionaries(st.integers(0, 299), st.sampled_from(_EFFORTS)), st.sets(st.integers(0, 280)))
def test_a_keyframe_asked_for_comes_with_the_next_picture_taken(efforts: dict[int, Effort], forced: set[int]) -> None:
    taken = _taken(efforts, forced)
    for number in forced:
        assert next(p for p in taken if p.number >= number).keyframe


@pytest.mark.parametrize("effort", _EFFORTS)
def test_the_frame_rate_is_what_is_said(effort: Effort) -> None:
    assert len(_taken({0: effort}, set())) == effort.frame_rate * 10


def test_full_effort_hands_pictures_on_as_they_are() -> None:
    picture = Picture(7, _FRAME, False)
    assert Pace().take(picture) is picture


def test_first_the_top_rungs_frame_rate_goes_then_the_rung_then_the_next() -> None:
    assert steps(3)[:5] == (
        (FULL, FULL, FULL),
        (HALF, FULL, FULL),
        (RESTING, FULL, FULL),
        (RESTING, HALF, FULL),
        (RESTING, RESTING, FULL),
    )


@pytest.mark.parametrize("rungs", range(1, 6))
def test_each_step_makes_less_and_the_lowest_rung_never_rests(rungs: int) -> None:
    found = steps(rungs)
    for before, after in itertools.pairwise(found):
        assert all(b.pictures <= a.pictures for a, b in zip(before, after, strict=True))
        assert before != after
    assert not any(step[-1].resting for step in found)
