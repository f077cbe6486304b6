"""One thread an encoder: raw frames in through a bounded queue, encoded units out by a callback in that thread.

When the encoder is late, raw pictures are dropped, newest first among those that nothing hangs on: pictures that begin
a part stay, so the grid of parts and segments is kept, and a keyframe that was asked for moves to the next picture.
Encoded units are never dropped here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

import av
from prometheus_client import Counter

from ingest.encode.encoder import EncodedUnit, Picture, Sound
from ingest.encode.ladder import PART_FRAMES
from webinar.base import log

_log = log.get(__name__)

DROPPED: Final = Counter(
    "webinar_ingest_raw_dropped_total", "Raw frames that an encoder was too late for", ["rendition"]
)
FAILED: Final = Counter("webinar_ingest_encoder_failed_total", "Encoders replaced after an error", ["rendition"])

_PICTURES: Final = 8  # 0.27 s: more would be latency that never goes away
_SOUNDS: Final = 120  # 2 s: sound is small and a hole in it is heard
_FAILURES_IN_A_ROW: Final = 5

_Raw = TypeVar("_Raw", contravariant=True)


class Encoder(Protocol[_Raw]):
    """What a worker drives; see `H264Encoder` and `AudioEncoder`."""

    def encode(self, raw: _Raw, /) -> Iterable[EncodedUnit]: ...

    def flush(self) -> Iterable[EncodedUnit]: ...


_Item = TypeVar("_Item", Picture, Sound)


class Worker(threading.Thread, Generic[_Item]):
    """Runs one encoder until `finish()`; replaces it after an error. `offer` never blocks.

    `on_unit(unit)` and, at the end, `on_end(error)` are called in this thread; `error` is None after a `finish`.
    """

    def __init__(
        self,
        rendition: str,
        make: Callable[[], Encoder[_Item]],
        on_unit: Callable[[EncodedUnit], None],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(name=f"encode-{rendition}", daemon=True)
        self.rendition = rendition
        self.dropped = 0
        self._make = make
        self._on_unit = on_unit
        self._on_end = on_end
        self._queue: deque[_Item] = deque()
        self._wake = threading.Condition()
        self._finishing = False
        self._force_next = False

    def offer(self, item: _Item) -> None:
        """Queues a raw frame; when the encoder is late, one is dropped and counted."""
        with self._wake:
            if isinstance(item, Picture):
                self._offer_picture(item)
            elif len(self._queue) < _SOUNDS:
                self._queue.append(item)
            else:
                self._count_drop()
            self._wake.notify()

    def finish(self) -> None:
        """Encode what is queued, flush, end. Returns at once; `join()` waits."""
        with self._wake:
            self._finishing = True
            self._wake.notify()

    def _offer_picture(self, picture: Picture) -> None:
        if self._force_next:
            picture, self._force_next = replace(picture, keyframe=True), False
        self._queue.append(picture)
        if len(self._queue) <= _PICTURES:
            return
        for index in range(len(self._queue) - 1, -1, -1):
            candidate = self._queue[index]
            if isinstance(candidate, Picture) and candidate.number % PART_FRAMES:
                del self._queue[index]
                self._count_drop()
                if candidate.keyframe:
                    self._move_keyframe(index)
                return

    def _move_keyframe(self, index: int) -> None:
        if index < len(self._queue):
            following = self._queue[index]
            if isinstance(following, Picture):
                self._queue[index] = replace(following, keyframe=True)
        else:
            self._force_next = True

    def _count_drop(self) -> None:
        self.dropped += 1
        DROPPED.labels(self.rendition).inc()

    def _next(self) -> _Item | None:
        with self._wake:
            while not self._queue and not self._finishing:
                self._wake.wait()
            return self._queue.popleft() if self._queue else None

    def run(self) -> None:
        error: BaseException | None = None
        try:
            self._encode()
        except Exception as problem:  # noqa: BLE001 - whatever ends this thread must reach the session
            error = problem
        self._on_end(error)

    def _encode(self) -> None:
        encoder = self._make()
        failures = 0
        while (item := self._next()) is not None:
            try:
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
