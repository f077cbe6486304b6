"""The thread around an encoder."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import av

from ingest.encode.encoder import EncodedUnit
from ingest.encode.queue import PictureQueue
from ingest.encode.worker import Worker
from ingest.program.clock import SystemClock
from ingest.program.raw import Picture
from tests.media.encoded import frame

_FRAME = frame(0)


class _Encoder:
    """Fails at given pictures, waits for `gate`."""

    def __init__(self, gate: threading.Event, failing: frozenset[int]) -> None:
        self._gate = gate
        self._failing = failing

    def encode(self, raw: Picture) -> Iterator[EncodedUnit]:
        self._gate.wait()
        if raw.number in self._failing:
            raise av.FFmpegError(1, "broken")
        yield EncodedUnit(raw.number, 1, raw.keyframe, b"x")

    def flush(self) -> Iterable[EncodedUnit]:
        yield EncodedUnit(-1, 1, False, b"end")


class _Run:
    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.gate = threading.Event()
        self.units: list[int] = []
        self.ended: list[Exception | None] = []
        self.made = 0
        self._failing = failing
        put = lambda unit: self.units.append(unit.pts)  # noqa: E731
        self.worker = Worker("test", PictureQueue(), self._make, put, self.ended.append, SystemClock())
        self.worker.start()

    def _make(self) -> _Encoder:
        self.made += 1
        return _Encoder(self.gate, self._failing)


def test_everything_queued_is_encoded_and_flushed_before_the_end() -> None:
    run = _Run()
    for n in range(8):
        run.worker.offer(Picture(n, _FRAME, n == 0))
    run.worker.finish()
    run.gate.set()
    run.worker.join(5)
    assert run.units == [*range(8), -1]
    assert run.ended == [None]


def test_offering_to_an_encoder_that_stands_still_returns_at_once_and_counts() -> None:
    run = _Run()
    for n in range(60):
        run.worker.offer(Picture(n, _FRAME, n == 0))
    assert run.worker.dropped >= 60 - 8 - 6 - 1
    run.gate.set()
    run.worker.finish()
    run.worker.join(5)
    assert {0, 10, 20, 30, 40, 50} <= set(run.units)


def test_an_encoder_that_fails_is_replaced_and_the_program_goes_on() -> None:
    run = _Run(frozenset({2}))
    run.gate.set()
    for n in range(5):
        run.worker.offer(Picture(n, _FRAME, n == 0))
    run.worker.finish()
    run.worker.join(5)
    assert run.units == [0, 1, 3, 4, -1]
    assert (run.made, run.ended) == (2, [None])


def test_an_encoder_that_always_fails_is_reported() -> None:
    run = _Run(frozenset(range(10)))
    run.gate.set()
    for n in range(6):
        run.worker.offer(Picture(n, _FRAME, n == 0))
    run.worker.join(5)
    assert len(run.ended) == 1
    assert isinstance(run.ended[0], av.FFmpegError)
