"""The sound of a recording alone, in the store beside it: taken out once the recording itself is there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from ingest.contract import RecordingClosed
from ingest.record.beside import AUDIO, NOTICE, REPAIRED, WRITING, beside, session_of
from ingest.record.halves import Halves
from ingest.record.handover import key
from ingest.record.parsing import NotARecording
from ingest.record.sound import extract
from webinar.base import log
from webinar.base.storage import Storage

_log = log.get(__name__)


class StoredSound:
    """One a spool."""

    def __init__(self, storage: Storage, halves: Halves) -> None:
        self._storage = storage
        self._halves = halves

    async def store(self, mark: Path) -> RecordingClosed | None:
        """Of the recording that `mark` stands for, a second name of its file or an empty one; the mark goes then.

        The notice that says so, None where there is none to store, or not yet. Raises `WebinarError` or `OSError`.
        """
        if any(beside(mark, suffix).exists() for suffix in (WRITING, REPAIRED, NOTICE)):
            return None  # the recording did not get into the store just now
        stored = await self._halves.stored(mark.parent.name, session_of(mark))
        notice = None if stored is None else await self._take_out(stored, mark)
        await asyncio.to_thread(mark.unlink)
        return notice

    async def _take_out(self, stored: RecordingClosed, mark: Path) -> RecordingClosed | None:
        target = beside(mark, AUDIO)
        here = (await asyncio.to_thread(mark.stat)).st_size == stored.bytes
        source = mark if here else await self._halves.fetch(stored, beside(mark, ""))
        try:
            size = await asyncio.to_thread(extract, source, target)
        except NotARecording as error:
            _log.error("sound cannot be taken out of a recording", key=stored.key, error=str(error))
            return None
        finally:
            await asyncio.to_thread(self._halves.drop, source)
        await self._storage.put_file(key(stored.event_id, stored.session_id, AUDIO), target)
        notice = replace(stored, audio_bytes=size)
        await self._storage.put_bytes(key(stored.event_id, stored.session_id, NOTICE), notice.to_json())
        return notice
