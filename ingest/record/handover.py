"""A recording's way from the spool into the store, so that it can be cut off anywhere and gone on with."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from ingest.contract import RecordingClosed
from ingest.record.beside import NOTICE, SOUND, beside, write
from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.base.storage import Storage

_log = log.get(__name__)

STORED: Final = Counter("webinar_recording_stored_total", "Recordings put into the store", ["how"])


class Handover:
    """One a spool."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def store(self, notice: RecordingClosed, path: Path, how: str) -> RecordingClosed:
        """Measures the file, notes that beside it, and delivers it. Raises as `deliver`."""
        closed = await asyncio.to_thread(measure, notice, path)
        await self.mark(beside(path, NOTICE), closed.to_json())
        return await self.deliver(closed, path, how)

    async def deliver(self, closed: RecordingClosed, path: Path, how: str) -> RecordingClosed:
        """Puts a file and its notice into the store.

        The notice lies beside the file, so that whatever happens here is finished by a sweep. Raises `WebinarError` or
        `OSError` when the store does not take it now.
        """
        await asyncio.to_thread(_keep_for_sound, path)
        await self._storage.put_file(closed.key, path)
        return await self.tell(closed, beside(path, NOTICE), how)

    async def tell(self, closed: RecordingClosed, notice: Path, how: str) -> RecordingClosed:
        """The same for a file that has moved already; `notice` lies beside where it was."""
        try:
            await self._storage.put_bytes(key(closed.event_id, closed.session_id, NOTICE), closed.to_json())
        except WebinarError:
            await self.mark(notice, closed.to_json())  # if there was no room before the file had moved
            raise
        await asyncio.to_thread(notice.unlink, missing_ok=True)
        STORED.labels(how).inc()
        _log.info(
            "recording stored", event_id=closed.event_id, how=how, bytes=closed.bytes, duration_s=closed.duration_s
        )
        return closed

    async def mark(self, path: Path, data: bytes = b"") -> None:
        """Notes what is still to be done. A disk that has no room for that does not hold up what makes room."""
        try:
            await asyncio.to_thread(write, path, data)
        except OSError as error:
            _log.error("the spool cannot be written", path=str(path), error=str(error))


def key(event_id: str, session_id: str, suffix: str) -> str:
    """Where the store has what belongs to the recording of a session."""
    return f"recordings/{event_id}/{session_id}{suffix}"


def measure(notice: RecordingClosed, path: Path) -> RecordingClosed:
    """The notice with size and hash of the file; a hash it has is believed."""
    digest = notice.sha256
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(notice, bytes=path.stat().st_size, sha256=digest, duration_s=round(notice.duration_s, 3))


def _keep_for_sound(path: Path) -> None:
    """A second name, so that a file that went to a store elsewhere need not be fetched again."""
    mark = beside(path, SOUND)
    try:
        mark.unlink(missing_ok=True)
        os.link(path, mark)
    except OSError as refused:
        try:
            mark.touch()
        except OSError:
            _log.error("a recording's sound will not be stored apart", path=str(path), error=str(refused))
