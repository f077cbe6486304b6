"""Audio and video on one timeline, from the sender reports' (NTP, RTP) pairs (RFC 3550, 6.4.1).

    capture time = RTP timestamp / clock rate + offset of the track

Each track's offset is first taken from arrivals. A report gives it in the sender's NTP time; one number for all tracks
of the publisher, the anchor, carries NTP time over to the local monotonic clock. The first report sets the anchor such
that its track does not move; the other track then moves onto it.
"""

from __future__ import annotations

from typing import Final

# A correction is spread over the time that follows, at this share of it: 40 ms take 0.8 s.
SLEW: Final = 0.05
# More than this is no drift: another clock, or a sender whose clock was set.
STEP_S: Final = 0.5
# RTP time and arrival drift apart by more than this from one packet to the next: the timestamps were restarted.
RESTART_S: Final = 10.0
_SHORTEST_S: Final = 1e-4


class SenderClock:
    """What all tracks of one publisher share: local monotonic time = NTP time + `anchor_s`."""

    def __init__(self) -> None:
        self.anchor_s: float | None = None


class TrackTimeline:
    """Capture times of one SSRC. Pure: arrivals come in as `time.monotonic()` seconds."""

    def __init__(self, clock_rate: int, clock: SenderClock, not_before_s: float | None = None) -> None:
        self._rate = clock_rate
        self._clock = clock
        self._target: float | None = None  # the offset as far as it is known
        self._offset = 0.0  # the one in use, on its way to the target
        self._last_media = 0.0
        self._last_arrival = 0.0
        self._last_capture = not_before_s
        self._reported: tuple[float, float] | None = None  # NTP time and arrival of the last report
        self.synchronized = False

    @property
    def last_capture_s(self) -> float | None:
        return self._last_capture

    def capture(self, timestamp: int, arrival_s: float) -> float:
        """Capture time of the frame with this extended RTP timestamp; grows from call to call."""
        media = timestamp / self._rate
        if self._target is None or self._restarted(media, arrival_s):
            self._begin(arrival_s - media)
        elif not self.synchronized:
            # The packet that was least delayed on its way tells most about when it was captured.
            self._target = min(self._target, arrival_s - media)
        self._slew(media)
        self._last_media, self._last_arrival = media, arrival_s
        capture = media + self._offset
        if self._last_capture is not None and capture <= self._last_capture:
            capture = self._last_capture + _SHORTEST_S
        self._last_capture = capture
        return capture

    def report(self, ntp_s: float, timestamp: int, arrival_s: float) -> None:
        """A sender report: `ntp_s` in seconds since 1900, the extended RTP timestamp of the same moment."""
        if self._target is None or abs(timestamp / self._rate - self._last_media) > RESTART_S:
            return
        from_ntp = ntp_s - timestamp / self._rate
        if self._clock.anchor_s is None:
            self._clock.anchor_s = self._target - from_ntp
        target = from_ntp + self._clock.anchor_s
        if abs(target - self._target) > STEP_S:
            if self.synchronized and self._was_set(ntp_s, arrival_s):
                # The sender's clock was set. The media did not jump: the anchor does, for the other track too.
                self._clock.anchor_s -= target - self._target
                target = self._target
            else:
                # The first report; or the media's clock stood still, as sound's does when capturing it is held up.
                self._offset = target
        self._target = target
        self._reported = ntp_s, arrival_s
        self.synchronized = True

    def _was_set(self, ntp_s: float, arrival_s: float) -> bool:
        """Whether the sender's clock did not go on from the last report as ours did."""
        if self._reported is None:
            return True
        before_s, then_s = self._reported
        return abs((ntp_s - before_s) - (arrival_s - then_s)) > STEP_S / 2

    def _restarted(self, media: float, arrival_s: float) -> bool:
        return abs((media - self._last_media) - (arrival_s - self._last_arrival)) > RESTART_S

    def _begin(self, offset: float) -> None:
        if self._target is not None:
            self._clock.anchor_s = None
        self._reported = None
        self._target = self._offset = offset
        self.synchronized = False

    def _slew(self, media: float) -> None:
        assert self._target is not None  # noqa: S101 - for the type checker
        most = max(0.0, media - self._last_media) * SLEW if self._last_arrival else 0.0
        self._offset += max(-most, min(most, self._target - self._offset))


def ntp_seconds(ntp: int) -> float:
    """A 64-bit NTP timestamp as seconds since 1900 (RFC 5905, 6); exact to about a microsecond."""
    return ntp / (1 << 32)
