"""Ids of live sessions."""

from __future__ import annotations

import time

import pytest

from ingest.session_id import new_id


def test_a_later_session_sorts_behind_the_one_before_whatever_the_clock_says() -> None:
    ahead_ms = time.time_ns() // 1_000_000 + 3_600_000
    first = new_id(f"{ahead_ms:013d}-ffffffffffff")
    assert first.startswith(f"{ahead_ms + 1:013d}-")
    assert first < new_id(first)


@pytest.mark.parametrize("after", ["", "rubbish", "1-a", "0000000000001-a", "9" * 20 + "-a"])
def test_without_a_later_one_before_it_is_the_time_of_now(after: str) -> None:
    assert abs(int(new_id(after).partition("-")[0]) - time.time_ns() // 1_000_000) < 10_000
