"""Files that are copied for events which do not exist yet: until they do, a mark in the store says whose they are.

A process may be killed between the copies and the transaction that makes their events. Without a mark nothing is
removed: PostgreSQL may lack an event because it is an older copy.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from webinar.base import log
from webinar.base.errors import NotFound
from webinar.base.storage import Storage
from webinar.events import handouts, images

_log = log.get(__name__)
_MARKS: Final = "copying"


class CopiedFiles:
    """Every step may be repeated. `many` answers which events of these ids there are."""

    def __init__(self, storage: Storage, many: Callable[[list[uuid.UUID]], Awaitable[Collection[Any]]]) -> None:
        self._storage = storage
        self._many = many

    async def begin(self, ids: Sequence[uuid.UUID]) -> None:
        """Before the first file of events that are to have these ids. Raises `Unavailable`."""
        await self._storage.put_bytes(_mark(ids[0]), json.dumps([str(id_) for id_ in ids]).encode())

    async def settle(self, ids: Sequence[uuid.UUID]) -> int:
        """After the last one: files of those that were not made go, and the mark; returns how many files.

        Raises `Unavailable`, and what asyncpg raises: then the mark stays.
        """
        made = {event.id for event in await self._many(list(ids))}
        removed = 0
        for id_ in ids:
            if id_ not in made:
                removed += await self._storage.remove_all(images.folder(id_))
                removed += await self._storage.remove_all(handouts.folder(id_))
        await self._storage.delete(_mark(ids[0]))
        if removed:
            _log.info("files of events that were not made removed", events=len(ids) - len(made), objects=removed)
        return removed

    async def begun(self) -> list[str]:
        """Marks of what is being copied, or was when its process was killed. Raises `Unavailable`."""
        return await self._storage.list_keys(_MARKS)

    async def clear(self, mark: str) -> int:
        """Settles what a mark stands for. Raises as `settle`."""
        try:
            ids = [uuid.UUID(id_) for id_ in json.loads(await self._storage.get_bytes(mark))]
        except NotFound:
            return 0  # settled meanwhile
        except (ValueError, TypeError):
            _log.warning("what somebody else put among the marks is left alone", key=mark)
            return 0
        return await self.settle(ids) if ids and _mark(ids[0]) == mark else 0


def _mark(first: uuid.UUID) -> str:
    return f"{_MARKS}/{first}"
