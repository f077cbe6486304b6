"""Units of one event that wait to be sent, and which of them go when there are too many."""

from __future__ import annotations

from collections import deque
from typing import Final

from ingest.contract import Unit

AUDIO: Final = "opus"
MAX_QUEUE: Final = 200  # units: more than a second of three rungs and sound


class Backlog:
    """First in, first out. Who puts something in looks at `full` before, and sheds."""

    def __init__(self) -> None:
        self.broken: Final[set[str]] = set()  # renditions with units lost: useless until their next IDR
        self._queue: deque[tuple[Unit, float]] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        return len(self._queue) >= MAX_QUEUE

    def put(self, unit: Unit, now_s: float) -> None:
        self._queue.append((unit, now_s))

    def take(self) -> tuple[Unit, float]:
        """The oldest unit and when it was put in."""
        return self._queue.popleft()

    def passes(self, unit: Unit) -> bool:
        """Whether this unit of a picture can be shown: it is an IDR, or nothing before it was lost."""
        if unit.keyframe:
            self.broken.discard(unit.rendition)
        return unit.rendition not in self.broken

    def shed(self) -> int:
        """Makes room: of each rung goes what is older than its newest IDR here, or all where that is not enough.

        Sound is kept: it is small, and people follow a talk by it. Returns how many units went.
        """
        starts = {unit.rendition: n for n, (unit, _) in enumerate(self._queue) if unit.keyframe}
        kept = [
            entry
            for n, entry in enumerate(self._queue)
            if entry[0].rendition == AUDIO or n >= starts.get(entry[0].rendition, MAX_QUEUE)
        ]
        if len(kept) > MAX_QUEUE // 2:
            starts = {}
            kept = [entry for entry in kept if entry[0].rendition == AUDIO][-MAX_QUEUE // 4 :]
        dropped = len(self._queue) - len(kept)
        self.broken.update({unit.rendition for unit, _ in self._queue} - starts.keys() - {AUDIO})
        self._queue.clear()
        self._queue.extend(kept)
        return dropped
