"""The live edge of one rendition: the segments and parts a playlist may name. Pure: no clock, no socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK, InitSegment, Part, StoredSegment

# rfc8216bis section 4.4.3.1 asks for three target durations; players of Apple want more to start well.
WINDOW_SEGMENTS: Final = 8
# Segments that stay readable after they left the playlist, for players that had just read it (section 6.2.2).
GRACE_SEGMENTS: Final = 4


class Gap(Exception):
    """A part that does not follow the last one: something was lost on the way, a snapshot is needed."""


@dataclass(slots=True)
class WindowPart:
    """One part as a playlist names it."""

    duration_s: float
    independent: bool
    payload: bytes


@dataclass(slots=True)
class WindowSegment:
    """One segment, whole or still growing."""

    msn: int
    start_s: float  # program time
    parts: list[WindowPart] = field(default_factory=list)
    complete: bool = False
    ticks: int = 0  # duration in the time base of the track's kind

    @property
    def duration_s(self) -> float:
        return sum(p.duration_s for p in self.parts)

    @property
    def payload(self) -> bytes:
        return b"".join(p.payload for p in self.parts)


class Window:
    """Takes parts in order, keeps the last segments."""

    def __init__(self, init: InitSegment) -> None:
        self.init = init
        self.version = 0  # counts every change, for caches of rendered playlists
        self.ended = False
        # Every finished segment this window has seen, by msn: for the playlist of the whole event, until the index
        # names it. Whether the store has it is said there alone.
        self.finished: dict[int, StoredSegment] = {}
        self.finished_end = 0  # the msn after the newest of them
        self._clock = VIDEO_CLOCK if init.rendition.kind == "video" else AUDIO_CLOCK
        self._segments: deque[WindowSegment] = deque()
        self._bits = 0
        self._seconds = 0.0
        self._peak = 0.0

    def add(self, part: Part) -> bool:
        """Takes the next part; false for one that is known already. Raises `Gap` for one that does not follow."""
        last = self._segments[-1] if self._segments else None
        if last is not None:
            expected = (last.msn + 1, 0) if last.complete else (last.msn, len(last.parts))
            if (part.msn, part.part) < expected:
                return False
            if (part.msn, part.part) != expected:
                raise Gap(f"{self.init.rendition.name}: {part.msn}.{part.part} came, {expected} was due")
        elif part.part != 0:
            raise Gap(f"{self.init.rendition.name}: {part.msn}.{part.part} came first")
        if last is None or last.complete:
            last = WindowSegment(part.msn, part.pts / self._clock)
            self._segments.append(last)
        last.parts.append(WindowPart(part.duration / self._clock, part.independent, part.payload))
        last.ticks += part.duration
        if part.last:
            self._complete(last)
            self.finished[last.msn] = StoredSegment(last.ticks, len(last.payload))
            self.finished_end = last.msn + 1
        self.version += 1
        return True

    def end(self) -> None:
        """No part follows: the growing segment is the last one."""
        if self._segments and not self._segments[-1].complete:
            self._complete(self._segments[-1])
        self.ended = True
        self.version += 1

    def _complete(self, segment: WindowSegment) -> None:
        segment.complete = True
        seconds = segment.duration_s
        bits = 8 * len(segment.payload)
        self._bits += bits
        self._seconds += seconds
        if seconds > 0.5:  # a torn last segment says nothing about the bandwidth needed
            self._peak = max(self._peak, bits / seconds)
        while len(self._segments) > WINDOW_SEGMENTS + GRACE_SEGMENTS + 1:
            self._segments.popleft()

    @property
    def next_position(self) -> tuple[int, int]:
        """(msn, part) of the part that comes next."""
        if not self._segments:
            return 0, 0
        last = self._segments[-1]
        return (last.msn + 1, 0) if last.complete else (last.msn, len(last.parts))

    @property
    def last_position(self) -> tuple[int, int] | None:
        """(msn, part) of the newest part."""
        if not self._segments:
            return None
        last = self._segments[-1]
        return last.msn, len(last.parts) - 1

    def has(self, msn: int, part: int | None) -> bool:
        """Whether the playlist has come as far as this segment (part None: all of it) or part.

        A part number beyond the end of a finished segment means the first part of the next one
        (rfc8216bis section 6.2.5.2).
        """
        next_msn, next_part = self.next_position
        if part is None:
            return msn < next_msn
        if msn < next_msn:
            segment = self.segment(msn)
            if segment is not None and part >= len(segment.parts):
                return self.has(msn + 1, 0)
            return True
        return msn == next_msn and part < next_part

    def listed(self) -> Iterator[WindowSegment]:
        """Segments of the playlist, oldest first, the growing one last."""
        complete = sum(1 for s in self._segments if s.complete)
        skip = max(0, complete - WINDOW_SEGMENTS)
        return (s for i, s in enumerate(self._segments) if i >= skip)

    def segment(self, msn: int) -> WindowSegment | None:
        """A segment that is still readable, also one that just left the playlist."""
        if not self._segments:
            return None
        index = msn - self._segments[0].msn
        return self._segments[index] if 0 <= index < len(self._segments) else None

    @property
    def average_bandwidth(self) -> int:
        """bit/s over all finished segments; before the first, what the encoder was asked for."""
        return int(self._bits / self._seconds) if self._seconds > 1 else self.init.rendition.bitrate

    @property
    def peak_bandwidth(self) -> int:
        """bit/s of the heaviest segment, and never below what the encoder was asked for."""
        return max(int(self._peak), self.init.rendition.bitrate)
