"""Halves of an event become one file, without encoding: in one go, or bit by bit while the last one is written."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.record.movie import HEAD, PLACE, close_file, hiding, write_all
from ingest.record.parsing import NotARecording
from ingest.record.reading import Scan, closed_end

_COPY: Final = 8 * 1024 * 1024
_HASHED: Final = 1024 * 1024
_SYNCED: Final = 128 * 1024 * 1024
_NO_KERNEL_COPY: Final = frozenset({errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Joined:
    """A file made of several. `sha256` in hexadecimal."""

    duration_s: float
    sha256: str


def join(paths: Sequence[Path], target: Path) -> Joined:
    """Writes one MP4 of several finished ones, in order.

    Raises `NotARecording` or `OSError`; then nothing is left at `target`.
    """
    joining = Joining(target)
    try:
        for path in paths:
            joining.add(path)
        return joining.finish()
    except (OSError, NotARecording):
        joining.discard()
        raise


class Joining:
    """The file at `target` in the making. For one thread at a time; what raised is of no use but to `discard`.

    What was copied is hashed and brought to the disk side by side with what follows. Making one raises `OSError`.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._follower = _Follower(self._out)
        self._scan = Scan()
        self._at = 0  # bytes written
        self._taken = len(HEAD)  # of the file that is being added, which begins with a head of its own
        self._open = True
        try:
            self._write(HEAD)
        except OSError:
            self.discard()
            raise

    def add(self, path: Path, most: int | None = None) -> bool:
        """Copies the groups of a finished file, at most `most` bytes more of them; true when all of it is there.

        What `follow` took of the same file is not taken again. Raises `NotARecording`, `OSError`.
        """
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            end = closed_end(source)
            if end is None:
                raise NotARecording(f"{path.name} is not finished")
            self._copy_to(source, end if most is None else min(end, self._taken + most))
        finally:
            os.close(source)
        self._scan.go_on(self._out, self._at)
        if self._taken < end:
            return False
        self._taken = len(HEAD)
        return True

    def follow(self, path: Path, heads: Sequence[int], most: int) -> bool:
        """The same of a file that is being written; `heads` are the offsets of its groups so far.

        A group that is followed by another will not change any more, except that its header gets a size.
        """
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            limit = self._taken + most
            for head, end in itertools.pairwise(heads):
                if self._taken == head < limit:
                    self._write(hiding(end - head))
                    self._taken += len(PLACE)
                self._copy_to(source, min(end, limit))
        finally:
            os.close(source)
        self._scan.go_on(self._out, self._at)
        return self._taken >= heads[-1]

    def finish(self) -> Joined:
        """Makes it an ordinary MP4. Raises `NotARecording`, `OSError`."""
        self._scan.go_on(self._out, self._at)
        found = self._scan.contents()
        if found.end != self._at:  # what follows would be cut off, and be in the digest
            raise NotARecording(f"what was joined can be read up to byte {found.end} of {self._at} only")
        duration_s = close_file(self._out, found.heads, found.end, found.tables)
        joined = Joined(duration_s, self._follower.finish())
        self._close()
        return joined

    def discard(self) -> None:
        """Leaves nothing at `target`."""
        self._close()
        self._target.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._follower.close()
            os.close(self._out)

    def _write(self, data: bytes) -> None:
        write_all(self._out, data, self._at)
        self._at += len(data)
        self._follower.reached(self._at)

    def _copy_to(self, source: int, end: int) -> None:
        """Copies the source up to its byte `end`."""
        while self._taken < end:
            copied = _copy(source, self._out, min(_COPY, end - self._taken), self._taken, self._at)
            if not copied:
                raise NotARecording("a half ends early")
            self._taken += copied
            self._at += copied
            self._follower.reached(self._at)


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
