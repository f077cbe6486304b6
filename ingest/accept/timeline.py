"""Audio and video on one timeline, from the sender reports' (NTP, RTP) pairs (RFC 3550, 6.4.1).

    capture time = RTP timestamp / clock rate + offset of the track

Each track's offset is first taken from arrivals: what was least delayed on its way tells most about when it was
captured. A report gives it in the sender's NTP time; one number for all tracks of the publisher, the anchor, carries
NTP time over to the local monotonic clock. The first report sets the anchor such that its track does not move; the
other track then moves onto it.

Some senders begin with a burst of what they made while they connected: it is old, and the offset steps to the present;
an anchor that was made of it is given up, and the next report makes another.
Some send wrong reports: GStreamer 1.22's webrtcbin adds the running time of its pipeline to the last timestamp it sent.
Who reports to be further than the packets are is not believed any more; arrivals count again.
"""

from __future__ import annotations

import math
from typing import Final

# A correction is spread over the time that follows, at this share of it: 40 ms take 0.8 s.
SLEW: Final = 0.05
# More than this is no drift: another clock, or a sender whose clock was set.
STEP_S: Final = 0.5
# RTP time and arrival drift apart by more than this from one packet to the next: the timestamps were restarted.
RESTART_S: Final = 10.0
# A frame that would have been captured so long after it came shows that those before it were old.
BURST_S: Final = 0.1
# The same once there is an anchor: it was made of one track, and the other may be delayed less by some 0.1 s.
ANCHORED_BURST_S: Final = 0.25
# So long an anchor may turn out to be made of a burst. Later, two clocks that drift apart would look the same.
YOUNG_S: Final = 5.0
_SHORTEST_S: Final = 1e-4


class SenderClock:
    """What all tracks of one publisher share: local monotonic time = NTP time + `anchor_s`."""

    def __init__(self) -> None:
        self.anchor_s: float | None = None
        self.anchored_at_s = 0.0  # arrival of the report it was made of
        self.given_up = 0  # anchors; what a track knows of an earlier one is worth nothing
        self.trusted = True  # the reports agree with the packets


class TrackTimeline:
    """Capture times of one SSRC. Pure: arrivals come in as `time.monotonic()` seconds."""

    def __init__(self, clock_rate: int, clock: SenderClock, not_before_s: float | None = None) -> None:
        self._rate = clock_rate
        self._clock = clock
        self._target: float | None = None  # the offset as far as it is known
        self._offset = 0.0  # the one in use, on its way to the target
        self._given_up = clock.given_up  # anchors before the one the target is made with
        self._last_media = 0.0
        self._last_arrival = 0.0
        self._last_capture = not_before_s
        self._reported: tuple[float, float] | None = None  # NTP time and arrival of the last report
        # Arrival minus media time of the least delayed frame, ever and since the last report.
        self._least = self._lately = math.inf
        self._lag = 0.0  # of the last frame before that report: by how much the same was more than the target
        self.synchronized = False

    @property
    def last_capture_s(self) -> float | None:
        return self._last_capture

    def capture(self, timestamp: int, arrival_s: float) -> float:
        """Capture time of the frame with this extended RTP timestamp; grows from call to call."""
        media = timestamp / self._rate
        seen = arrival_s - media
        if self._target is None or self._restarted(media, arrival_s):
            self._begin(seen)
        self._least, self._lately = min(self._least, seen), min(self._lately, seen)
        self._aim(seen, arrival_s)
        self._slew(media)
        self._last_media, self._last_arrival = media, arrival_s
        capture = media + self._offset
        if self._last_capture is not None and capture <= self._last_capture:
            capture = self._last_capture + _SHORTEST_S
        self._last_capture = capture
        return capture

    def report(self, ntp_s: float, timestamp: int, arrival_s: float) -> None:
        """A sender report: `ntp_s` in seconds since 1900, the extended RTP timestamp of the same moment."""
        clock = self._clock
        if self._target is None or abs(timestamp / self._rate - self._last_media) > RESTART_S or not clock.trusted:
            return
        self._follow()
        from_ntp = ntp_s - timestamp / self._rate
        if clock.anchor_s is None:
            clock.anchor_s, clock.anchored_at_s = self._target - from_ntp, arrival_s
        target = from_ntp + clock.anchor_s
        if abs(target - self._target) > STEP_S:
            if self.synchronized and self._was_set(ntp_s, arrival_s):
                # The sender's clock was set. The media did not jump: the anchor does, for the other track too.
                clock.anchor_s -= target - self._target
                target = self._target
            elif self.synchronized and self._runs_ahead(target - self._target):
                clock.trusted = False
                return
            else:
                # The first report; or the media's clock stood still, as sound's does when capturing it is held up.
                self._offset = target
        self._target = target
        self._reported = ntp_s, arrival_s
        self._lag, self._lately = self._last_arrival - self._last_media - target, math.inf
        self.synchronized = True

    def _aim(self, seen: float, arrival_s: float) -> None:
        """The target, after a frame whose arrival minus media time was `seen`."""
        clock = self._clock
        is_young = clock.anchor_s is not None and arrival_s - clock.anchored_at_s < YOUNG_S
        if self.synchronized and is_young and self._known - seen > ANCHORED_BURST_S:
            clock.anchor_s = None
            clock.given_up += 1
        self._follow()
        if not self.synchronized:
            self._target = self._least
            if self._offset - self._least > BURST_S:
                self._offset = self._least

    def _follow(self) -> None:
        """Takes over what the other track found out about the clock they share."""
        is_given_up, self._given_up = self._given_up < self._clock.given_up, self._clock.given_up
        if self.synchronized and (is_given_up or not self._clock.trusted):
            self._target, self.synchronized = self._least, False
            if abs(self._least - self._offset) > STEP_S:
                self._offset = self._least

    def _runs_ahead(self, shift: float) -> bool:
        """Whether the report's RTP time went on faster than NTP time (`shift` below 0), and the packets' did not."""
        return self._lately < math.inf and self._lately - self._known - self._lag > shift / 2

    @property
    def _known(self) -> float:
        assert self._target is not None  # noqa: S101 - for the type checker
        return self._target

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
        self._target = self._offset = self._least = offset
        self._lately, self._lag = math.inf, 0.0
        self.synchronized = False

    def _slew(self, media: float) -> None:
        most = max(0.0, media - self._last_media) * SLEW if self._last_arrival else 0.0
        self._offset += max(-most, min(most, self._known - self._offset))


def ntp_seconds(ntp: int) -> float:
    """A 64-bit NTP timestamp as seconds since 1900 (RFC 5905, 6); exact to about a microsecond."""
    return ntp / (1 << 32)
