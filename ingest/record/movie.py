"""The sample tables of a recording and the boxes that close it."""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ingest.contract import VIDEO_CLOCK
from ingest.package.boxes import (
    Track,
    box,
    file_type,
    fragmented_movie,
    full,
    movie_header,
    sample_description,
    track_box,
)

HEAD: Final = file_type(b"isom", b"iso2", b"avc1", b"mp41", b"iso6")
# Before each group of fragments; becomes the header of an `mdat` when the file is closed: 64-bit size, so 16 bytes.
PLACE: Final = box(b"free", bytes(8))
# Few enough for a player to step over (14 in two hours), small enough to be hashed within a fraction of a second.
GROUP_BYTES: Final = 128 * 1024 * 1024
MOVIE_TIMESCALE: Final = VIDEO_CLOCK


class SampleTable:
    """All samples of one track of a file. Times count the track's timescale, offsets are bytes in the file."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.end = 0  # time after the last sample
        self._entries = [track.entry]
        self._entry = 1
        self._sizes = array("I")
        self._durations = array("I")
        self._sync = array("I")  # numbers of sync samples, from 1
        self._chunk_offsets = array("Q")
        self._chunk_samples = array("I")
        self._chunk_entries = array("I")

    def __len__(self) -> int:
        return len(self._sizes)

    def use_entry(self, entry: bytes) -> None:
        """Samples that follow are described by this sample entry."""
        if entry not in self._entries:
            self._entries.append(entry)
        self._entry = self._entries.index(entry) + 1

    def extend_to(self, time: int) -> None:
        """The last sample lasts until `time`, if that is later: what should have been between is lost."""
        if len(self) and time > self.end:
            self._durations[-1] += time - self.end
            self.end = time

    def trim_to(self, time: int) -> None:
        """The track ends at `time`: samples that begin later go, the last one lasts until then."""
        while len(self) > 1 and self.end - self._durations[-1] >= time:
            self.end -= self._durations.pop()
            self._sizes.pop()
            if self._sync and self._sync[-1] > len(self):
                self._sync.pop()
            self._chunk_samples[-1] -= 1
            if not self._chunk_samples[-1]:
                del self._chunk_samples[-1], self._chunk_offsets[-1], self._chunk_entries[-1]
        if len(self):
            self._durations[-1] += time - self.end
            self.end = time

    def append(
        self, start: int, offset: int, sizes: Sequence[int], durations: Sequence[int], sync: Sequence[bool]
    ) -> None:
        """A run of samples that lie together in the file from `offset` on and begin at `start`."""
        self.extend_to(start)
        first = len(self) + 1
        self._sync.extend(first + i for i, is_sync in enumerate(sync) if is_sync)
        self._sizes.extend(sizes)
        self._durations.extend(durations)
        self._chunk_offsets.append(offset)
        self._chunk_samples.append(len(sizes))
        self._chunk_entries.append(self._entry)
        self.end += sum(durations)

    def chunks(self) -> list[tuple[int, int]]:
        """(offset, length) of the runs of samples, in order."""
        ends = np.cumsum(np.array(self._chunk_samples, np.int64))
        totals = np.concatenate(([0], np.cumsum(np.array(self._sizes, np.int64))))
        lengths = np.diff(totals[ends], prepend=0)
        return list(zip(self._chunk_offsets, lengths.tolist(), strict=True))

    def between(self, start: int, end: int) -> SampleTable:
        """The samples that begin in [start, end), as a table of their own whose clock begins with the first of them."""
        starts = np.cumsum(np.array(self._durations, np.int64)) - np.array(self._durations, np.int64)
        first, last = (int(n) for n in np.searchsorted(starts, (start, end)))
        sizes, sync = np.array(self._sizes, np.int64), np.array(self._sync, np.int64) - 1
        part = SampleTable(self.track)
        part._entries = list(self._entries)
        at = 0  # the first sample of the chunk
        for offset, count, entry in zip(self._chunk_offsets, self._chunk_samples, self._chunk_entries, strict=True):
            low, high = max(at, first), min(at + count, last)
            if low < high:
                part._chunk_offsets.append(offset + int(sizes[at:low].sum()))
                part._chunk_samples.append(high - low)
                part._chunk_entries.append(entry)
            at += count
        part._sizes = self._sizes[first:last]
        part._durations = self._durations[first:last]
        part._sync = array("I", (sync[(sync >= first) & (sync < last)] - first + 1).tolist())
        part.end = sum(part._durations)
        return part

    def sync_at(self, time: int) -> int:
        """When the last sync sample that begins at `time` or before does; 0 when there is none."""
        starts = np.cumsum(np.array(self._durations, np.int64)) - np.array(self._durations, np.int64)
        of_sync = starts[np.array(self._sync, np.int64) - 1]
        before = of_sync[of_sync <= time]
        return int(before[-1]) if len(before) else 0

    def lay(self, offsets: Sequence[int]) -> None:
        """The runs now lie at these offsets."""
        self._chunk_offsets = array("Q", offsets)

    def lay_from(self, offset: int) -> None:
        """The runs now lie one behind the other from `offset` on."""
        for index, (_, length) in enumerate(self.chunks()):
            self._chunk_offsets[index] = offset
            offset += length

    def box(self) -> bytes:
        """The `trak` (ISO/IEC 14496-12, 8.3.1)."""
        tables = (
            sample_description(*self._entries)
            + self._time_to_sample()
            + (full(b"stss", 0, 0, _count(self._sync), _be32(self._sync)) if self.track.kind == "video" else b"")
            + self._sample_to_chunk()
            + full(b"stsz", 0, 0, bytes(4), _count(self._sizes), _be32(self._sizes))
            + full(b"co64", 0, 0, _count(self._chunk_offsets), np.array(self._chunk_offsets, ">u8").tobytes())
        )
        return track_box(self.track, self.movie_duration, self.end, tables)

    @property
    def movie_duration(self) -> int:
        """In the movie's timescale."""
        return self.end * MOVIE_TIMESCALE // self.track.timescale

    def _time_to_sample(self) -> bytes:
        durations = np.array(self._durations, np.uint32)
        starts = _run_starts(durations)
        counts = np.diff(np.append(starts, len(durations)))
        table = np.stack((counts, durations[starts]), axis=1).astype(">u4")
        return full(b"stts", 0, 0, struct.pack("!I", len(table)), table.tobytes())

    def _sample_to_chunk(self) -> bytes:
        pairs = np.stack((np.array(self._chunk_samples), np.array(self._chunk_entries)), axis=1)
        starts = _run_starts(pairs)
        table = np.column_stack((starts + 1, pairs[starts])).astype(">u4")
        return full(b"stsc", 0, 0, struct.pack("!I", len(table)), table.tobytes())


def _run_starts(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """Indexes at which the value (or row) differs from the one before; 0 always among them."""
    changed = values[1:] != values[:-1]
    if changed.ndim > 1:
        changed = changed.any(axis=1)
    return np.concatenate(([0], np.flatnonzero(changed) + 1)).astype(np.int64)


def _count(table: array[int]) -> bytes:
    return struct.pack("!I", len(table))


def _be32(table: array[int]) -> bytes:
    return np.array(table, ">u4").tobytes()


def opening(tracks: Sequence[Track]) -> bytes:
    """What a recording begins with."""
    return HEAD + PLACE + fragmented_movie(tracks)


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Raises `OSError`."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def sync_folder(folder: Path) -> None:
    """A new file's name survives a power cut only when its folder is on the disk too. Raises `OSError`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def hiding(size: int) -> bytes:
    """What `PLACE` becomes: the header of an `mdat` of `size` bytes in all."""
    return struct.pack("!I4sQ", 1, b"mdat", size)


def close_file(fd: int, heads: Sequence[int], end: int, tables: Sequence[SampleTable]) -> float:
    """Makes the groups of fragments before `end` an ordinary MP4; its length in seconds. Raises `OSError`.

    `heads` are the offsets of the groups, each up to the next one. The tables reach the disk before the headers that
    make them valid, and the first header comes last: a crash in between leaves a fragmented file with a surplus box
    behind it, which `repair` cuts off.
    """
    duration = max(table.movie_duration for table in tables)
    filled = [table for table in tables if len(table)]
    tail = box(
        b"moov",
        movie_header(MOVIE_TIMESCALE, duration, max(table.track.id for table in tables) + 1),
        *(table.box() for table in filled),
    )
    os.ftruncate(fd, end)
    write_all(fd, tail, end)
    sizes = [behind - head for head, behind in zip(heads, (*heads[1:], end), strict=True)]
    for head, size in list(zip(heads, sizes, strict=True))[1:]:
        write_all(fd, hiding(size), head)
    os.fdatasync(fd)
    write_all(fd, hiding(sizes[0]), heads[0])
    os.fdatasync(fd)
    return duration / MOVIE_TIMESCALE
