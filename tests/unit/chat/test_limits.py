"""chat/limits.py"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat.limits import TokenBucket, Window


def test_three_messages_pass_and_the_fourth_is_told_how_long_to_wait() -> None:
    window = Window(3, 2.0)
    for now in (0.0, 0.5, 0.6):
        assert window.wait("a", now) == 0.0
        window.count("a", now)
    assert window.wait("a", 1.0) == 1.0
    assert window.wait("b", 1.0) == 0.0
    assert window.wait("a", 2.0) == 0.0


def test_a_window_forgets_who_has_been_silent() -> None:
    window = Window(3, 2.0)
    for number in range(100):
        window.count(f"p{number}", float(number))
    window.forget_idle(99.5)
    assert len(window) == 2


@given(st.lists(st.floats(0, 1.5), max_size=60))
def test_no_two_seconds_ever_hold_more_than_three(pauses: list[float]) -> None:
    window, now, passed = Window(3, 2.0), 0.0, [float("-inf")]
    for pause in pauses:
        now += pause
        if window.wait("a", now) == 0.0:
            window.count("a", now)
            passed.append(now)
    assert all(passed[i] - passed[i - 3] >= 2.0 for i in range(3, len(passed)))


def test_a_bucket_lets_its_burst_through_and_then_its_rate() -> None:
    bucket = TokenBucket(10.0, 5.0, 0.0)
    assert [bucket.take(0.0) for _ in range(5)] == [0.0] * 5
    assert 0.0 < bucket.take(0.0) <= 0.1
    assert bucket.take(0.1) == 0.0
    assert sum(bucket.take(100.0) == 0.0 for _ in range(50)) == 5


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = TokenBucket(1.0, 1.0, 10.0)
    assert bucket.take(10.0) == 0.0
    assert bucket.take(0.0) > 0.0
