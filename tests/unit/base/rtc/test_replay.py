"""The rollover counter and the replay window against models that remember everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc.replay import ReplayWindow, RolloverCounter


@given(st.integers(0, 0x7FFF), st.lists(st.integers(-2000, 20_000), max_size=80))
def test_the_index_follows_losses_wraps_and_late_packets(first: int, steps: list[int]) -> None:
    counter = RolloverCounter()
    assert counter.index(first) == first
    counter.update(first)
    true = highest = first
    for step in steps:
        true = max(highest + step, 0)
        assert counter.index(true & 0xFFFF) == true
        counter.update(true)
        highest = max(highest, true)


@given(st.lists(st.integers(0, 4000), max_size=300))
def test_the_window_lets_every_fresh_index_pass_once(indexes: list[int]) -> None:
    window, seen = ReplayWindow(), set[int]()
    for index in indexes:
        recent = index > max(seen, default=-1) - ReplayWindow.SIZE
        assert window.fresh(index) == (index not in seen and recent)
        if window.fresh(index):
            window.add(index)
            seen.add(index)
