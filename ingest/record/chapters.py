"""Chapters in an MP4, in both forms that players read: a text track (QuickTime File Format, "Chapter lists") that the
other tracks refer to, and the `chpl` box of Nero's.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ingest.contract import Chapter
from ingest.package.boxes import box, full, sample_description

_TIMESCALE: Final = 1000
_MATRIX: Final = struct.pack("!9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UTF8: Final = box(b"encd", struct.pack("!I", 0x100))
_MOST_CHPL: Final = 255  # its count is a byte, and so is the length of a title
_MOST_BYTES: Final = 255
# Displayed as nothing: no colour, no box, one font without a name.
_FONTS: Final = box(b"ftab", struct.pack("!HHB", 1, 1, 0))
_ENTRY: Final = box(b"text", struct.pack("!6xHI14x4xH6x", 1, 1, 1), _FONTS)


class ChapterTrack:
    """The text track of chapters that go on until the movie ends. `chapters` begin at 0 and are in order."""

    def __init__(self, number: int, chapters: Sequence[Chapter], duration_s: float) -> None:
        self.number = number
        self.samples = [_sample(chapter.title) for chapter in chapters]
        ends = [round(chapter.at_s * _TIMESCALE) for chapter in chapters]
        ends.append(max(round(duration_s * _TIMESCALE), ends[-1] + 1))
        self._durations = [max(1, end - start) for start, end in pairwise(ends)]

    def box(self, offset: int, movie_duration: int) -> bytes:
        """The `trak`; its samples lie one behind the other at `offset`. `movie_duration` in the movie's timescale."""
        count, length = len(self.samples), sum(self._durations)
        tables = (
            sample_description(_ENTRY)
            + full(b"stts", 0, 0, struct.pack("!I", count), *(struct.pack("!II", 1, d) for d in self._durations))
            + full(b"stsc", 0, 0, struct.pack("!IIII", 1, 1, count, 1))
            + full(b"stsz", 0, 0, struct.pack("!II", 0, count), *(struct.pack("!I", len(s)) for s in self.samples))
            + full(b"co64", 0, 0, struct.pack("!IQ", 1, offset))
        )
        # Flags: in the movie, not enabled, or players would show it as subtitles.
        header = struct.pack("!QQI4xQ8xHHH2x", 0, 0, self.number, movie_duration, 0, 0, 0) + _MATRIX + bytes(8)
        media = struct.pack("!QQIQHH", 0, 0, _TIMESCALE, length, 0x55C4, 0)
        return box(
            b"trak",
            full(b"tkhd", 1, 2, header),
            box(
                b"mdia",
                full(b"mdhd", 1, 0, media),
                full(b"hdlr", 0, 0, struct.pack("!4x4s12x", b"text"), b"\0"),
                box(b"minf", _media_header(), _data_reference(), box(b"stbl", tables)),
            ),
        )


def referring(track: bytes, number: int) -> bytes:
    """A `trak` that has its chapters in the track `number`."""
    return box(b"trak", track[8:], box(b"tref", box(b"chap", struct.pack("!I", number))))


def chapter_list(chapters: Sequence[Chapter]) -> bytes:
    """The `chpl`, times in steps of 100 ns."""
    listed = chapters[:_MOST_CHPL]
    entries = []
    for chapter in listed:
        name = chapter.title.encode()[:_MOST_BYTES].decode("utf-8", "ignore").encode()
        entries.append(struct.pack("!QB", round(chapter.at_s * 10_000_000), len(name)) + name)
    return full(b"chpl", 1, 0, struct.pack("!4xB", len(listed)), *entries)


def _sample(title: str) -> bytes:
    text = title.encode()[:0xFFFF]
    return struct.pack("!H", len(text)) + text + _UTF8


def _media_header() -> bytes:
    """`gmhd`: of media that are neither picture nor sound."""
    base = full(b"gmin", 0, 0, struct.pack("!HHHHH2x", 0x40, 0x8000, 0x8000, 0x8000, 0))
    return box(b"gmhd", base, box(b"text", struct.pack("!H12xI12xI2x", 1, 1, 0x4000)))


def _data_reference() -> bytes:
    return box(b"dinf", full(b"dref", 0, 0, struct.pack("!I", 1), full(b"url ", 0, 1)))
