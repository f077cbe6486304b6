"""Live sessions as they lie in the store: what ingest wrote beside the segments (`ingest.contract`, `Key`)."""

from __future__ import annotations

import asyncio
from typing import Final

from ingest.contract import Key, StoredChunk, StoredSegment, StoredSession, UnknownMessage
from webinar.base import log
from webinar.base.errors import NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.delivery.whole import Stretch

_log = log.get(__name__)

_AT_ONCE: Final = 8  # objects of an index that are read side by side


class Archive:
    """Reads only, keeps nothing."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def stretch(self, prefix: str) -> Stretch:
        """A session with all its segments. Raises `NotFound` or `Unavailable`."""
        session = await self._session(prefix)
        numbers = sorted(
            int(stem)
            for key in await self._storage.list_keys(Key.chunks(prefix))
            if (stem := key.rpartition("/")[2].removesuffix(".json")).isdecimal()
        )
        reading = asyncio.Semaphore(_AT_ONCE)

        async def read(number: int) -> dict[str, list[StoredSegment]]:
            async with reading:
                return await self.chunk(prefix, number)

        found: dict[str, list[StoredSegment]] = {r.name: [] for r in session.renditions}
        for chunk in await asyncio.gather(*map(read, numbers)):
            for name, listed in chunk.items():
                found.setdefault(name, []).extend(listed)
        return Stretch(session, found)

    async def chunk(self, prefix: str, number: int) -> dict[str, list[StoredSegment]]:
        """A piece of a session's index, by rendition; empty when there is none. Raises `Unavailable`."""
        try:
            return StoredChunk.from_json(await self._storage.get_bytes(Key.chunk(prefix, number))).segments
        except NotFound:
            return {}
        except UnknownMessage as error:
            raise Unavailable("The recording of this stream cannot be read.") from error

    async def sessions(self, event_id: str) -> list[tuple[str, str]]:
        """(session id, prefix) of an event, oldest first. Raises `Unavailable`."""
        found = []
        for key in await self._storage.list_keys(Key.of_event(event_id)):
            try:
                found.append((key.rpartition("/")[2], (await self._storage.get_bytes(key)).decode("ascii")))
            except (NotFound, UnicodeDecodeError) as error:
                _log.warning("pointer to a live session cannot be read", key=key, error=repr(error))
        return found

    async def before(self, event_id: str, session_id: str) -> list[Stretch]:
        """The earlier sessions of an event that have something to show. Raises `Unavailable`."""
        found: list[Stretch] = []
        for known, prefix in await self.sessions(event_id):
            if known < session_id:
                try:
                    stretch = (await self.stretch(prefix)).whole()
                except NotFound:
                    continue  # deleted, or killed before it was described
                if any(stretch.segments.values()):
                    found.append(stretch)
        return found

    async def _session(self, prefix: str) -> StoredSession:
        try:
            return StoredSession.from_json(await self._storage.get_bytes(Key.session(prefix)))
        except UnknownMessage as error:
            raise Unavailable("The recording of this stream cannot be read.") from error
