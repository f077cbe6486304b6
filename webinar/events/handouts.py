"""Files that a host hands out to the guests of an event: slides, programmes, tables, to be saved and never shown.

They are kept as they came, so what may be dangerous is refused by its ending, and all of it is served as an attachment.
"""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from webinar.base import log
from webinar.base.db import Connection, Pool
from webinar.base.errors import FieldProblem, Invalid, NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.events.handout_store import Handout, HandoutStore
from webinar.events.service import EventService
from webinar.events.versions import Versions

__all__ = ["ENDINGS", "MOST_BYTES", "MOST_FILES", "Handout", "Handouts", "clean_name", "folder"]

_log = log.get(__name__)
MOST_BYTES: Final = 25_000_000
MOST_FILES: Final = 20
# What people hand out at conferences; nothing that runs by a double click.
_DOCUMENTS: Final = "pdf ppt pptx key odp doc docx odt hwp hwpx rtf txt md xls xlsx ods csv ics"
ENDINGS: Final = frozenset(f"{_DOCUMENTS} zip png jpg jpeg webp gif mp3 m4a mp4".split())
_MOST_LETTERS: Final = 120
_FORBIDDEN: Final = frozenset('/\\:*?"<>|')


def folder(event_id: uuid.UUID) -> str:
    """Of the store, where all handouts of an event are."""
    return f"handouts/{event_id}"


def clean_name(name: str) -> str:
    """A name that every system takes: the last part of a path, composed (NFC), without signs that are invisible, turn
    the direction of writing, or mean something to a file system. Raises `Invalid` for an ending not in `ENDINGS`.
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    seen = "".join(
        sign for sign in last if sign not in _FORBIDDEN and (sign == " " or unicodedata.category(sign)[0] not in "CZ")
    )
    stem, dot, ending = seen.rpartition(".")
    ending = ending.strip().lower()
    if not dot or ending not in ENDINGS:
        words = "Files of this kind are not handed out. Best is a PDF; a ZIP holds whatever you need."
        raise Invalid("Some fields need another look.", code="file_kind", fields=[FieldProblem("file", words)])
    stem = " ".join(stem.split()).strip(" .")[: _MOST_LETTERS - len(ending)].strip(" .")
    return f"{stem or 'file'}.{ending}"


class Handouts:
    """One a process."""

    def __init__(self, pool: Pool, storage: Storage, events: EventService) -> None:
        self._store = HandoutStore(pool)
        self._storage = storage
        self._events = events
        self._versions = Versions("files for guests", self._ids)

    async def all(self, event_id: uuid.UUID) -> list[Handout]:
        """The oldest first."""
        return await self._store.all(event_id)

    async def get(self, event_id: uuid.UUID, handout_id: uuid.UUID) -> Handout:
        """Raises `NotFound`."""
        found = await self._store.one(event_id, handout_id)
        if found is None:
            raise NotFound("There is no such file any more.", code="file_not_found")
        return found

    async def add(self, event_id: uuid.UUID, name: str, data: bytes) -> Handout:
        """Raises `NotFound` (event), `Invalid` (empty, too large, its kind, too many) and `Unavailable`."""
        await self._events.get(event_id)
        clean = clean_name(name)
        if not data or len(data) > MOST_BYTES:
            words = "This file is too large. 25 MB at most." if data else "This file is empty. Choose another one."
            raise Invalid("Some fields need another look.", fields=[FieldProblem("file", words)])
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        made = uuid.uuid4()
        handout = Handout(made, event_id, clean, f"{folder(event_id)}/{made}", digest, len(data), datetime.now(UTC))
        await self._storage.put_bytes(handout.key, data)
        if not await self._store.add(handout, MOST_FILES):
            await self._storage.delete(handout.key)
            await self._events.get(event_id)  # raises where it was deleted while its file was on its way
            words = "There are 20 files already. Take one away, or put several into a ZIP."
            raise Invalid("Some fields need another look.", code="too_many", fields=[FieldProblem("file", words)])
        self._versions.forget(event_id)
        _log.info("file handed out", event_id=str(event_id), bytes=len(data))
        return handout

    async def remove(self, event_id: uuid.UUID, handout_id: uuid.UUID) -> None:
        """Raises `NotFound`. What the store does not delete now goes with the event."""
        key = await self._store.remove(event_id, handout_id)
        if key is None:
            raise NotFound("There is no such file any more.", code="file_not_found")
        self._versions.forget(event_id)
        try:
            await self._storage.delete(key)
        except Unavailable as error:
            _log.warning("a file that was taken away stays in the store", key=key, error=error.message)

    async def copies(self, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> list[Handout]:
        """The files of one event, copied in the store for events that are to be made; `keep` makes them theirs.

        One that the store has lost is left out, and logged. Raises `Unavailable`.
        """
        made: list[Handout] = []
        for file in await self._store.all(source):
            copies = [file.of(target, new := uuid.uuid4(), f"{folder(target)}/{new}") for target in targets]
            try:
                await self._storage.copy_to(file.key, [one.key for one in copies])
            except NotFound:
                _log.warning("a file for guests is not copied: the store has none", key=file.key)
                continue
            made += copies
        return made

    async def keep(self, connection: Connection, copies: Sequence[Handout]) -> None:
        """Within the transaction that makes their events."""
        await self._store.keep(connection, copies)

    async def version(self, event_id: uuid.UUID) -> str | None:
        """As `Versions.of`: None where there are no files."""
        return await self._versions.of(event_id)

    async def _ids(self, event_id: uuid.UUID) -> list[str]:
        return [str(one.id) for one in await self._store.all(event_id)]
