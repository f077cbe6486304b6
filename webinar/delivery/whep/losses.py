"""What is lost on a viewer's way, by the counters of its receiver reports. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

from webinar.base.rtc.rtcp import ReportBlock

OVERTAKEN: Final = 1000  # packets that a report may lie behind another one; further back, its sender began anew
LATE_S: Final = 0.15  # for so long a packet that is missing may still be on its way
_MOST: Final = 64  # reports remembered


class LossCounter:
    """Loss since the last report, not counting what merely comes late.

    A report says lost of everything that newer packets have overtaken: on a way with jitter that is half of a keyframe
    for some milliseconds, and Chromium sends a report with every NACK, up to 40 a second. So a report is believed when
    those of the next 150 ms have not taken it back. A receiver that reports seldom is believed at once.
    """

    def __init__(self) -> None:
        self._reports: deque[tuple[float, int, int]] = deque(maxlen=_MOST)  # when, highest number, lost
        self._counted = (0, 0)  # highest sequence number and packets lost, as far as they were given out
        self._counts = False  # some tell only the fraction

    def take(self, block: ReportBlock, now_s: float) -> tuple[float, int]:
        """(share, number of packets) since the last call; 0 packets when there is nothing new to say.

        By the counters: the fraction that a report tells never falls below 0, so it hides what came late after all.
        """
        self._counts = self._counts or block.total_lost != 0
        counted, counted_lost = self._counted
        if counted == 0:
            self._counted = (block.highest_sequence, block.total_lost)
            return block.fraction_lost, 1
        newest = self._reports[-1][1] if self._reports else counted
        if block.highest_sequence < newest - OVERTAKEN:
            self._reports.clear()
            self._counted = (block.highest_sequence, block.total_lost)
            return block.fraction_lost, 1
        if block.highest_sequence >= newest:  # else it was overtaken on its way
            self._reports.append((now_s, block.highest_sequence, block.total_lost))
        while self._reports and self._reports[0][0] < now_s - LATE_S:
            self._reports.popleft()
        if not self._reports:
            return 0.0, 0
        highest, lost = self._reports[0][1], min(lost for _, _, lost in self._reports)
        packets = highest - counted
        if packets <= 0:
            return 0.0, 0
        self._counted = (highest, lost)
        return ((lost - counted_lost) / packets if self._counts else block.fraction_lost), packets
