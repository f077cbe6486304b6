"""One file of an event whose recording was written by several sessions: an ingest was killed, another one went on."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from ingest.contract import RecordingClosed
from ingest.record.beside import JOINED, NOTICE, WRITING, beside, session_of, write
from ingest.record.halves import EarlyJoins, Halves
from ingest.record.handover import measure
from ingest.record.joining import join
from ingest.record.parsing import NotARecording
from webinar.base import log
from webinar.base.errors import Unavailable

_log = log.get(__name__)

APART: Final = Counter("webinar_recording_join_failed_total", "Times that halves of an event could not be joined")


class Whole:
    """One a spool."""

    def __init__(self, halves: Halves, early: EarlyJoins) -> None:
        self._halves = halves
        self._early = early

    async def make(self, own: RecordingClosed, path: Path) -> RecordingClosed | None:
        """Makes the file at `path` one of all halves, this session's last, with its notice; None: there are no others.

        Without a file at `path` the session's own half is taken from the store. Raises `NotARecording` (one cannot be
        read), `WebinarError` or `OSError` (not now); then nothing has changed.
        """
        if await asyncio.to_thread(earlier_here, path):
            raise Unavailable("An earlier half is not in the store yet.")
        earlier = await self._halves.earlier(own.event_id, own.session_id)
        if not earlier:
            return None
        target, copies = beside(path, JOINED), beside(path, "")
        try:
            here = await asyncio.to_thread(path.exists)
            joined = await self._early.join(path, earlier) if here else None
            if joined is None:
                halves = [await self._halves.fetch(notice, copies) for notice in earlier]
                halves.append(path if here else await self._halves.fetch(own, copies))
                await asyncio.to_thread(_check_room, halves, path.parent)
                joined = await asyncio.to_thread(join, halves, target)
            complete = own.complete and all(half.complete for half in earlier)
            notice = replace(
                own, sha256=joined.sha256, duration_s=joined.duration_s, complete=complete, joined=_sessions(earlier)
            )
            closed = await asyncio.to_thread(measure, notice, target)
            # First the notice: by its size a sweep knows whether the file was put in place.
            await asyncio.to_thread(write, beside(path, NOTICE), closed.to_json())
            await asyncio.to_thread(target.replace, path)
            return closed
        finally:
            await asyncio.to_thread(self._halves.drop_fetched, path)


def earlier_here(path: Path) -> bool:
    """Whether an earlier session of the event still has its recording beside this one."""
    return any(session_of(other) < session_of(path) for other in path.parent.glob(f"*{WRITING}"))


def apart(own: RecordingClosed, error: Exception, what: str) -> None:
    """The halves were not joined: counted, and said `what` becomes of them."""
    APART.inc()
    _log.error(what, event_id=own.event_id, session=own.session_id, error=str(error))


def _sessions(notices: Sequence[RecordingClosed]) -> tuple[str, ...]:
    return tuple(session for notice in notices for session in (*notice.joined, notice.session_id))


def _check_room(halves: Sequence[Path], folder: Path) -> None:
    """Before minutes of copying. Raises `OSError`."""
    missing = [half.name for half in halves if not half.exists()]
    if missing:
        raise NotARecording(f"{missing[0]} is not there")
    needed, free = sum(half.stat().st_size for half in halves), shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed} bytes are needed to join the halves, {free} are free", str(folder))
