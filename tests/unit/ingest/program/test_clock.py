"""The program's times."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.program.clock import Grid, Keyframes, Playout


def _run(playout: Playout, lags: list[float], step_s: float = 1 / 30, start_s: float = 100.0) -> list[float]:
    offsets = []
    for i, lag in enumerate(lags):
        capture = start_s + i * step_s
        playout.picture(capture, capture + lag)
        offsets.append(playout.offset(capture + lag))
    return offsets


def test_the_offset_covers_the_largest_lag_and_little_more() -> None:
    offsets = _run(Playout(), [0.010, 0.030, 0.020] * 20)
    assert 0.030 < offsets[-1] < 0.045


def test_a_later_frame_raises_the_offset_at_once() -> None:
    offsets = _run(Playout(), [0.010] * 30 + [0.080])
    assert offsets[-2] < 0.03
    assert offsets[-1] > 0.080


def test_the_offset_falls_gently_when_the_way_is_short_again() -> None:
    offsets = _run(Playout(), [0.120] * 10 + [0.010] * 600)
    falls = [a - b for a, b in itertools.pairwise(offsets)]
    assert max(falls) <= 0.010 / 30 + 1e-9
    assert offsets[-1] < offsets[10] - 0.05


def test_one_frame_that_is_seconds_late_does_not_make_everything_late() -> None:
    assert _run(Playout(), [0.010] * 30 + [3.0])[-1] <= 0.010 + 0.250 + 1e-9


def test_sound_that_is_late_raises_the_offset_further_than_a_late_picture_does_but_not_by_seconds() -> None:
    """What is late is lost of sound, and only shown late of pictures."""
    playout = Playout()
    _run(playout, [0.010] * 30)
    playout.sound(100.9, 100.91)
    playout.sound(101.0, 101.4)
    assert playout.offset(101.4) > 0.4
    playout.sound(101.1, 104.1)
    assert playout.offset(104.1) <= 0.010 + 0.600 + 1e-9


def test_sound_that_is_always_far_behind_the_picture_is_waited_for() -> None:
    playout = Playout()
    for n in range(300):
        playout.picture(100 + n / 30, 100.01 + n / 30)
        playout.sound(100 + n / 30, 101.0 + n / 30)
    assert 1.0 < playout.offset(110.0) < 1.02
    playout = Playout()
    for n in range(300):
        playout.picture(100 + n / 30, 100.01 + n / 30)
        playout.sound(100 + n / 30, 3700.0 + n / 30)
    assert playout.offset(110.0) <= 0.01 + 2.0 + 1e-9, "an hour is a mistake"


def test_a_far_too_large_offset_falls_faster() -> None:
    playout = Playout()
    playout.sound(99.0, 99.5)
    offsets = _run(playout, [0.010] * 900)
    assert offsets[300] < 0.5 - 0.12
    assert max(a - b for a, b in itertools.pairwise(offsets)) <= 0.030 / 30 + 1e-9


def test_drifting_clocks_are_followed() -> None:
    # The sender's clock loses 200 ppm: the lag grows by 0.36 s in half an hour.
    offsets = _run(Playout(), [0.02 + 0.0002 * i / 30 for i in range(30 * 1800)])
    assert 0.36 < offsets[-1] < 0.42


def test_before_any_frame_the_offset_is_zero() -> None:
    assert Playout().offset(5.0) == 0.0


@given(st.lists(st.floats(0, 0.2), min_size=2, max_size=200))
def test_with_any_jitter_no_frame_is_late_by_more_than_its_own_surprise(lags: list[float]) -> None:
    offsets = _run(Playout(), lags)
    assert all(offset >= lag for offset, lag in zip(offsets, lags, strict=True))


def test_the_grid_waits_for_its_moments() -> None:
    grid = Grid(50.0, 60)
    assert grid.at(90) == pytest.approx(51.5)
    assert grid.wait_s(90, 51.0) == pytest.approx(0.5)
    assert grid.wait_s(90, 52.0) == 0.0


def test_a_short_standstill_is_caught_up_and_a_long_one_slips() -> None:
    grid = Grid(50.0, 60, limit_s=5.0)
    assert grid.wait_s(60, 55.0) == 0.0
    assert grid.slipped_s == 0.0
    assert grid.wait_s(60, 60.0) == 0.0
    assert grid.slipped_s == pytest.approx(9.0)
    assert grid.at(60) == pytest.approx(60.0)


def test_every_sixtieth_picture_is_a_keyframe() -> None:
    keyframes = Keyframes(60, 30)
    assert [n for n in range(200) if keyframes.at(n)] == [0, 60, 120, 180]


def test_requests_are_coalesced_to_one_a_second() -> None:
    keyframes = Keyframes(60, 30)
    found = []
    for n in range(120):
        keyframes.request()
        if keyframes.at(n):
            found.append(n)
    assert found == [0, 30, 60, 90]


def test_a_request_just_after_a_keyframe_waits_for_its_second() -> None:
    keyframes = Keyframes(60, 30)
    keyframes.at(0)
    keyframes.request()
    assert [n for n in range(1, 60) if keyframes.at(n)] == [30]
