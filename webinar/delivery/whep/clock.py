"""The program clock as RTP timestamps and NTP times. Pure."""

from __future__ import annotations

import secrets
from typing import Final

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK

MAX_HOLD_S: Final = 2.0  # how far a sender report may run on after the last unit


class ProgramClock:
    """One timeline for all viewers of an event, also across live sessions.

    A new live session (ingest was replaced) begins its pts at 0 again; here it goes on where the last one stopped,
    so viewers stay connected. Audio and video share one time, and sender reports give it as NTP: that is what keeps
    lips in step (RFC 3550 section 6.4.1). `now_s` is a monotonic clock, `wall_s` seconds since 1970.
    """

    def __init__(self) -> None:
        # RFC 3550 section 5.1: timestamps begin at random.
        self._video_base = secrets.randbits(31)
        self._audio_base = secrets.randbits(31)
        self._session = ""
        self._shift_s = 0.0
        self._anchor_wall_s = 0.0
        self._last_s = 0.0
        self._last_now_s: float | None = None

    def video(self, session_id: str, pts: int, now_s: float, wall_s: float) -> int:
        """RTP timestamp, not cut to 32 bits, of a video unit."""
        self._observe(session_id, pts / VIDEO_CLOCK, now_s, wall_s)
        return self._video_base + pts + round(self._shift_s * VIDEO_CLOCK)

    def audio(self, session_id: str, pts: int, now_s: float, wall_s: float) -> int:
        """RTP timestamp, not cut to 32 bits, of an Opus packet."""
        self._observe(session_id, pts / AUDIO_CLOCK, now_s, wall_s)
        return self._audio_base + pts + round(self._shift_s * AUDIO_CLOCK)

    def report(self, now_s: float) -> tuple[float, int, int] | None:
        """(wall time in s, video timestamp, audio timestamp) of this moment, or None before the first unit."""
        if self._last_now_s is None:
            return None
        program_s = self._last_s + min(max(now_s - self._last_now_s, 0.0), MAX_HOLD_S)
        return (
            self._anchor_wall_s + program_s,
            self._video_base + round(program_s * VIDEO_CLOCK),
            self._audio_base + round(program_s * AUDIO_CLOCK),
        )

    def _observe(self, session_id: str, unit_s: float, now_s: float, wall_s: float) -> None:
        if self._last_now_s is None:
            self._anchor_wall_s = wall_s - unit_s
        elif session_id != self._session:
            self._shift_s = self._last_s + max(now_s - self._last_now_s, 0.0) + 0.02 - unit_s
        self._session = session_id
        program_s = unit_s + self._shift_s
        if self._last_now_s is None or program_s >= self._last_s:
            self._last_s = program_s
            self._last_now_s = now_s
