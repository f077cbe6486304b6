"""The thread that writes the recording from encoded samples."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from ingest.contract import MediaKind
from ingest.package.boxes import Run, Sample, Track, fragment
from ingest.record.digest import Digest
from ingest.record.movie import GROUP_BYTES, HEAD, PLACE, SampleTable, close_file, opening, sync_folder, write_all
from webinar.base import log

_log = log.get(__name__)

LOST: Final = Counter("webinar_recording_lost_samples_total", "Encoded frames that the recording does not have")

_FRAGMENT_S: Final = 0.5
_HASHED_AT_ONCE: Final = 4 * 1024 * 1024  # with each fragment: some ms, and many times what is written
_MOST_BYTES: Final = 64 * 1024 * 1024  # about four minutes: a disk that stalls for longer costs recording


class Recorder(threading.Thread):
    """Writes `path` until `finish()`. `put` and `describe` may be called from any thread and never wait for the disk.

    `saved_s` is the program time up to which everything is on the disk. A disk that refuses (full, broken) costs the
    fragments it refused: they are cut out, the picture before them stands, writing is tried again with each keyframe
    (every two seconds, at most every second). When it refused from the start, the file begins with the first keyframe
    it took. Meanwhile `problem` says what is wrong. `on_end(error)` is called once in this thread.
    """

    def __init__(
        self, path: Path, on_end: Callable[[Exception | None], None], *, group_bytes: int = GROUP_BYTES
    ) -> None:
        super().__init__(name="recorder", daemon=True)
        self.path = path
        self.saved_s = 0.0
        self.duration_s = 0.0  # of the closed file
        self.sha256 = ""  # of the closed file; "" when it could not be read back
        self.lost = 0  # samples
        self.problem = ""  # see `LiveStatus.recording_problem`
        self._on_end = on_end
        self._group_bytes = group_bytes
        self._tracks: dict[MediaKind, Track] = {}
        self._queue: deque[tuple[MediaKind, Sample]] = deque()
        self._queued_bytes = 0
        self._wake = threading.Condition()
        self._finishing = False
        self._waiting_for_sync = False
        self._fd = -1
        self._begins_s: float | None = 0.0  # program time at which the file begins; None: with the next sample
        self._size = 0
        self._heads = [len(HEAD)]  # offsets of the groups of fragments
        self._digest: Digest | None = Digest()
        self._sequence = 0
        self._tables: dict[MediaKind, SampleTable] = {}
        self._pending: dict[MediaKind, list[Sample]] = {"video": [], "audio": []}

    @property
    def heads(self) -> tuple[int, ...]:
        """Offsets of the groups of fragments in the file so far, none before it is there. From any thread."""
        return tuple(self._heads) if self.saved_s else ()

    def describe(self, track: Track) -> None:
        """The video and the audio track; nothing is written before both are known."""
        with self._wake:
            self._tracks[track.kind] = track
            self._wake.notify()

    def put(self, kind: MediaKind, sample: Sample) -> None:
        """The next sample of a track."""
        with self._wake:
            if self._waiting_for_sync and kind == "video" and sample.sync and self._queued_bytes < _MOST_BYTES // 2:
                self._waiting_for_sync = False
            elif self._queued_bytes + len(sample.data) > _MOST_BYTES:
                self._waiting_for_sync = True
                self.problem = "disk_slow"
            if self._waiting_for_sync:
                self._lose(1)
                return
            self._queue.append((kind, sample))
            self._queued_bytes += len(sample.data)
            self._wake.notify()

    def finish(self) -> None:
        """Write what is queued, close the file, end. Returns at once; `join()` waits."""
        with self._wake:
            self._finishing = True
            self._wake.notify()

    def run(self) -> None:
        error: Exception | None = None
        try:
            self._write_all()
        except Exception as problem:  # noqa: BLE001 - whatever ends this thread must reach the session
            error = problem
            self.problem = _named(problem)
        finally:
            if self._fd >= 0:
                os.close(self._fd)
        self._on_end(error)

    def _lose(self, count: int) -> None:
        self.lost += count
        LOST.inc(count)

    def _next(self) -> tuple[MediaKind, Sample] | None:
        with self._wake:
            while not self._finishing and (not self._queue or len(self._tracks) < 2):
                self._wake.wait()
            if not self._queue or len(self._tracks) < 2:
                return None
            kind, sample = self._queue.popleft()
            self._queued_bytes -= len(sample.data)
            return kind, sample

    def _write_all(self) -> None:
        while (item := self._next()) is not None:
            kind, sample = item
            if not self._tables and not self._open():
                continue
            if not self._collect(kind, sample):
                continue
            pending = self._pending["video"]
            if kind == "video" and (
                pending[-1].pts + pending[-1].duration - pending[0].pts >= _FRAGMENT_S * self._scale("video")
            ):
                self._write_fragment()
        if self._tables:
            self._write_fragment()
            if any(len(table) for table in self._tables.values()):
                self.duration_s = close_file(self._fd, self._heads, self._size, list(self._tables.values()))
                self._hash(last=True)

    def _scale(self, kind: MediaKind) -> int:
        return self._tracks[kind].timescale

    def _open(self) -> bool:
        """Whether the file could be made; if not, nothing of it is left and the next keyframe tries again."""
        tracks = (self._tracks["video"], self._tracks["audio"])
        head = opening(tracks)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            write_all(self._fd, head, 0)
            os.fdatasync(self._fd)
            sync_folder(self.path.parent)
        except OSError as error:
            self._unmake()
            self._refused(error, 1)
            return False
        self._size = len(head)
        self._tables = {track.kind: SampleTable(track) for track in tracks}
        return True

    def _unmake(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _collect(self, kind: MediaKind, sample: Sample) -> bool:
        """Whether the sample belongs into the file: sound from before its first picture does not."""
        if self._begins_s is None:
            self._begins_s = sample.pts / self._scale(kind)
        sample = replace(sample, pts=sample.pts - round(self._begins_s * self._scale(kind)))
        if sample.pts < 0:
            self._lose(1)
            return False
        pending = self._pending[kind]
        if pending and sample.pts > (expected := pending[-1].pts + pending[-1].duration):
            # Frames that were dropped before the encoder: the one before them stands for longer.
            pending[-1] = replace(pending[-1], duration=pending[-1].duration + sample.pts - expected)
        pending.append(sample)
        return True

    def _write_fragment(self) -> None:
        runs = [Run(self._tracks[kind], samples) for kind, samples in self._pending.items() if samples]
        self._pending = {"video": [], "audio": []}
        if not runs:
            return
        data = fragment(self._sequence + 1, runs)
        new_group = self._size - self._heads[-1] >= self._group_bytes
        if new_group:
            data = PLACE + data
        try:
            write_all(self._fd, data, self._size)
            os.fdatasync(self._fd)
        except OSError as error:
            self._refused(error, sum(len(run.samples) for run in runs))
            # What stands behind the last whole fragment is written over, or cut off when the file is closed.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            return
        self._sequence += 1
        at = self._size + len(data) - sum(len(s.data) for run in runs for s in run.samples)
        for run in runs:
            at = self._note(run, at)
        if new_group:
            self._heads.append(self._size)
        self._size += len(data)
        self.saved_s = (self._begins_s or 0.0) + self._tables["video"].end / self._scale("video")
        with self._wake:
            self.problem = "disk_slow" if self._waiting_for_sync else ""
        self._hash()

    def _hash(self, *, last: bool = False) -> None:
        """Keeps the digest near what is written. A disk that cannot be read costs the digest, not the recording."""
        if self._digest is None:
            return
        try:
            if last:
                self.sha256 = self._digest.finish(self._fd, self._heads, self._size)
            else:
                self._digest.follow(self._fd, self._heads, _HASHED_AT_ONCE)
        except OSError as error:
            self._digest = None
            _log.error("recording cannot be read back", path=str(self.path), error=str(error))

    def _note(self, run: Run, at: int) -> int:
        samples = run.samples
        sizes = [len(s.data) for s in samples]
        durations = [s.duration for s in samples]
        self._tables[run.track.kind].append(samples[0].pts, at, sizes, durations, [s.sync for s in samples])
        return at + sum(sizes)

    def _refused(self, error: OSError, lost: int) -> None:
        """Back to the last whole fragment; the next one that can be decoded begins with a keyframe."""
        if not any(len(table) for table in self._tables.values()):
            self._begins_s = None
        _log.error("recording cannot be written", path=str(self.path), error=error.strerror, lost=lost)
        with self._wake:
            self._lose(lost)
            self.problem = _named(error)
            self._waiting_for_sync = True
            self._lose(len(self._queue))
            self._queue.clear()
            self._queued_bytes = 0


def _named(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "disk_full" if full else "disk_failed"
