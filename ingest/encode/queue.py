"""Bounded queues of raw frames, and whose frame goes when an encoder is late. Pure; `worker` adds the lock."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from ingest.encode.ladder import PART_FRAMES
from ingest.program.raw import Picture, Sound

PICTURES: Final = 8  # 0.27 s: more would be latency that never goes away
SOUNDS: Final = 120  # 2 s: sound is small, and a hole in it is heard


class PictureQueue:
    """Drops the newest picture that nothing hangs on.

    Pictures that begin a part stay, so the grid of parts and segments is kept; a keyframe that was asked for moves to
    the next picture. So the queue may hold some more than `PICTURES`: one each third of a second of standstill.
    """

    def __init__(self) -> None:
        self._pictures: deque[Picture] = deque()
        self._force_next = False

    def __len__(self) -> int:
        return len(self._pictures)

    def push(self, picture: Picture) -> int:
        """How many pictures were dropped for this one: 0 or 1."""
        if self._force_next:
            picture, self._force_next = replace(picture, keyframe=True), False
        self._pictures.append(picture)
        if len(self._pictures) <= PICTURES:
            return 0
        for index in reversed(range(len(self._pictures))):
            if self._pictures[index].number % PART_FRAMES:
                self._drop(index)
                return 1
        return 0

    def pop(self) -> Picture | None:
        """The oldest, or None."""
        return self._pictures.popleft() if self._pictures else None

    def _drop(self, index: int) -> None:
        dropped = self._pictures[index]
        del self._pictures[index]
        if not dropped.keyframe:
            return
        if index < len(self._pictures):
            self._pictures[index] = replace(self._pictures[index], keyframe=True)
        else:
            self._force_next = True


class SoundQueue:
    """Drops what comes while it is full; the encoder then has the hole filled by its own clock (`Sound.start`)."""

    def __init__(self) -> None:
        self._sounds: deque[Sound] = deque()

    def __len__(self) -> int:
        return len(self._sounds)

    def push(self, sound: Sound) -> int:
        """How many blocks were dropped: 0 or 1."""
        if len(self._sounds) >= SOUNDS:
            return 1
        self._sounds.append(sound)
        return 0

    def pop(self) -> Sound | None:
        """The oldest, or None."""
        return self._sounds.popleft() if self._sounds else None
