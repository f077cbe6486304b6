"""Which session an event's replay is, from the store: every web process, at any time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final
from weakref import WeakValueDictionary

from webinar.base import log
from webinar.base.errors import Unavailable
from webinar.base.storage import Storage
from webinar.delivery.archive import Archive

_log = log.get(__name__)

_KEPT: Final = 1_000  # events
_LOOK_AGAIN_S: Final = 30.0  # at an event of which nothing was found, or whose store did not answer
_CHECK_AGAIN_S: Final = 300.0  # what was found: segments are removed when their days are over or the disk is full


class Replays:
    """One a web process."""

    def __init__(self, storage: Storage | None) -> None:
        self._archive = None if storage is None else Archive(storage)
        self._known: OrderedDict[str, tuple[str | None, float]] = OrderedDict()  # (prefix, looked at), monotonic
        self._looking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # held by who waits for it

    async def prefix(self, event_id: str) -> str | None:
        """The prefix of an ended event's last session, whose `full.m3u8` holds all of them; None without one.

        Not to be asked while the event is live: what is found is kept for minutes.
        """
        found = self._fresh(event_id)
        looking = self._looking.setdefault(event_id, asyncio.Lock())
        if found is None and looking.locked() and (old := self._known.get(event_id)) is not None and old[0]:
            return old[0]  # one checks it, nobody else waits for that
        if found is None:
            async with looking:  # when an event ends, all its viewers ask at once
                found = self._fresh(event_id) or await self._look(event_id)
        return found[0]

    def _fresh(self, event_id: str) -> tuple[str | None, float] | None:
        found = self._known.get(event_id)
        if found is None:
            return None
        age_s = time.monotonic() - found[1]
        return found if age_s < (_LOOK_AGAIN_S if found[0] is None else _CHECK_AGAIN_S) else None

    async def _look(self, event_id: str) -> tuple[str | None, float]:
        prefix = None
        if self._archive is not None:
            try:
                sessions = await self._archive.sessions(event_id)
                prefix = sessions[-1][1] if sessions else None
            except Unavailable as error:
                _log.warning("the store does not say where a replay is", event_id=event_id, error=error.message)
                prefix = self._known.get(event_id, (None, 0.0))[0]
        found = self._known[event_id] = (prefix, time.monotonic())
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found
