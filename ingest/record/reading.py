"""Reading a recording back, finished or as a crash left it.

Only headers are read, so it takes milliseconds a minute of recording. The files are our own; still every size is
checked, because what follows a torn write may be anything.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ingest.package import h264
from ingest.package.boxes import Track
from ingest.record.movie import HEAD, PLACE, SampleTable, hiding
from ingest.record.parsing import NotARecording, ReadRun, runs_of, tracks_of

_CHECKED_AT_END: Final = 8  # fragments whose samples are looked at: a power cut may leave zeros behind a good header
_SEAM_S: Final = 0.2  # picture that may be given up where halves meet
_LONGEST_S: Final = 3600.0
_BACK_S: Final = 1.0  # that rounded times may go back


@dataclass(slots=True)
class _Fragment:
    end: int
    runs: list[ReadRun] = field(default_factory=list)


def closed_end(fd: int) -> int | None:
    """Where the groups of a finished file end, None when it is not finished."""
    head = os.pread(fd, len(HEAD) + len(PLACE), 0)
    if len(head) < len(HEAD) + len(PLACE) or head[: len(HEAD)] != HEAD:
        raise NotARecording("the file does not begin like a recording")
    at, file_size = len(HEAD), os.fstat(fd).st_size
    while (size := _hidden(fd, at)) is not None:
        at += size
        if at > file_size or size <= len(PLACE):
            raise NotARecording("the file is shorter than its headers say")
    return None if at == len(HEAD) else at


def _hidden(fd: int, at: int) -> int | None:
    """The size of the group whose closed header (`movie.hiding`) lies at `at`, None when none does."""
    header = os.pread(fd, len(PLACE), at)
    if len(header) == len(PLACE) and header[:8] == hiding(0)[:8]:
        (size,) = struct.unpack_from("!Q", header, 8)
        return int(size)
    return None


@dataclass(slots=True)
class Contents:
    """What is in a file of ours."""

    heads: list[int]  # offsets of the groups of fragments
    end: int  # of the last whole fragment
    tables: list[SampleTable]


@dataclass(slots=True)
class _Half:
    """What one recorder wrote: a joined file has several."""

    tracks: list[Track]
    fragments: list[_Fragment] = field(default_factory=list)
    ends: dict[int, float] = field(default_factory=dict)  # by track: up to where it goes, s

    def take(self, fragment: _Fragment) -> bool:
        """Adds a fragment whose times go on from those before it, within an hour of refused writes.

        Each track goes on from itself: on a busy machine one may be seconds behind the other.
        """
        scales = {track.id: track.timescale for track in self.tracks}
        ends: dict[int, float] = {}
        for run in fragment.runs:
            scale = scales.get(run.track_id)
            if scale is None or max(run.durations) > _LONGEST_S * scale:
                return False
            if not -_BACK_S < run.start / scale - self.ends.get(run.track_id, 0.0) < _LONGEST_S:
                return False
            ends[run.track_id] = (run.start + sum(run.durations)) / scale
        self.fragments.append(fragment)
        self.ends |= ends
        return True


def read(fd: int, end: int | None) -> Contents:
    """All whole fragments before `end`; None: of a file that was not closed. Raises `NotARecording` or `OSError`."""
    scan = Scan()
    scan.go_on(fd, os.fstat(fd).st_size if end is None else end, once=end is None)
    if end is None:
        scan.drop_torn(fd)
    return scan.contents()


class Scan:
    """Reads the headers of a file, a stretch at a time while it is being written."""

    def __init__(self) -> None:
        self._heads = [len(HEAD)]
        self._halves: list[_Half] = []
        self._at = len(HEAD) + len(PLACE)  # the next box

    def go_on(self, fd: int, limit: int, *, once: bool = False) -> None:
        """Up to `limit` or what cannot be read. A `moov` begins a half; `once`: a second one is no half.

        It is then the closing tables of a file that was never made valid. Raises `NotARecording` or `OSError`.
        """
        for name, offset, size in _boxes(fd, self._at, limit):
            if name == b"free" and size == len(PLACE):
                self._heads.append(offset)
            elif name == b"moov":
                tracks = tracks_of(os.pread(fd, size, offset))
                if not tracks:
                    raise NotARecording("the file names no tracks")
                if once and self._halves:
                    return
                self._halves.append(_Half(tracks))
            elif name == b"moof" and self._halves:
                found = _fragment(fd, offset, size, limit)
                if found is None or not self._halves[-1].take(found):
                    return
            self._at = offset + size

    def drop_torn(self, fd: int) -> None:
        """Leaves out what a crash tore at the end."""
        if self._halves:
            _drop_torn(fd, self._halves[-1])

    def contents(self) -> Contents:
        """All that was read. Raises `NotARecording` when that is no whole fragment."""
        halves = [half for half in self._halves if half.fragments]
        if not halves:
            raise NotARecording("the file has no whole fragment")
        tables: dict[int, SampleTable] = {}
        for half in self._halves:
            _note(tables, half)
        good = max(half.fragments[-1].end for half in halves)
        return Contents([head for head in self._heads if head < good], good, list(tables.values()))


def _note(tables: dict[int, SampleTable], half: _Half) -> None:
    """Adds one half behind what is there, both tracks from the same moment on."""
    base_s = _seam(list(tables.values()))
    bases: dict[int, int] = {}
    for track in half.tracks:
        table = tables.setdefault(track.id, SampleTable(track))
        table.use_entry(track.entry)
        bases[track.id] = round(base_s * track.timescale)
    for piece in half.fragments:
        for run in piece.runs:
            start = bases[run.track_id] + run.start
            tables[run.track_id].append(start, run.offset, run.sizes, run.durations, run.sync)


def _seam(tables: Sequence[SampleTable]) -> float:
    """The moment at which the next half begins: where sound ends, so that it goes on without a hole.

    Picture is cut or held to that moment. Where sound ends much earlier, picture decides and the hole stays.
    """
    ends = [table.end / table.track.timescale for table in tables]
    sound = max((end for end, table in zip(ends, tables, strict=True) if table.track.kind == "audio"), default=0.0)
    if max(ends, default=0.0) - sound > _SEAM_S:
        return max(ends)
    for table in tables:
        if table.track.kind == "video":
            table.trim_to(round(sound * table.track.timescale))
    return sound


def _drop_torn(fd: int, half: _Half) -> None:
    """Leaves out fragments at the end whose samples are not whole, and what follows them."""
    video = {track.id for track in half.tracks if track.kind == "video"}
    tail = half.fragments
    for index in range(max(0, len(tail) - _CHECKED_AT_END), len(tail)):
        if not all(_whole(fd, run, run.track_id in video) for run in tail[index].runs):
            del tail[index:]
            break


def _whole(fd: int, run: ReadRun, is_video: bool) -> bool:
    data = os.pread(fd, sum(run.sizes), run.offset)
    at = 0
    for size in run.sizes:
        sample = data[at : at + size]
        # An AAC frame ends with ID_END, three ones (ISO/IEC 14496-3, 4.5.2.1): never with a zero byte.
        if not (h264.whole(sample) if is_video else sample[-1:] > b"\0" and bytes(64) not in sample):
            return False
        at += size
    return True


def _boxes(fd: int, at: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset, size) of the boxes that lie wholly before `limit`.

    The header of a group that was closed is stepped into, and given like one that was not: as a `free`.
    """
    while at + 8 <= limit:
        header = os.pread(fd, 8, at)
        if len(header) < 8:
            return  # the file is shorter than `limit`
        size, name = struct.unpack("!I4s", header)
        if size == 1 and _hidden(fd, at) is not None:
            size, name = len(PLACE), b"free"
        if size < 8 or at + size > limit:
            return
        yield name, at, size
        at += size


def _fragment(fd: int, at: int, size: int, limit: int) -> _Fragment | None:
    """The fragment whose `moof` lies at `at`, None when its `mdat` is torn or its numbers do not fit."""
    moof = os.pread(fd, size, at)
    media = next(_boxes(fd, at + size, limit), None)
    if media is None or media[0] != b"mdat":
        return None
    fragment = _Fragment(end=media[1] + media[2])
    try:
        fragment.runs = runs_of(moof, at)
    except NotARecording:
        return None
    in_order = all(media[1] < run.offset and run.offset + sum(run.sizes) <= fragment.end for run in fragment.runs)
    return fragment if fragment.runs and in_order else None
