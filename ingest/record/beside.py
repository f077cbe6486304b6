"""Files beside a recording in the spool: their names, and notices and marks that must outlive a crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ingest.contract import RecordingClosed, UnknownMessage
from ingest.record.movie import sync_folder

# What the suffixes mean is told in `ingest.record.spool`.
WRITING: Final = ".mp4"
REPAIRED: Final = ".repaired.mp4"
NOTICE: Final = ".json"
LAST: Final = ".last"
SOUND: Final = ".sound"
AUDIO: Final = ".m4a"
JOINED: Final = ".joined"
FETCHED: Final = ".half"
NEW: Final = ".new"


def session_of(path: Path) -> str:
    """The id of the live session that a file of the spool belongs to."""
    return path.name.split(".")[0]


def beside(path: Path, suffix: str) -> Path:
    """The file of the same session with another suffix."""
    return path.with_name(session_of(path) + suffix)


def write(path: Path, data: bytes) -> None:
    """Whole and on the disk, or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + NEW)
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def read_notice(path: Path) -> RecordingClosed | None:
    """None: there is none that can be read."""
    try:
        return RecordingClosed.from_json(path.read_bytes())
    except (FileNotFoundError, UnknownMessage):
        return None
