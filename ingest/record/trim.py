"""A part of a finished recording, with chapters, as a file of its own: frames are copied, nothing is encoded.

It begins with the key frame at or before the wished moment, and its tables come first, so that it plays while it is
loaded. The recording stays as it is.

`python -m ingest.record.trim SOURCE TARGET WISH` is how the worker runs it: `WISH` is a file with `{"from_s", "to_s",
"chapters": [{"at_s", "title"}]}`, times in seconds of the recording. It prints a line of JSON for each step:
`{"progress": 0.25}`, and at last `{"done": …}` or `{"problem": …}`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ingest.contract import Chapter, within
from ingest.package.boxes import box, file_type, movie_header
from ingest.record.chapters import ChapterTrack, chapter_list, referring
from ingest.record.movie import MOVIE_TIMESCALE, PLACE, SampleTable, hiding, write_all
from ingest.record.parsing import NotARecording
from ingest.record.reading import closed_end, read

_HEAD: Final = file_type(b"isom", b"iso2", b"avc1", b"mp41")
_AT_ONCE: Final = 4 * 1024 * 1024
_SYNCED: Final = 64 * 1024 * 1024  # written back as it goes, or a long file would stall the disk at its end


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The new file. `begins_s` and `ends_s` are where it begins and ends in the recording; `sha256` in hexadecimal."""

    begins_s: float
    ends_s: float
    bytes: int
    sha256: str


def trim(
    source: Path,
    target: Path,
    from_s: float = 0.0,
    to_s: float | None = None,
    chapters: Sequence[Chapter] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Trimmed:
    """Writes [from_s, to_s) of the recording at `source` to `target`; `chapters` are on the recording's clock.

    Raises `NotARecording` (not finished, or nothing in that part) or `OSError`; then nothing is left at `target`.
    """
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = closed_end(fd)
        if end is None:
            raise NotARecording(f"{source.name} is not finished")
        part = _Part([table for table in read(fd, end).tables if len(table)], from_s, to_s, chapters)
        size, sha256 = _write(part.pieces(fd), part.size, target, progress)
        return Trimmed(part.begins_s, part.ends_s, size, sha256)
    finally:
        os.close(fd)


class _Part:
    """What the new file consists of."""

    def __init__(
        self, whole: Sequence[SampleTable], from_s: float, to_s: float | None, chapters: Sequence[Chapter]
    ) -> None:
        pictures = [table for table in whole if table.track.kind == "video"]
        begins_s = max(0.0, from_s)
        for table in pictures:
            begins_s = table.sync_at(round(begins_s * table.track.timescale)) / table.track.timescale
        length_s = max((table.end / table.track.timescale for table in whole), default=0.0)
        ends_s = length_s if to_s is None else min(to_s, length_s)
        self._tables = [part for table in whole if len(part := _between(table, begins_s, ends_s))]
        if not self._tables:
            raise NotARecording("there is nothing in this part of the recording")
        self._runs = sorted((run, table) for table, part in enumerate(self._tables) for run in part.chunks())
        self.begins_s = begins_s
        self._duration = max(table.movie_duration for table in self._tables)
        self.ends_s = begins_s + self._duration / MOVIE_TIMESCALE
        self._listed = within(chapters, self.begins_s, self.ends_s)
        if self._listed and self._listed[0].at_s > 0:
            self._listed = [Chapter(0.0, ""), *self._listed]  # the track has no holes
        number = 1 + max(table.track.id for table in self._tables)
        self._text = ChapterTrack(number, self._listed, self._duration / MOVIE_TIMESCALE) if self._listed else None
        self._next = number + 1
        self._lay()

    def _lay(self) -> None:
        """Chapters, then the runs in the order that they have in the recording."""
        texts = sum(map(len, self._text.samples)) if self._text else 0
        self._texts_at = len(_HEAD) + len(self._movie(0)) + len(PLACE)
        at = self._texts_at + texts
        offsets: list[list[int]] = [[] for _ in self._tables]
        for (_, length), table in self._runs:
            offsets[table].append(at)
            at += length
        for part, laid in zip(self._tables, offsets, strict=True):
            part.lay(laid)
        self.size = at

    def _movie(self, texts_at: int) -> bytes:
        tracks = [table.box() for table in self._tables]
        if self._text is None:
            return box(b"moov", movie_header(MOVIE_TIMESCALE, self._duration, self._next), *tracks)
        tracks = [referring(track, self._text.number) for track in tracks]
        return box(
            b"moov",
            movie_header(MOVIE_TIMESCALE, self._duration, self._next),
            *tracks,
            self._text.box(texts_at, self._duration),
            box(b"udta", chapter_list(self._listed)),
        )

    def pieces(self, source: int) -> Iterator[bytes]:
        """The bytes of the new file, in order. Raises `NotARecording`, `OSError`."""
        movie = self._movie(self._texts_at)
        yield _HEAD + movie + hiding(self.size - len(_HEAD) - len(movie))
        yield b"".join(self._text.samples) if self._text else b""
        for (offset, length), _ in self._runs:
            data = os.pread(source, length, offset)
            if len(data) < length:
                raise NotARecording("the recording is shorter than its tables say")
            yield data


def _between(table: SampleTable, begins_s: float, ends_s: float) -> SampleTable:
    """Pictures exactly; of sound the frames that begin nearest to both moments."""
    scale = table.track.timescale
    slack = 0 if table.track.kind == "video" else 512  # half an AAC frame
    return table.between(round(begins_s * scale) - slack, round(ends_s * scale) - slack)


def _write(pieces: Iterator[bytes], size: int, target: Path, progress: Callable[[float], None]) -> tuple[int, str]:
    digest = hashlib.sha256()
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    at, synced, gathered = 0, 0, bytearray()
    try:
        for piece in pieces:
            gathered += piece
            if len(gathered) >= _AT_ONCE:
                write_all(out, bytes(gathered), at)
                digest.update(gathered)
                at += len(gathered)
                gathered.clear()
                progress(at / size)
                if at - synced >= _SYNCED:
                    os.fdatasync(out)
                    synced = at
        write_all(out, bytes(gathered), at)
        digest.update(gathered)
        at += len(gathered)
        os.fsync(out)
    except (OSError, NotARecording):
        target.unlink()
        raise
    finally:
        os.close(out)
    progress(1.0)
    return at, digest.hexdigest()


def _say(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Exit status 0 (done) or 1 (`problem` says why)."""
    source, target, wished = map(Path, sys.argv[1:4])
    wish = json.loads(wished.read_bytes())
    chapters = [Chapter(float(one["at_s"]), str(one["title"])) for one in wish["chapters"]]
    try:
        made = trim(source, target, wish["from_s"], wish["to_s"], chapters, lambda part: _say(progress=round(part, 4)))
    except (OSError, NotARecording) as error:
        _say(problem=str(error))
        return 1
    _say(done=asdict(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
