"""Timestamps for frames that are sent all at once to who joins: everything since the last IDR."""

from __future__ import annotations

from typing import Final

BURST_STEP: Final = 90  # ticks between frames of a burst: 1 ms, so that they are decoded at once and not played late
BURST_AHEAD: Final = 1400  # ticks a burst may go beyond what was sent: less than a frame at 60 fps


def stamps(count: int, newest: int, last: int) -> list[int]:
    """Of `count` frames, the newest of them at `newest`; in ticks. `last`: of the frame sent before (-1: none was).

    They end with the newest one's own. Where as much was sent of another rendition already, just after that.
    """
    if last >= 0 and newest - last < count:
        newest = last + min(BURST_STEP * count, BURST_AHEAD)
    step = BURST_STEP if last < 0 else min(BURST_STEP, (newest - last) // count)
    return [newest - (count - 1 - n) * step for n in range(count)]
