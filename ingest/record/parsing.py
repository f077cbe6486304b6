"""The boxes of a recording that are held in memory: its tracks, and the runs of samples of a fragment."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.contract import MediaKind
from ingest.package.boxes import NOT_SYNC, Track


class NotARecording(ValueError):
    """The file has no whole fragment of ours."""


@dataclass(slots=True)
class ReadRun:
    """Samples of one track that lie together in the file. Times and durations count the track's timescale."""

    track_id: int
    start: int
    offset: int
    sizes: list[int]
    durations: list[int]
    sync: list[bool]


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


def tracks_of(moov: bytes) -> list[Track]:
    """Raises `NotARecording`."""
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


def runs_of(moof: bytes, at: int) -> list[ReadRun]:
    """Of the `moof` that lies at byte `at` of its file. Raises `NotARecording`."""
    try:
        return [_run(moof, at, start, end) for name, start, end in _children(moof, 8, len(moof)) if name == b"traf"]
    except struct.error as error:
        raise NotARecording("a fragment cannot be read") from error


def _run(moof: bytes, at: int, start: int, end: int) -> ReadRun:
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
    return ReadRun(track_id, start_time, at + offset, sizes, durations, sync)
