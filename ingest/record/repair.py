"""Reading recordings back: what a crash left is made an ordinary MP4, halves of an event become one.

Only headers are read, so a repair takes milliseconds a minute of recording. The files are our own; still every size
is checked, because what follows a torn write may be anything.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest.contract import MediaKind
from ingest.package import h264
from ingest.package.boxes import NOT_SYNC, Track
from ingest.record.movie import HEAD, PLACE, SampleTable, close_file, write_all

_CHECKED_AT_END: Final = 8  # fragments whose samples are looked at: a power cut may leave zeros behind a good header
_SEAM_S: Final = 0.2  # picture that may be given up where halves meet
_LONGEST_S: Final = 3600.0
_COPY: Final = 8 * 1024 * 1024
_NO_KERNEL_COPY: Final = frozenset({errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM})


class NotARecording(ValueError):
    """The file has no whole fragment of ours."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A finished file. `complete`: it had been closed in order before."""

    duration_s: float
    complete: bool


@dataclass(slots=True)
class _Fragment:
    end: int
    runs: list[_ReadRun] = field(default_factory=list)


@dataclass(slots=True)
class _ReadRun:
    track_id: int
    start: int
    offset: int
    sizes: list[int]
    durations: list[int]
    sync: list[bool]


def repair(path: Path) -> Repaired:
    """Makes the file at `path` a finished MP4, in place. Raises `NotARecording` (file untouched) or `OSError`."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        closed = _closed_end(fd)
        end, tables = _read(fd, closed)
        if closed is not None:
            return Repaired(max(t.end / t.track.timescale for t in tables), complete=True)
        return Repaired(close_file(fd, end, tables), complete=False)
    finally:
        os.close(fd)


def join(paths: Sequence[Path], target: Path) -> float:
    """Writes one MP4 of several finished ones, in order, without encoding; its length in seconds.

    Raises `NotARecording` or `OSError`; then nothing is left at `target`.
    """
    out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        write_all(out, HEAD + PLACE, 0)
        at = len(HEAD) + len(PLACE)
        for path in paths:
            at = _append(path, out, at)
        end, tables = _read(out, at)
        return close_file(out, end, tables)
    except (OSError, NotARecording):
        target.unlink()
        raise
    finally:
        os.close(out)


def _append(path: Path, out: int, at: int) -> int:
    """Copies the fragments of a finished file; the offset behind them."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = _closed_end(source)
        if end is None:
            raise NotARecording(f"{path.name} is not finished")
        start = len(HEAD) + len(PLACE)
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


def _closed_end(fd: int) -> int | None:
    """Where the fragments of a finished file end, None when it is not finished."""
    head = os.pread(fd, len(HEAD) + len(PLACE), 0)
    if len(head) < len(HEAD) + len(PLACE) or head[: len(HEAD)] != HEAD:
        raise NotARecording("the file does not begin like a recording")
    size, name, large = struct.unpack_from("!I4sQ", head, len(HEAD))
    if (size, name) != (1, b"mdat"):
        return None
    end = len(HEAD) + int(large)
    if end > os.fstat(fd).st_size:
        raise NotARecording("the file is shorter than its header says")
    return end


def _read(fd: int, end: int | None) -> tuple[int, list[SampleTable]]:
    """The tables of all whole fragments, and where the last of them ends. A `moov` begins a new half."""
    limit = os.fstat(fd).st_size if end is None else end
    tables: dict[int, SampleTable] = {}
    halves: list[list[_Fragment]] = []
    openings: list[list[Track]] = []
    at = len(HEAD) + len(PLACE)
    good = at
    for name, offset, size in _boxes(fd, at, limit):
        if name == b"moov":
            tracks = _tracks(os.pread(fd, size, offset))
            if not tracks:
                raise NotARecording("the file names no tracks")
            if end is None and openings:
                break  # the closing tables of a file that was never made valid
            openings.append(tracks)
            halves.append([])
        elif name == b"moof" and openings:
            found = _fragment(fd, offset, size, limit)
            if found is None or not _follows(openings[-1], halves[-1], found):
                break
            halves[-1].append(found)
            good = found.end
    if end is None:
        good = _drop_torn(fd, openings, halves, good)
    if not any(halves):
        raise NotARecording("the file has no whole fragment")
    for tracks, fragments in zip(openings, halves, strict=True):
        _note(tables, tracks, fragments)
    return good, list(tables.values())


def _follows(tracks: Sequence[Track], before: Sequence[_Fragment], found: _Fragment) -> bool:
    """Whether the times of a fragment go on from those before it, within an hour of refused writes."""
    scales = {track.id: track.timescale for track in tracks}
    if any(run.track_id not in scales or max(run.durations) > _LONGEST_S * scales[run.track_id] for run in found.runs):
        return False
    starts = [run.start / scales[run.track_id] for run in found.runs]
    ends = [(run.start + sum(run.durations)) / scales[run.track_id] for piece in before[-1:] for run in piece.runs]
    last = max(ends, default=0.0)
    return all(-1.0 < start - last < _LONGEST_S for start in starts)


def _note(tables: dict[int, SampleTable], tracks: list[Track], fragments: list[_Fragment]) -> None:
    """Adds one half behind what is there, both tracks from the same moment on."""
    base_s = _seam(list(tables.values()))
    bases: dict[int, int] = {}
    for track in tracks:
        table = tables.setdefault(track.id, SampleTable(track))
        table.use_entry(track.entry)
        bases[track.id] = round(base_s * track.timescale)
    for piece in fragments:
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


def _drop_torn(fd: int, openings: list[list[Track]], halves: list[list[_Fragment]], good: int) -> int:
    """Cuts off fragments at the end whose pictures are not whole; where the good ones end."""
    if not halves:
        return good
    video = {track.id for track in openings[-1] if track.kind == "video"}
    tail = halves[-1]
    for index in range(max(0, len(tail) - _CHECKED_AT_END), len(tail)):
        if not all(_whole(fd, run, run.track_id in video) for run in tail[index].runs):
            good = tail[index - 1].end if index else len(HEAD) + len(PLACE)
            del tail[index:]
            break
    return good


def _whole(fd: int, run: _ReadRun, is_video: bool) -> bool:
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
    """(name, offset, size) of the boxes that lie wholly before `limit`."""
    while at + 8 <= limit:
        size, name = struct.unpack("!I4s", os.pread(fd, 8, at))
        if size < 8 or at + size > limit:
            return
        yield name, at, size
        at += size


def _children(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start and end of the content) of the boxes inside [at, end)."""
    while at + 8 <= end:
        size, name = struct.unpack_from("!I4s", data, at)
        if size < 8 or at + size > end:
            return
        yield name, at + 8, at + size
        at += size


def _find(data: bytes, at: int, end: int, *path: bytes) -> tuple[int, int]:
    """The content of the first box along a path of names."""
    for wanted in path:
        for name, start, stop in _children(data, at, end):
            if name == wanted:
                at, end = start, stop
                break
        else:
            raise NotARecording(f"a box {wanted!r} is missing")
    return at, end


def _tracks(moov: bytes) -> list[Track]:
    try:
        return _parse_tracks(moov)
    except struct.error as error:
        raise NotARecording("the file's tracks cannot be read") from error


def _parse_tracks(moov: bytes) -> list[Track]:
    tracks: list[Track] = []
    for name, start, end in _children(moov, 8, len(moov)):
        if name != b"trak":
            continue
        header, _ = _find(moov, start, end, b"tkhd")
        media, _ = _find(moov, start, end, b"mdia", b"mdhd")
        handler, _ = _find(moov, start, end, b"mdia", b"hdlr")
        entry, entry_end = _find(moov, start, end, b"mdia", b"minf", b"stbl", b"stsd")
        kind: MediaKind = "video" if moov[handler + 8 : handler + 12] == b"vide" else "audio"
        (track_id,) = struct.unpack_from("!I", moov, header + 20)
        width, height = struct.unpack_from("!II", moov, header + 88)
        (timescale,) = struct.unpack_from("!I", moov, media + 20)
        if not track_id or not timescale:
            raise NotARecording("a track without a number or a clock")
        tracks.append(Track(track_id, kind, timescale, moov[entry + 8 : entry_end], width >> 16, height >> 16))
    return tracks


def _fragment(fd: int, at: int, size: int, limit: int) -> _Fragment | None:
    """The fragment whose `moof` lies at `at`, None when its `mdat` is torn or its numbers do not fit."""
    moof = os.pread(fd, size, at)
    media = next(_boxes(fd, at + size, limit), None)
    if media is None or media[0] != b"mdat":
        return None
    fragment = _Fragment(end=media[1] + media[2])
    try:
        for name, start, end in _children(moof, 8, size):
            if name == b"traf":
                fragment.runs.append(_run(moof, at, start, end))
    except (struct.error, NotARecording):
        return None
    in_order = all(media[1] < run.offset and run.offset + sum(run.sizes) <= fragment.end for run in fragment.runs)
    return fragment if fragment.runs and in_order else None


def _run(moof: bytes, at: int, start: int, end: int) -> _ReadRun:
    """A `traf` as `boxes.fragment` writes it (8.8.6 to 8.8.12)."""
    header, _ = _find(moof, start, end, b"tfhd")
    flags, track_id = struct.unpack_from("!II", moof, header)
    time, _ = _find(moof, start, end, b"tfdt")
    (start_time,) = struct.unpack_from("!Q", moof, time + 4)
    table, table_end = _find(moof, start, end, b"trun")
    run_flags, count, offset = struct.unpack_from("!IIi", moof, table)
    each = 12 if run_flags & 0x700 == 0x700 else 4
    if not count or count * each > table_end - table - 12:
        raise NotARecording("a run that is longer than its box")
    if each == 12:
        values = struct.unpack_from(f"!{3 * count}I", moof, table + 12)
        durations, sizes = list(values[0::3]), list(values[1::3])
        sync = [value != NOT_SYNC for value in values[2::3]]
    else:
        if not flags & 0x8:
            raise NotARecording("a run without durations")
        (duration,) = struct.unpack_from("!I", moof, header + 8)
        durations, sizes = [duration] * count, list(struct.unpack_from(f"!{count}I", moof, table + 12))
        sync = [True] * count
    return _ReadRun(track_id, start_time, at + offset, sizes, durations, sync)
