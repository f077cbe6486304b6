"""One thread an encoder: raw frames in through a bounded queue, encoded units out by a callback in that thread.

Only raw frames are ever dropped, by the rules of `queue`; encoded units go on, whatever happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final, Generic, Protocol, TypeVar

import av
from prometheus_client import Counter

from ingest.encode.encoder import EncodedUnit
from ingest.program.clock import Clock
from ingest.program.stopwatch import Stopwatch
from webinar.base import log

_log = log.get(__name__)

DROPPED: Final = Counter(
    "webinar_ingest_raw_dropped_total", "Raw frames that an encoder was too late for", ["rendition"]
)
FAILED: Final = Counter("webinar_ingest_encoder_failed_total", "Encoders replaced after an error", ["rendition"])

_FAILURES_IN_A_ROW: Final = 5

_Item = TypeVar("_Item")
_In = TypeVar("_In", contravariant=True)


class Encoder(Protocol[_In]):
    """What a worker drives; see `H264Encoder` and `AudioEncoder`."""

    def encode(self, raw: _In, /) -> Iterable[EncodedUnit]: ...

    def flush(self) -> Iterable[EncodedUnit]: ...


class Queue(Protocol[_Item]):
    """See `PictureQueue` and `SoundQueue`."""

    def __len__(self) -> int: ...

    def push(self, item: _Item, /) -> int: ...

    def pop(self) -> _Item | None: ...


class Worker(threading.Thread, Generic[_Item]):
    """Runs one encoder until `finish()`; replaces it after an error. `offer` never blocks.

    `on_unit(unit)` and, once at the end, `on_end(error)` are called in this thread; `error` is None after a `finish`.
    """

    def __init__(
        self,
        rendition: str,
        queue: Queue[_Item],
        make: Callable[[], Encoder[_Item]],
        on_unit: Callable[[EncodedUnit], None],
        on_end: Callable[[Exception | None], None],
        clock: Clock,
    ) -> None:
        super().__init__(name=f"encode-{rendition}", daemon=True)
        self.rendition = rendition
        self.dropped = 0  # raw frames
        self._queue = queue
        self._make: Callable[[], Encoder[_Item]] = make
        self._on_unit = on_unit
        self._on_end = on_end
        self._work = Stopwatch(clock)
        self._wake = threading.Condition()
        self._finishing = False
        self._busy = True  # until it waits for the first time

    @property
    def idle(self) -> bool:
        """Whether everything that was offered has been encoded."""
        with self._wake:
            return not len(self._queue) and not self._busy

    @property
    def waiting(self) -> int:
        """Raw frames that are queued."""
        with self._wake:
            return len(self._queue)

    @property
    def spent_s(self) -> float:
        """Time spent encoding so far; from any thread, and right to within a frame."""
        return self._work.spent_s

    def offer(self, item: _Item) -> None:
        """Queues a raw frame; when the encoder is late, one is dropped and counted."""
        with self._wake:
            dropped = self._queue.push(item)
            self._wake.notify()
        if dropped:
            self.dropped += dropped
            DROPPED.labels(self.rendition).inc(dropped)

    def finish(self) -> None:
        """Encode what is queued, flush, end. Returns at once; `join()` waits."""
        with self._wake:
            self._finishing = True
            self._wake.notify()

    def run(self) -> None:
        error: Exception | None = None
        try:
            self._encode()
        except Exception as problem:  # noqa: BLE001 - whatever ends this thread must reach the session
            error = problem
        self._on_end(error)

    def _next(self) -> _Item | None:
        with self._wake:
            while not len(self._queue) and not self._finishing:
                self._busy = False
                self._wake.wait()
            self._busy = True
            return self._queue.pop()

    def _encode(self) -> None:
        encoder = self._make()
        failures = 0
        while (item := self._next()) is not None:
            try:
                with self._work.running():
                    for unit in encoder.encode(item):
                        self._on_unit(unit)
                failures = 0
            except av.FFmpegError as problem:
                failures += 1
                FAILED.labels(self.rendition).inc()
                _log.warning("encoder replaced", rendition=self.rendition, error=str(problem))
                if failures >= _FAILURES_IN_A_ROW:
                    raise
                encoder = self._make()
        for unit in encoder.flush():
            self._on_unit(unit)
