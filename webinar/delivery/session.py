"""One live session as this web process has it: its windows, its last status, and who waits for the next part."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
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
        # Parts were lost: the windows are of a while ago until `refill` has brought them to where ingest is.
        self.behind = False
        self._ladder: tuple[str, ...] = ()
        self._waiting: dict[str, dict[asyncio.Future[bool], tuple[int, int | None]]] = {}  # by rendition
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

    def refill(self, parts: Iterable[Part]) -> None:
        """Brings the windows to where a snapshot ends. A window that the snapshot does not join on to is replaced
        whole, at once: whoever asks meanwhile gets the old one. Raises `Gap` for a snapshot with a hole, KeyError
        when an init segment is missing; the session is `behind` still.
        """
        by_rendition: dict[str, list[Part]] = {}
        for part in parts:
            by_rendition.setdefault(part.rendition, []).append(part)
        for name, snapshot in by_rendition.items():
            self.windows[name] = _refilled(self.windows[name], snapshot)
            self._wake(name)
        self.behind = False

    def _wake(self, rendition: str) -> None:
        waiting = self._waiting.pop(rendition, None)
        if waiting is None:
            return
        still = {}
        for future, position in waiting.items():
            if not self.known(rendition, *position):
                still[future] = position
            elif not future.done():
                future.set_result(True)
        if still:
            self._waiting[rendition] = still

    def when(self, rendition: str, msn: int, part: int | None) -> asyncio.Future[bool]:
        """Gets True when the window has come so far. Whoever stops waiting for it calls `forget`."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(rendition, {})[future] = (msn, part)
        return future

    def forget(self, rendition: str, future: asyncio.Future[bool]) -> None:
        """Nobody waits for it any more."""
        waiting = self._waiting.get(rendition)
        if waiting is not None and waiting.pop(future, None) is not None and not waiting:
            del self._waiting[rendition]

    def known(self, rendition: str, msn: int, part: int | None) -> bool:
        """Whether the window has come so far, or ended."""
        window = self.windows[rendition]
        return window.ended or window.has(msn, part)

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


def _refilled(window: Window, snapshot: list[Part]) -> Window:
    """The window with the parts of the snapshot: itself where they follow, else a new one of them alone."""
    first = snapshot[0]
    if window.last_position is None or (first.msn, first.part) <= window.next_position:
        for part in snapshot:
            window.add(part)
        return window
    fresh = Window(window.init)
    fresh.version = window.version  # what is rendered of it never has the number of an earlier state
    fresh.finished, fresh.finished_end = window.finished, window.finished_end
    for part in snapshot:
        fresh.add(part)
    return fresh
