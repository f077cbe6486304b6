"""Events that a host deleted, and what the store still gets of them.

An ingest that is still joining, uploading or taking the sound out stores files after its event has gone, and a process
that is killed leaves what it had not removed yet. So a mark in the store says that the event was deleted and which
prefixes its sessions had. Without a mark nothing is removed: PostgreSQL may lack an event because it is an older copy.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from ingest.contract import Key
from webinar.base import log
from webinar.base.db import AWAY, Connection
from webinar.base.errors import NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.events import handouts, images
from webinar.events.service import EventService
from webinar.recordings.editing import FOLDER

_log = log.get(__name__)
_MARKS: Final = "deleted"
_POINTERS: Final = Key.of_event("")


class DeletedEvents:
    """Deletes events, and later what came after them. Every step may be repeated."""

    def __init__(self, storage: Storage, events: EventService) -> None:
        self._storage = storage
        self._events = events

    async def delete(self, event_id: uuid.UUID, beside: Callable[[Connection], Awaitable[None]] | None = None) -> None:
        """The event with all it has; `beside` and what is raised are those of `EventService.delete`.

        Raises `Unavailable`, too: then it is still there.
        """
        await self._events.check_deletable(event_id)
        prefixes = [session.hls_prefix for session in await self._events.sessions(event_id)]
        await self._storage.put_bytes(f"{_MARKS}/{event_id}", json.dumps(prefixes).encode())
        await self._events.delete(event_id, beside)
        try:
            await self.clear(str(event_id))
        except (Unavailable, *AWAY) as error:
            _log.warning("files of a deleted event are removed later", event_id=str(event_id), error=str(error))

    async def clear(self, event_id: str) -> int:
        """Removes what the store has of an event that was deleted; returns how many objects that were.

        Nothing while PostgreSQL has the event or does not answer. Raises `Unavailable`, and what asyncpg raises.
        """
        try:
            known = uuid.UUID(event_id)
            prefixes = json.loads(await self._storage.get_bytes(f"{_MARKS}/{known}"))
        except (ValueError, NotFound):
            return 0
        if await self._events.many([known]):
            return 0
        removed = await self._storage.remove_all(f"recordings/{known}")
        removed += await self._storage.remove_all(f"{FOLDER}/{known}")
        removed += await self._storage.remove_all(images.folder(known))
        removed += await self._storage.remove_all(handouts.folder(known))
        for prefix in prefixes:
            removed += await self._storage.remove_all(f"live/{prefix}")
        # Last: as long as there is something, it is found again.
        removed += await self._storage.remove_all(Key.of_event(str(known)))
        if removed:
            _log.info("files of a deleted event removed", event_id=event_id, objects=removed)
        return removed

    async def left(self, recordings: Iterable[str]) -> list[str]:
        """Marked events of which there is something, by the keys of all recordings. Raises `Unavailable`."""
        marks = {key.rpartition("/")[2] for key in await self._storage.list_keys(_MARKS)}
        if not marks:
            return []
        pointers = await self._storage.list_keys(_POINTERS.rstrip("/"))
        pictures = await self._storage.list_keys("images")
        cuts = await self._storage.list_keys(FOLDER)
        files = await self._storage.list_keys("handouts")
        found = {key.split("/")[1] for key in (*recordings, *pictures, *cuts, *files)}
        found |= {key.removeprefix(_POINTERS).partition("/")[0] for key in pointers}
        return sorted(marks & found)
