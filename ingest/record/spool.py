"""The folder of recordings being written, `spool/<event>/<session>.mp4`, and their way into the object store.

A file leaves the spool only by being in the store: what cannot be stored now is tried again by the next `sweep`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from ingest.contract import RecordingClosed, UnknownMessage
from ingest.record.repair import NotARecording, Repaired, join, repair
from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.base.storage import Storage

_log = log.get(__name__)

STORED: Final = Counter("webinar_recording_stored_total", "Recordings put into the store", ["how"])
FAILED: Final = Counter("webinar_recording_store_failed_total", "Recordings that the store did not take at once")

_WRITING: Final = ".mp4"
_REPAIRED: Final = ".repaired.mp4"  # closed by us after a crash: it is not complete
_JOINED: Final = ".joined"
_FETCHED: Final = ".half"


class Spool:
    """One a process; no two processes share a folder."""

    def __init__(self, root: Path, storage: Storage) -> None:
        self._root = root
        self._storage = storage

    def path(self, event_id: str, session_id: str) -> Path:
        """Where the recording of a live session is written."""
        return self._root / event_id / f"{session_id}{_WRITING}"

    async def store(self, event_id: str, session_id: str, path: Path, duration_s: float) -> RecordingClosed:
        """Puts the closed file of a session into the store.

        Raises `WebinarError` or `OSError` when the store does not take it; the file then waits for `sweep`.
        """
        return await self._store(RecordingClosed(event_id, session_id, "", 0, "", duration_s, True), path, "closed")

    async def store_joined(self, event_id: str, session_id: str, path: Path, duration_s: float) -> RecordingClosed:
        """The same; recordings of earlier sessions of the event come first in the file.

        When they cannot be joined (one cannot be read), the session's own recording is stored.
        """
        earlier = await self._earlier(event_id, session_id)
        target = path.with_suffix(_JOINED)
        halves: list[Path] = []
        try:
            halves = [await self._fetch(notice, path.parent) for notice in earlier]
            if halves:
                joined_s = await asyncio.to_thread(join, [*halves, path], target)
                await asyncio.to_thread(target.replace, path)
                notice = RecordingClosed(
                    event_id, session_id, "", 0, "", joined_s, all(n.complete for n in earlier), _sessions(earlier)
                )
                return await self._store(notice, path, "joined")
        except (WebinarError, NotARecording) as error:
            _log.error("earlier halves are kept apart", event_id=event_id, error=str(error))
        finally:
            for half in halves:
                if half.suffix == _FETCHED:
                    half.unlink(missing_ok=True)
        return await self.store(event_id, session_id, path, duration_s)

    async def sweep(self, living: Collection[str]) -> list[RecordingClosed]:
        """Stores what lies here and belongs to no living session (by id): what a crash or a failing store left."""
        closed: list[RecordingClosed] = []
        for path in await asyncio.to_thread(self._left, living):
            event_id, session_id = path.parent.name, path.name.split(".")[0]
            try:
                result, path = await asyncio.to_thread(_finish, path)
                complete = result.complete and not path.name.endswith(_REPAIRED)
                notice = RecordingClosed(event_id, session_id, "", 0, "", result.duration_s, complete)
                closed.append(await self._store(notice, path, "closed" if complete else "repaired"))
            except NotARecording as error:
                _log.warning("nothing to save in a recording", path=str(path), error=str(error))
                await asyncio.to_thread(path.replace, path.with_suffix(".empty"))
            except (WebinarError, OSError) as error:
                FAILED.inc()
                _log.error("recording stays in the spool", path=str(path), error=str(error))
        return closed

    def _left(self, living: Collection[str]) -> list[Path]:
        files = sorted(self._root.glob(f"*/*{_WRITING}"))
        return [path for path in files if path.name.split(".")[0] not in living]

    async def _store(self, notice: RecordingClosed, path: Path, how: str) -> RecordingClosed:
        size, digest = await asyncio.to_thread(_measure, path)
        base = f"recordings/{notice.event_id}/{notice.session_id}"
        closed = RecordingClosed(
            notice.event_id,
            notice.session_id,
            f"{base}.mp4",
            size,
            digest,
            round(notice.duration_s, 3),
            notice.complete,
            notice.joined,
        )
        await self._storage.put_file(closed.key, path)
        await self._storage.put_bytes(f"{base}.json", closed.to_json())
        STORED.labels(how).inc()
        _log.info("recording stored", event_id=closed.event_id, how=how, bytes=size, duration_s=closed.duration_s)
        return closed

    async def _earlier(self, event_id: str, session_id: str) -> list[RecordingClosed]:
        """Stored recordings of the event's earlier sessions, oldest first, each moment once."""
        notices: list[RecordingClosed] = []
        try:
            for key in await self._storage.list_keys(f"recordings/{event_id}"):
                if key.endswith(".json") and key.rsplit("/", 1)[-1] < f"{session_id}.json":
                    notices.append(RecordingClosed.from_json(await self._storage.get_bytes(key)))
        except (WebinarError, UnknownMessage) as error:
            _log.error("earlier recordings cannot be listed", event_id=event_id, error=str(error))
            return []
        covered = {session for notice in notices for session in notice.joined}
        return [notice for notice in notices if notice.session_id not in covered]

    async def _fetch(self, notice: RecordingClosed, folder: Path) -> Path:
        """The file of a stored recording on this machine; a copy in `folder` when the store is elsewhere."""
        local = self._storage.local_path(notice.key)
        if local is not None:
            return local
        copy = folder / f"{notice.session_id}{_FETCHED}"
        with await asyncio.to_thread(copy.open, "wb") as file:
            async for piece in self._storage.read_range(notice.key, 0, notice.bytes):
                await asyncio.to_thread(file.write, piece)
        return copy


def _sessions(notices: Sequence[RecordingClosed]) -> tuple[str, ...]:
    return tuple(session for notice in notices for session in (*notice.joined, notice.session_id))


def _finish(path: Path) -> tuple[Repaired, Path]:
    """Repairs a file and, when it needed that, renames it, so that it is not taken for a complete one later."""
    result = repair(path)
    if result.complete:
        return result, path
    target = path.with_name(path.name.split(".")[0] + _REPAIRED)
    path.replace(target)
    return result, target


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
