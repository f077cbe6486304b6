"""What viewers see while nobody sends: the host's own picture, or the drawn slate where there is none to be had.

The host's picture comes from the store, which may be slow or away: nothing waits for it longer than a moment, and
whatever is the matter with it the slate stands in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

import av

from ingest.program import slate
from webinar.base import log
from webinar.base.errors import WebinarError

_log = log.get(__name__)
GetObject = Callable[[str, int], Awaitable[bytes]]  # key, most bytes; raises WebinarError

_MOST_BYTES: Final = 8 * 1024 * 1024
_LOAD_S: Final = 5.0
# Go Live waits for a picture that is on its way, so that the drawn one does not flash up first.
_PATIENCE_S: Final = 1.0
_KEY: Final = r"images/{}/holding-[0-9a-f]{{64}}\.jpg"


class Holding:
    """Of one session, on its canvas. All methods belong to the event loop."""

    def __init__(self, event_id: str, width: int, height: int, title: str, key: str, get_object: GetObject) -> None:
        self._event_id = event_id
        self._size = width, height
        self._title = title
        self._key = key
        self._get_object = get_object
        self._drawn: av.VideoFrame | None = None
        self._own: av.VideoFrame | None = None
        self._drawing = asyncio.Lock()
        self._loading = asyncio.Lock()
        self._tried = asyncio.Event()

    async def prepare(self) -> None:
        """In rehearsal, so that Go Live need not wait."""
        await self._slate()
        await self.change(self._key)

    async def frame(self) -> av.VideoFrame:
        """The picture as it is now; one that is being loaded is waited for a moment."""
        drawn = await self._slate()
        try:
            async with asyncio.timeout(_PATIENCE_S if self._key else 0.0):
                await self._tried.wait()
        except TimeoutError:
            pass
        return self._own or drawn

    async def change(self, key: str) -> av.VideoFrame:
        """The host's picture of this key from now on, "": the slate. Returns what to show."""
        drawn = await self._slate()
        async with self._loading:
            self._key = key
            self._own = await self._load(key) if key else None
            self._tried.set()
            return self._own or drawn

    async def _slate(self) -> av.VideoFrame:
        """Drawn once, off the loop."""
        async with self._drawing:
            if self._drawn is None:
                self._drawn = await asyncio.to_thread(slate.draw, *self._size, self._title)
            return self._drawn

    async def _load(self, key: str) -> av.VideoFrame | None:
        """None when it cannot be had or shown."""
        if not re.fullmatch(_KEY.format(re.escape(self._event_id)), key):
            _log.warning("this is no holding picture of the event", event_id=self._event_id)
            return None
        try:
            async with asyncio.timeout(_LOAD_S):
                data = await self._get_object(key, _MOST_BYTES)
            return await asyncio.to_thread(slate.shown, data, *self._size)
        except (WebinarError, OSError, ValueError, av.FFmpegError) as error:  # TimeoutError is an OSError
            _log.warning("holding picture not shown", event_id=self._event_id, error=repr(error))
            return None
