"""Who goes when an encoder is late."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.encode.ladder import PART_FRAMES
from ingest.encode.queue import PICTURES, SOUNDS, PictureQueue, SoundQueue
from ingest.program.raw import Picture, Sound
from tests.media.encoded import frame

_FRAME = frame(0)


def _pictures(pushed: int, pops: set[int], forced: set[int]) -> tuple[list[Picture], int]:
    queue, out, dropped = PictureQueue(), [], 0
    for n in range(pushed):
        dropped += queue.push(Picture(n, _FRAME, n % 60 == 0 or n in forced))
        if n in pops and (picture := queue.pop()) is not None:
            out.append(picture)
    while (picture := queue.pop()) is not None:
        out.append(picture)
    return out, dropped


@given(st.sets(st.integers(0, 299)), st.sets(st.integers(0, 299)))
def test_whatever_is_late_the_grid_stays_and_numbers_grow(pops: set[int], forced: set[int]) -> None:
    out, dropped = _pictures(300, pops, forced)
    numbers = [p.number for p in out]
    assert numbers == sorted(set(numbers))
    assert set(range(0, 300, PART_FRAMES)) <= set(numbers)
    assert all(p.keyframe for p in out if p.number % 60 == 0)
    assert len(out) + dropped == 300


@given(st.sets(st.integers(0, 299)), st.sets(st.integers(0, 298)))
def test_a_keyframe_asked_for_is_never_lost(pops: set[int], forced: set[int]) -> None:
    out, _ = _pictures(300, pops, forced)
    for n in forced:
        following = [p for p in out if p.number >= n]
        assert not following or following[0].keyframe


def test_a_queue_that_is_kept_up_with_drops_nothing() -> None:
    out, dropped = _pictures(300, set(range(300)), set())
    assert dropped == 0
    assert len(out) == 300


def test_a_dropped_forced_keyframe_moves_to_the_next_picture() -> None:
    queue = PictureQueue()
    for n in range(1, PICTURES + 1):
        queue.push(Picture(n, _FRAME, False))
    assert queue.push(Picture(PICTURES + 1, _FRAME, True)) == 1
    queue.pop()
    queue.push(Picture(PICTURES + 2, _FRAME, False))
    rest = [queue.pop() for _ in range(len(queue))]
    assert [p.number for p in rest if p is not None and p.keyframe] == [PICTURES + 2]


def test_a_full_queue_of_sound_drops_what_comes() -> None:
    queue = SoundQueue()
    block = np.zeros((800, 2), np.float32)
    assert sum(queue.push(Sound(n * 800, block)) for n in range(SOUNDS + 5)) == 5
    first = queue.pop()
    assert first is not None
    assert first.start == 0
