"""What a recording is, and which file of an event is the one to give out. Pure."""

from __future__ import annotations

import enum
import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

SOUND: Final = ".m4a"  # how the name of a recording's sound alone ends
DOWNLOAD_TTL: Final = timedelta(hours=12)
# After the end, this long without a file in the store means that something went wrong with it.
PATIENCE: Final = timedelta(minutes=2)
# The sound alone follows the film within seconds; this long it is looked for when its notice was lost.
SOUND_PATIENCE: Final = timedelta(minutes=30)


class RecordingState(enum.StrEnum):
    RECORDING = "recording"  # being written, or being finished
    READY = "ready"
    FAILED = "failed"  # no file came; becomes ready if one still does


@dataclass(frozen=True, slots=True)
class Recording:
    """One row an event. What describes the file is None until it is ready."""

    id: uuid.UUID
    event_id: uuid.UUID
    title: str  # of the event
    state: RecordingState
    key: str | None
    bytes: int | None
    sha256: str | None
    duration_s: float | None
    complete: bool | None  # False when it was repaired after a crash
    audio_bytes: int | None  # of its sound alone; None while there is none
    created_at: datetime
    ready_at: datetime | None


_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True, slots=True)
class Download:
    """One file of a recording as it is given out."""

    key: str
    bytes: int
    etag: str
    name: str
    media_type: str


def film(recording: Recording) -> Download | None:
    """Picture and sound; None while it is not ready."""
    if recording.state is not RecordingState.READY or recording.key is None or recording.bytes is None:
        return None
    return Download(recording.key, recording.bytes, f'"{recording.sha256}"', file_name(recording.title), "video/mp4")


def sound(recording: Recording) -> Download | None:
    """The sound alone; None while there is none."""
    if recording.state is not RecordingState.READY or recording.key is None or recording.audio_bytes is None:
        return None
    return Download(
        recording.key.removesuffix(".mp4") + SOUND,
        recording.audio_bytes,
        f'"{recording.sha256}-audio"',
        file_name(recording.title, SOUND),
        "audio/mp4",
    )


def file_name(title: str, suffix: str = ".mp4") -> str:
    """`Title.mp4`, in any script, without what a file system or a header cannot take."""
    name = " ".join(_NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", title)).split()).strip(". ")
    return f"{name[:80].strip('. ') or 'recording'}{suffix}"


def content_disposition(name: str, *, inline: bool = False) -> str:
    """To be saved, or shown where it is (RFC 6266); an ASCII name for old clients, the real one in UTF-8 (RFC 8187)."""
    stem, dot, kind = name.rpartition(".")
    ascii_name = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    fallback = re.sub(r"[^A-Za-z0-9 ._()-]", "", ascii_name).strip(" .") or "recording"
    how = "inline" if inline else "attachment"
    return f"{how}; filename=\"{fallback}{dot}{kind}\"; filename*=UTF-8''{quote(name, safe='')}"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, end)."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """No byte of the range exists: 416."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """One range of a `Range` header (RFC 9110, section 14.1.2).

    None when the header is to be ignored: another unit, bad grammar, or several ranges, of which a server may
    send the whole instead. Raises `Unsatisfiable`.
    """
    match = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        suffix = int(last)
        if suffix == 0 or size == 0:
            raise Unsatisfiable
        return ByteRange(max(0, size - suffix), size)
    start = int(first)
    if last != "" and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, size if last == "" else min(int(last) + 1, size))
