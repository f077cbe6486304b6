"""chat/recall.py: what one frame holds of the log."""

from __future__ import annotations

from chat.recall import newest, oldest
from chat.room import PAGE_BYTES


def test_a_page_of_long_events_is_cut_at_its_far_end() -> None:
    events = [bytes([number]) * 3000 for number in range(100)]
    held = PAGE_BYTES // 3000
    assert oldest(events) == events[:held]
    assert newest(events) == events[-held:]


def test_a_page_of_short_events_is_whole_and_a_longer_one_comes_alone() -> None:
    assert oldest([b"a"] * 100) == newest([b"a"] * 100) == [b"a"] * 100
    events = [b"a" * 2 * PAGE_BYTES, b"b" * 2 * PAGE_BYTES]
    assert oldest(events) == events[:1]
    assert newest(events) == events[1:]
    assert oldest([]) == newest([]) == []
