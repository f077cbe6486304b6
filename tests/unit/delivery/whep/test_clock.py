"""One timeline for every viewer, whichever session the units come from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webinar.delivery.whep.clock import ProgramClock


def test_picture_and_sound_of_one_moment_have_timestamps_of_one_moment() -> None:
    clock = ProgramClock()
    video = clock.video("a", 90_000 * 5, 10.0, 1000.0)
    audio = clock.audio("a", 48_000 * 5, 10.0, 1000.0)
    report = clock.report(10.0)
    assert report is not None
    assert report == (1000.0, video, audio)


def test_reports_run_on_between_units_and_stop_soon_after_the_last() -> None:
    clock = ProgramClock()
    assert clock.report(0.0) is None
    video = clock.video("a", 0, 10.0, 1000.0)
    assert clock.report(10.5) is not None
    assert (clock.report(10.5) or (0, 0, 0))[:2] == (1000.5, video + 45_000)
    assert (clock.report(99.0) or (0, 0, 0))[:2] == (1002.0, video + 180_000)


def test_a_unit_that_comes_late_does_not_move_the_relation_of_the_clocks() -> None:
    clock = ProgramClock()
    base = clock.video("a", 0, 0.0, 1000.0)
    for n in range(1, 100):
        clock.video("a", n * 3000, n / 30 + (0.3 if n % 10 == 0 else 0.0), 5000.0)
        wall_s, video, _ = clock.report(n / 30) or (0.0, 0, 0)
        assert abs((wall_s - 1000.0) * 90_000 - (video - base)) < 1


def test_a_new_session_goes_on_where_the_old_one_stopped() -> None:
    clock = ProgramClock()
    video = clock.video("a", 900_000, 10.0, 1000.0)
    audio = clock.audio("a", 480_000, 10.0, 1000.0)
    again = clock.video("b", 0, 13.0, 1003.0)
    heard = clock.audio("b", 0, 13.0, 1003.0)
    assert 3.0 <= (again - video) / 90_000 < 3.1
    assert abs((again - video) / 90_000 - (heard - audio) / 48_000) < 0.001
    wall_s, _, _ = clock.report(13.0) or (0.0, 0, 0)
    assert 1003.0 <= wall_s < 1003.1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9000)), min_size=2, max_size=60))
def test_timestamps_never_go_back_within_a_rendition(steps: list[tuple[int, int]]) -> None:
    clock, now_s, pts, session, last = ProgramClock(), 0.0, 0, 0, -1
    for change, step in steps:
        if change == 0:
            session, pts = session + 1, 0
        now_s += step / 90_000
        pts += step
        ticks = clock.video(str(session), pts, now_s, 1000.0 + now_s)
        assert ticks > last
        last = ticks
