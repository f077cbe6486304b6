"""What a crash left is made an ordinary MP4, halves of an event become one."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.record.movie import HEAD, close_file, write_all
from ingest.record.reading import NotARecording, closed_end, read

_COPY: Final = 8 * 1024 * 1024
_HASHED: Final = 1024 * 1024
_SYNCED: Final = 128 * 1024 * 1024
_NO_KERNEL_COPY: Final = frozenset({errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Repaired:
    """A finished file. `complete`: it had been closed in order before."""

    duration_s: float
    complete: bool


def repair(path: Path) -> Repaired:
    """Makes the file at `path` a finished MP4, in place. Raises `NotARecording` (file untouched) or `OSError`."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        closed = closed_end(fd)
        found = read(fd, closed)
        if closed is not None:
            return Repaired(max(t.end / t.track.timescale for t in found.tables), complete=True)
        return Repaired(close_file(fd, found.heads, found.end, found.tables), complete=False)
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class Joined:
    """A file made of several. `sha256` in hexadecimal."""

    duration_s: float
    sha256: str


def join(paths: Sequence[Path], target: Path) -> Joined:
    """Writes one MP4 of several finished ones, in order, without encoding.

    What was copied is hashed and brought to the disk side by side with what follows: gigabytes, for which people wait.
    Raises `NotARecording` or `OSError`; then nothing is left at `target`.
    """
    out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    follower = _Follower(out)
    try:
        write_all(out, HEAD, 0)
        at = len(HEAD)
        for path in paths:
            at = _append(path, out, at, follower)
        found = read(out, at)
        duration_s = close_file(out, found.heads, found.end, found.tables)
        return Joined(duration_s, follower.finish())
    except (OSError, NotARecording):
        target.unlink()
        raise
    finally:
        follower.close()
        os.close(out)


class _Follower:
    """Two threads behind a writer: one hashes what it has written, one sees it to the disk.

    The groups that are copied have their headers already, so closing the file changes nothing of what was hashed.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._synced = 0
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="join hash")
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="join sync")
        self._failed: OSError | None = None

    def reached(self, end: int) -> None:
        """All before `end` has been written. What was wrong with what came before is raised: `OSError`."""
        if self._failed is not None:
            raise self._failed
        self._hashing.submit(self._try, self._take, end)
        if end - self._synced >= _SYNCED:
            self._synced = end
            self._syncing.submit(self._try, os.fdatasync, self._fd)

    def finish(self) -> str:
        """The digest of the whole file. Raises `OSError`."""
        self.reached(os.fstat(self._fd).st_size)
        self._hashing.shutdown()
        self._syncing.shutdown()
        if self._failed is not None:
            raise self._failed
        return self._hash.hexdigest()

    def close(self) -> None:
        """Leaves what is not yet done."""
        self._hashing.shutdown(cancel_futures=True)
        self._syncing.shutdown(cancel_futures=True)

    def _try(self, work: Callable[[int], None], argument: int) -> None:
        try:
            work(argument)
        except OSError as error:
            self._failed = self._failed or error  # the kernel tells of a page that it could not write only once

    def _take(self, end: int) -> None:
        while self._hashed < end:
            data = os.pread(self._fd, min(_HASHED, end - self._hashed), self._hashed)
            if not data:
                raise OSError(errno.EIO, "the joined file is shorter than what was written")
            self._hash.update(data)
            self._hashed += len(data)


def _append(path: Path, out: int, at: int, follower: _Follower) -> int:
    """Copies the groups of a finished file; the offset behind them."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = closed_end(source)
        if end is None:
            raise NotARecording(f"{path.name} is not finished")
        start = len(HEAD)
        while start < end:
            copied = _copy(source, out, min(_COPY, end - start), start, at)
            if not copied:
                raise NotARecording(f"{path.name} ends early")
            start += copied
            at += copied
            follower.reached(at)
        return at
    finally:
        os.close(source)


def _copy(source: int, out: int, count: int, start: int, at: int) -> int:
    """Bytes copied, 0 at the end of the source. Inside the kernel where the file systems can (copy_file_range(2))."""
    try:
        return os.copy_file_range(source, out, count, start, at)
    except OSError as error:
        if error.errno not in _NO_KERNEL_COPY:
            raise
    data = os.pread(source, count, start)
    write_all(out, data, at)
    return len(data)
