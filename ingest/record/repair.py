"""What a crash left is made an ordinary MP4, halves of an event become one."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.record.movie import HEAD, close_file, write_all
from ingest.record.reading import NotARecording, closed_end, read

_COPY: Final = 8 * 1024 * 1024
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


def join(paths: Sequence[Path], target: Path) -> float:
    """Writes one MP4 of several finished ones, in order, without encoding; its length in seconds.

    Raises `NotARecording` or `OSError`; then nothing is left at `target`.
    """
    out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        write_all(out, HEAD, 0)
        at = len(HEAD)
        for path in paths:
            at = _append(path, out, at)
        found = read(out, at)
        return close_file(out, found.heads, found.end, found.tables)
    except (OSError, NotARecording):
        target.unlink()
        raise
    finally:
        os.close(out)


def _append(path: Path, out: int, at: int) -> int:
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
