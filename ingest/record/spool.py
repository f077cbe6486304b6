"""The folder of recordings being written, `spool/<event>/<session>.mp4`, and their way into the object store.

A file leaves the spool only by being in the store, and what is still to be done lies beside it: what cannot be done
now, or was cut off by a crash at any point, is done by the next `sweep`.

    <session>.mp4           being written, or closed and on its way
    <session>.repaired.mp4  the same, closed by us after a crash: it is not complete
    <session>.json          the notice, from before the file moves until the store has both
    <session>.last          the event ended with this session; until the halves before it are joined with it
    <session>.sound         a second name of the same file, until its sound alone is in the store, too; empty where the
                            disk knows no second names
    <session>.joined, <session>.m4a, <session>.<earlier>.half, *.new   being made; worthless after a crash
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from ingest.contract import RecordingClosed
from ingest.record.beside import (
    AUDIO,
    FETCHED,
    JOINED,
    LAST,
    NEW,
    NOTICE,
    REPAIRED,
    SOUND,
    WRITING,
    beside,
    read_notice,
    session_of,
)
from ingest.record.halves import EarlyJoins, Halves
from ingest.record.handover import Handover, key
from ingest.record.parsing import NotARecording
from ingest.record.patience import Patience
from ingest.record.repair import Repaired, repair
from ingest.record.stored_sound import StoredSound
from ingest.record.whole import Whole, apart, earlier_here
from webinar.base import log
from webinar.base.errors import NotFound, WebinarError
from webinar.base.storage import Storage

_log = log.get(__name__)

FAILED: Final = Counter("webinar_recording_store_failed_total", "Recordings that the store did not take at once")


class Spool:
    """One a process; no two processes share a folder."""

    def __init__(self, root: Path, storage: Storage, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._storage = storage
        self._patience = Patience(clock)
        self._handover = Handover(storage)
        self._halves = Halves(storage)
        self._early = EarlyJoins(self._halves)
        self._whole = Whole(self._halves, self._early)
        self._sound = StoredSound(storage, self._halves)

    def path(self, event_id: str, session_id: str) -> Path:
        """Where the recording of a live session is written."""
        return self._root / event_id / f"{session_id}{WRITING}"

    async def store(
        self, event_id: str, session_id: str, path: Path, duration_s: float, sha256: str = ""
    ) -> RecordingClosed:
        """Puts the closed file of a session into the store; without `sha256` the whole of it is read for that.

        Raises `WebinarError` or `OSError` when the store does not take it; the file then waits for `sweep`.
        """
        return await self._handover.store(_notice(event_id, session_id, duration_s, sha256), path, "closed")

    async def store_joined(
        self, event_id: str, session_id: str, path: Path, duration_s: float, sha256: str = ""
    ) -> RecordingClosed:
        """The same; recordings of earlier sessions of the event come first in the file.

        When they cannot be joined now, the session's own recording is stored and a `sweep` joins them later; when
        one of them cannot be read, they stay apart.
        """
        own = _notice(event_id, session_id, duration_s, sha256)
        last = beside(path, LAST)
        try:
            await self.expect_join(event_id, session_id)
            settled, joined = True, await self._whole.make(own, path)
        except NotARecording as error:
            settled, joined = True, None
            apart(own, error, "halves stay apart: one cannot be read")
        except (WebinarError, OSError) as error:
            settled, joined = False, None
            apart(own, error, "halves are stored apart, joining is tried again")
        closed = await (
            self._handover.store(own, path, "closed")
            if joined is None
            else self._handover.deliver(joined, path, "joined")
        )
        if settled:
            await asyncio.to_thread(last.unlink, missing_ok=True)
        else:
            await self._handover.mark(last)  # on a full disk it may only now have become possible
        return closed

    async def join_ahead(self, event_id: str, session_id: str, heads: Sequence[int]) -> bool:
        """While a session is live: lays down a little of the file it will be joined to at the end of the event.

        `heads` are the offsets of the groups in its recording. Whether there is more to do now. `forget` ends it.
        """
        path = self.path(event_id, session_id)
        try:
            if not heads or await asyncio.to_thread(earlier_here, path):
                return False
        except OSError as error:
            _log.error("the spool cannot be read", path=str(path), error=str(error))
            return False
        return await self._early.step(event_id, path, beside(path, JOINED), heads)

    async def forget(self, session_id: str) -> None:
        """The session is over and its recording seen to: what was laid down ahead and not used goes."""
        await self._early.forget(session_id)

    async def expect_join(self, event_id: str, session_id: str) -> None:
        """The event ended with this session, whose file is not closed: a sweep repairs it, stores it, joins it."""
        await self._handover.mark(beside(self.path(event_id, session_id), LAST))

    async def store_sound(self, closed: RecordingClosed) -> RecordingClosed | None:
        """Stores the sound of a stored recording alone; the notice that says so, None when there is none to store.

        Raises `WebinarError` or `OSError` when that cannot be done now; a sweep does it then.
        """
        mark = beside(self.path(closed.event_id, closed.session_id), SOUND)
        return await self._sound.store(mark) if await asyncio.to_thread(mark.exists) else None

    async def sweep(self, living: Collection[str]) -> list[RecordingClosed]:
        """Finishes what belongs to no living session (by id): what a crash, a full disk or a failing store left.

        `living` is the caller's own set, asked again before each step: a sweep may take minutes, and a session that
        begins and ends meanwhile sees to its files itself. A disk that cannot be read is tried again the next time.
        """
        closed: dict[tuple[str, str], RecordingClosed] = {}  # by file: of two notices the later one says more
        await asyncio.to_thread(self._clear, living)
        steps: tuple[tuple[str, Callable[[Path], Awaitable[RecordingClosed | None]]], ...] = (
            (WRITING, self._save),
            (NOTICE, self._tell),
            (LAST, self._join_stored),
            (SOUND, self._sound.store),
        )
        for suffix, step in steps:
            for path in await asyncio.to_thread(self._left, suffix, living):
                if self._patience.holds(path):
                    continue
                try:
                    notice = await step(path)
                except (WebinarError, OSError) as error:
                    FAILED.inc()
                    pause_s = self._patience.failed(path)
                    _log.error("recording stays in the spool", path=str(path), error=str(error), pause_s=pause_s)
                else:
                    self._patience.done(path)
                    closed |= {} if notice is None else {(notice.key, notice.sha256): notice}
        return list(closed.values())

    # -- the steps of a sweep ------------------------------------------------------------------------------------

    async def _save(self, path: Path) -> RecordingClosed | None:
        """A file that is not in the store."""
        known = await asyncio.to_thread(read_notice, beside(path, NOTICE))
        if known is not None and known.bytes == (await asyncio.to_thread(path.stat)).st_size:
            return await self._handover.deliver(known, path, "joined" if known.joined else "closed")
        try:
            result, path = await asyncio.to_thread(_finish, path)
        except NotARecording as error:
            _log.warning("nothing to save in a recording", path=str(path), error=str(error))
            await asyncio.to_thread(path.replace, path.with_suffix(".empty"))
            return None
        complete = result.complete and not path.name.endswith(REPAIRED)
        notice = replace(_notice(path.parent.name, session_of(path), result.duration_s), complete=complete)
        return await self._handover.store(notice, path, "closed" if complete else "repaired")

    async def _tell(self, path: Path) -> RecordingClosed | None:
        """A notice whose file has been moved and of which the store does not know yet."""
        if any(beside(path, suffix).exists() for suffix in (WRITING, REPAIRED)):
            return None  # the file did not get into the store just now
        notice = await asyncio.to_thread(read_notice, path)
        try:
            if notice is not None and await self._storage.size(notice.key) == notice.bytes:
                return await self._handover.tell(notice, path, "closed")
        except NotFound:
            pass  # the event has been deleted
        _log.warning("notice of a file that is not there", path=str(path))
        await asyncio.to_thread(path.unlink)
        return None

    async def _join_stored(self, last: Path) -> RecordingClosed | None:
        """Halves of an ended event that could not be joined when it ended."""
        event_id, session_id = last.parent.name, session_of(last)
        target = self.path(event_id, session_id)
        if target.exists():
            return None  # its own half did not get into the store just now
        own, joined = await self._halves.stored(event_id, session_id), None
        if own is not None and not own.joined:
            try:
                joined = await self._whole.make(own, target)
            except NotARecording as error:
                apart(own, error, "halves stay apart: one cannot be read")
        closed = None if joined is None else await self._handover.deliver(joined, target, "joined")
        await asyncio.to_thread(last.unlink)
        return closed

    def _left(self, suffix: str, living: Collection[str]) -> list[Path]:
        try:
            return sorted(path for path in self._root.glob(f"*/*{suffix}") if session_of(path) not in living)
        except OSError as error:
            _log.error("the spool cannot be read", suffix=suffix, error=str(error))
            return []

    def _clear(self, living: Collection[str]) -> None:
        try:
            self._patience.prune()
            for suffix in (JOINED, FETCHED, AUDIO, NEW):
                for path in self._left(suffix, living):
                    path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("the spool cannot be cleared", error=str(error))


def _notice(event_id: str, session_id: str, duration_s: float, sha256: str = "") -> RecordingClosed:
    """Of a file that is not measured yet."""
    return RecordingClosed(event_id, session_id, key(event_id, session_id, WRITING), 0, sha256, duration_s, True)


def _finish(path: Path) -> tuple[Repaired, Path]:
    """Repairs a file and, when it needed that, renames it, so that it is not taken for a complete one later."""
    result = repair(path)
    if result.complete:
        return result, path
    target = path.with_name(path.name.split(".")[0] + REPAIRED)
    path.replace(target)
    return result, target
