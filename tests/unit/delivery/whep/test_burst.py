"""Timestamps of frames that are sent at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webinar.delivery.whep.burst import BURST_AHEAD, BURST_STEP, stamps

FRAME = 1500  # ticks at 60 fps


def test_for_who_saw_nothing_yet_they_are_a_millisecond_apart_up_to_the_newest() -> None:
    assert stamps(3, 9000, -1) == [9000 - 2 * BURST_STEP, 9000 - BURST_STEP, 9000]


def test_for_who_saw_an_older_picture_they_stand_between_that_and_the_newest() -> None:
    assert stamps(3, 9000, 8970) == [8980, 8990, 9000]


@given(count=st.integers(1, 300), newest=st.integers(0, 10**9), behind=st.integers(-FRAME, 10 * FRAME))
def test_each_is_later_than_the_one_before_and_none_runs_ahead(count: int, newest: int, behind: int) -> None:
    last = max(newest - behind, 0)
    made = stamps(count, newest, last)
    assert len(made) == count
    assert [last, *made] == sorted({last, *made})
    assert made[-1] <= max(newest, last + BURST_AHEAD)
