"""The sound of a recording alone, as an M4A: the same AAC frames, taken out of the finished MP4."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ingest.package.boxes import box, file_type, movie_header
from ingest.record.movie import MOVIE_TIMESCALE, PLACE, SampleTable, hiding, write_all
from ingest.record.parsing import NotARecording
from ingest.record.reading import closed_end, read

_HEAD: Final = file_type(b"M4A ", b"mp42", b"isom")
_AT_ONCE: Final = 1024 * 1024


def extract(source: Path, target: Path) -> int:
    """Writes the sound of the finished recording at `source` to `target`; its size in bytes.

    Its tables come first, so that it plays while it is loaded. Raises `NotARecording` (not finished, or without
    sound) or `OSError`; then nothing is left at `target`.
    """
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = closed_end(fd)
        found = [] if end is None else [t for t in read(fd, end).tables if t.track.kind == "audio" and len(t)]
        if not found:
            raise NotARecording(f"{source.name} is not finished or has no sound")
        return _write(fd, found[0], target)
    finally:
        os.close(fd)


def _write(source: int, table: SampleTable, target: Path) -> int:
    chunks = table.chunks()
    first = len(_HEAD) + len(_movie(table)) + len(PLACE)  # the length of the tables does not depend on the offsets
    table.lay_from(first)
    size = first + sum(length for _, length in chunks)
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        write_all(out, _HEAD + _movie(table) + hiding(size - first + len(PLACE)), 0)
        at, gathered = first, bytearray()
        for offset, length in chunks:
            gathered += os.pread(source, length, offset)
            if len(gathered) >= _AT_ONCE:
                write_all(out, bytes(gathered), at)
                at += len(gathered)
                gathered.clear()
        write_all(out, bytes(gathered), at)
        if at + len(gathered) != size:
            raise NotARecording("the recording is shorter than its tables say")
        os.fdatasync(out)
    except (OSError, NotARecording):
        target.unlink()
        raise
    finally:
        os.close(out)
    return size


def _movie(table: SampleTable) -> bytes:
    return box(b"moov", movie_header(MOVIE_TIMESCALE, table.movie_duration, table.track.id + 1), table.box())
