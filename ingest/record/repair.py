"""What a crash left is made an ordinary MP4."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ingest.record.movie import close_file
from ingest.record.reading import closed_end, read


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
