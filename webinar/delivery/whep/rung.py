"""One video rendition inside a fan-out: what joiners are sent, and what it costs."""

from __future__ import annotations

from collections import deque
from typing import Final

from ingest.contract import VIDEO_CLOCK
from webinar.delivery.whep.packetizer import Frame, H264Packetizer

MAX_GOP: Final = 300  # frames kept for joiners
RATE_OVER_S: Final = 1.0
# A second with an IDR is two or three times one without: a viewer's estimate is to be held against the mean.
RATE_SMOOTHING: Final = 0.25


class Rung:
    """What is known of one video rendition of the event."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.packetizer: Final = H264Packetizer()
        self.gop: deque[Frame] = deque(maxlen=MAX_GOP)
        self.rate = 0  # bit/s, measured, smoothed over some seconds
        self._bytes = 0
        self._since = 0

    def take(self, frame: Frame) -> None:
        """Keep it for joiners and measure."""
        if frame.keyframe:
            self.gop.clear()
            self.gop.append(frame)
        elif self.gop and len(self.gop) < MAX_GOP:
            self.gop.append(frame)
        else:
            self.gop.clear()  # without its IDR, or too long: of no use to a joiner
        self._bytes += frame.size
        span = frame.ticks - self._since
        if span >= RATE_OVER_S * VIDEO_CLOCK:
            if self._since:
                rate = self._bytes * 8 * VIDEO_CLOCK // span
                self.rate += round((rate - self.rate) * RATE_SMOOTHING) if self.rate else rate
            self._bytes, self._since = 0, frame.ticks


def height(name: str) -> int:
    """720 of "720p": the order of a ladder that nobody has described yet."""
    digits = name.removesuffix("p")
    return int(digits) if digits.isdecimal() else 0
