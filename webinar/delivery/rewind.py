"""`full.m3u8`: the whole event so far while it is live, all of it afterwards, from the segments in the store.

All of it is from the index that ingest writes beside the segments, which alone knows what the store has taken. While a
session is in this process, its windows say what was finished and is not in the index yet. Each state is rendered once.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

from ingest.contract import Rendition, StoredChunk, StoredSegment
from webinar.base.errors import NotFound, Unavailable
from webinar.delivery import playlist
from webinar.delivery.archive import Archive
from webinar.delivery.session import LiveSession
from webinar.delivery.whole import Stretch, WholePlaylist, begun
from webinar.delivery.window import Window

_KEPT: Final = 32  # sessions whose playlists are kept, live and past
_LOOK_AGAIN_S: Final = 10.0  # at a past session that has not said that it is complete; twice as long each time
_LOOK_AGAIN_MAX_S: Final = 300.0  # when nothing came: it was killed, and nothing will
_INDEX_EVERY_S: Final = 1.0  # of a live session
_INDEX_FAILED_S: Final = 5.0
_STORE_PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A playlist. `final`: it never changes again."""

    plain: bytes
    gzipped: bytes
    final: bool


@dataclass(slots=True)
class _Growing:
    """One rendition's playlist, and what was last rendered of it, full and delta."""

    text: WholePlaylist
    first: int  # segments of earlier sessions
    following: tuple[StoredSegment, ...] = ()  # finished, not in the index yet
    rendered: dict[bool, tuple[object, bytes, bytes]] = field(default_factory=dict)  # with its state

    @property
    def msn(self) -> int:
        """The first segment of this session that is not listed for good."""
        return self.text.segments - self.first

    def render(self, *, skip: bool, final: bool) -> Rendered:
        kept, state = self.rendered.get(skip), (self.text.segments, self.following)
        if kept is None or kept[0] != state:
            plain, gzipped = (self.text.render_delta if skip else self.text.render)(self.following)
            kept = self.rendered[skip] = (state, plain, gzipped)
        return Rendered(kept[1], kept[2], final)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A piece of a live session's index."""

    segments: Mapping[str, Sequence[StoredSegment]]
    again_at: float  # monotonic

    @property
    def full(self) -> bool:
        return bool(self.segments) and all(len(s) == StoredChunk.SEGMENTS for s in self.segments.values())


@dataclass(slots=True)
class _Event:
    """What is known of the event that a session belongs to, up to this session."""

    live: bool  # the session is in this process
    ended: bool
    stretches: list[Stretch]  # earlier ones; with this one if it is not live
    final: bool
    again_at: float  # monotonic; for those that are neither live nor final
    pause_s: float = _LOOK_AGAIN_S
    playlists: dict[str, _Growing] = field(default_factory=dict)
    index: dict[int, _Chunk] = field(default_factory=dict)  # of the live session, by number


class Rewind:
    """One a web process."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._events: OrderedDict[str, _Event] = OrderedDict()  # by prefix
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # held by who waits for it

    async def multivariant(self, prefix: str, live: LiveSession | None) -> Rendered:
        """Raises `NotFound` or `Unavailable`."""
        async with self._locked(prefix):
            event = await self._event(prefix, live)
        if live is not None:
            qualities = playlist.qualities(live.windows)
        else:
            last = event.stretches[-1]
            qualities = [last.quality(r) for r in last.session.renditions if last.segments.get(r.name)]
        text = playlist.multivariant(qualities, "full.m3u8").encode()
        return Rendered(text, b"", event.final)

    async def media(self, prefix: str, rendition: str, live: LiveSession | None, *, skip: bool) -> Rendered:
        """Raises `NotFound` or `Unavailable`."""
        async with self._locked(prefix):
            event = await self._event(prefix, live)
            growing = event.playlists.get(rendition)
            if growing is None:
                growing = event.playlists[rendition] = self._begin(event, rendition, prefix, live)
            if live is not None:
                await self._grow(event, growing, live, rendition)
        return growing.render(skip=skip, final=event.final)

    def _locked(self, prefix: str) -> asyncio.Lock:
        """One read of the store for all who want the same."""
        return self._reading.setdefault(prefix, asyncio.Lock())

    async def _event(self, prefix: str, live: LiveSession | None) -> _Event:
        state = (live is not None, live is None or live.ended)
        known = self._events.get(prefix)
        stale = known is not None and not known.live and not known.final
        if known is not None and (known.live, known.ended) == state:
            if not stale or time.monotonic() < known.again_at:
                self._events.move_to_end(prefix)
                return known
        now = time.monotonic()
        if live is not None:
            # Not read again when it has ended: what was shown before it stays.
            earlier = known.stretches if known is not None and known.live else None
            if earlier is None:
                earlier = await self._archive.before(live.event_id, live.session_id)
            made = _Event(live=True, ended=live.ended, stretches=earlier, final=False, again_at=now)
        else:
            own = await self._archive.stretch(prefix)
            earlier = await self._archive.before(own.session.event_id, own.session.session_id)
            stretches = [s for s in (*earlier, own.whole()) if any(s.segments.values())]
            if not stretches:
                raise NotFound("Nothing of this stream was kept.")
            final = own.session.complete
            if known is not None and stale and not final and known.stretches == stretches:
                known.pause_s = min(2 * known.pause_s, _LOOK_AGAIN_MAX_S)
                known.again_at = now + known.pause_s
                return known
            made = _Event(live=False, ended=True, stretches=stretches, final=final, again_at=now + _LOOK_AGAIN_S)
        self._events[prefix] = made
        self._events.move_to_end(prefix)
        while len(self._events) > _KEPT:
            self._events.popitem(last=False)
        return made

    @staticmethod
    def _begin(event: _Event, name: str, prefix: str, live: LiveSession | None) -> _Growing:
        if live is None:
            last = event.stretches[-1].session
            text = begun(event.stretches, _named(last.renditions, name), last.segment_target, prefix, ended=True)
            return _Growing(text, text.segments)
        init = live.windows[name].init
        text = begun(event.stretches, init.rendition, init.segment_target, prefix, ended=live.ended)
        first = text.segments
        text.stretch(init.started_at, init.rendition, "")
        return _Growing(text, first)

    async def _grow(self, event: _Event, growing: _Growing, live: LiveSession, name: str) -> None:
        """Adds what the index names since. Raises `Unavailable` while it lacks what this process missed."""
        while (msn := growing.msn) < live.windows[name].finished_end:
            number, at = divmod(msn, StoredChunk.SEGMENTS)
            stored = (await self._chunk(event, live.hls_prefix, number)).get(name, ())
            if msn != growing.msn:
                continue
            new = stored[at : at + live.windows[name].finished_end - msn]
            if not new:
                break
            for segment in new:
                growing.text.add(growing.msn, segment)
        growing.following = _following(growing.msn, live.windows[name])

    async def _chunk(self, event: _Event, prefix: str, number: int) -> Mapping[str, Sequence[StoredSegment]]:
        """What is known of it: a store that fails or is slow just now costs nobody what this process has seen."""
        known = event.index.get(number)
        if known is not None and (known.full or time.monotonic() < known.again_at):
            return known.segments
        segments, pause_s = known.segments if known is not None else {}, _INDEX_EVERY_S
        try:
            async with asyncio.timeout(_STORE_PATIENCE_S):
                segments = await self._archive.chunk(prefix, number)
        except (Unavailable, TimeoutError):
            pause_s = _INDEX_FAILED_S
        event.index[number] = _Chunk(segments, time.monotonic() + pause_s)
        return segments


def _following(msn: int, window: Window) -> tuple[StoredSegment, ...]:
    """What the window has seen from `msn` on: a hole where it left the window and is not in the index yet."""
    found = []
    for number in range(msn, window.finished_end):
        segment = window.finished.get(number)
        if segment is None:
            raise Unavailable("The beginning of this stream cannot be read yet.", retry_after_s=1)
        found.append(segment if window.segment(number) is not None else segment._replace(bytes=0))
    return tuple(found)


def _named(renditions: tuple[Rendition, ...], name: str) -> Rendition:
    found = next((r for r in renditions if r.name == name), None)
    if found is None:
        raise NotFound("There is no such rendition.")
    return found
