"""One live session as this web process has it: its windows, its last status, and who waits for the next part."""

from __future__ import annotations

import asyncio
import gzip
from typing import Final

from ingest.contract import InitSegment, Part
from webinar.delivery import playlist
from webinar.delivery.window import Window

# Rendered states kept a rendition: the newest is asked for by everyone, the one before by the few who come late.
_KEPT_STATES: Final = 4


class LiveSession:
    """Takes messages of one session in order; wakes waiters; renders each playlist state once for all."""

    def __init__(self, session_id: str, event_id: str, hls_prefix: str) -> None:
        self.session_id = session_id
        self.event_id = event_id
        self.hls_prefix = hls_prefix
        self.windows: dict[str, Window] = {}
        self.ended = False
        self._ladder: tuple[str, ...] = ()
        self._changed: dict[str, asyncio.Event] = {}
        self._rendered: dict[tuple[str, bool], dict[int, tuple[bytes, bytes]]] = {}

    @property
    def playable(self) -> bool:
        """A first part of every rendition is there."""
        return bool(self._ladder) and all(
            name in self.windows and self.windows[name].last_position is not None for name in self._ladder
        )

    def add_init(self, init: InitSegment) -> None:
        """An init segment; a known one, repeated by a snapshot, changes nothing."""
        self._ladder = init.ladder
        name = init.rendition.name
        if name not in self.windows or self.windows[name].init.payload != init.payload:
            self.windows[name] = Window(init)
            # Ladder order, whatever order they came in: it is the order of the variants.
            self.windows = {n: self.windows[n] for n in init.ladder if n in self.windows}

    def add_part(self, part: Part) -> None:
        """Raises `Gap` when something is missing before it, KeyError when its init segment is."""
        if self.windows[part.rendition].add(part):
            self._wake(part.rendition)

    def end(self) -> None:
        self.ended = True
        for name, window in self.windows.items():
            window.end()
            self._wake(name)

    def restart_windows(self) -> None:
        """After a gap: the windows are filled anew from a snapshot, whose numbers go on where ingest is."""
        for name, window in list(self.windows.items()):
            fresh = Window(window.init)
            fresh.version = window.version + 1_000_000  # never the number of a state that was rendered before
            self.windows[name] = fresh

    def _wake(self, rendition: str) -> None:
        event = self._changed.pop(rendition, None)
        if event is not None:
            event.set()

    async def wait_for(self, rendition: str, msn: int, part: int | None, timeout_s: float) -> bool:
        """Until the window has come so far; false when it has not within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.windows[rendition].has(msn, part) and not self.windows[rendition].ended:
                    await self._changed.setdefault(rendition, asyncio.Event()).wait()
        except TimeoutError:
            return False
        return True

    def media_playlist(self, rendition: str, *, skip: bool) -> tuple[bytes, bytes]:
        """(plain, gzipped) text of the present state, rendered once."""
        version = self.windows[rendition].version
        states = self._rendered.setdefault((rendition, skip), {})
        if version not in states:
            text = playlist.media(rendition, self.windows, skip=skip).encode()
            states[version] = (text, gzip.compress(text, compresslevel=5, mtime=0))
            while len(states) > _KEPT_STATES:
                del states[next(iter(states))]
        return states[version]
