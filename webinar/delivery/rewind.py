"""`full.m3u8`: the whole event so far while it is live, all of it afterwards, from the segments in the store.

While a session is in this process its windows say what was finished; what they have not seen, because the process
came later, is read from the store, and so is everything of a session that is over. Each state is rendered once.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from ingest.contract import Rendition, StoredChunk
from webinar.base.errors import NotFound, Unavailable
from webinar.delivery import playlist
from webinar.delivery.archive import Archive
from webinar.delivery.session import LiveSession
from webinar.delivery.whole import Stretch, WholePlaylist, begun

_KEPT: Final = 32  # sessions whose playlists are kept, live and past
_LOOK_AGAIN_S: Final = 10.0  # at a past session that has not said that it is complete


@dataclass(frozen=True, slots=True)
class Rendered:
    """A playlist. `final`: it never changes again."""

    plain: bytes
    gzipped: bytes
    final: bool


@dataclass(slots=True)
class _Growing:
    """One rendition's playlist, and what was last rendered of it: the number of segments, full and delta."""

    text: WholePlaylist
    first: int  # segments of earlier sessions
    rendered: dict[bool, tuple[int, bytes, bytes]] = field(default_factory=dict)

    def render(self, *, skip: bool, final: bool) -> Rendered:
        kept = self.rendered.get(skip)
        if kept is None or kept[0] != self.text.segments:
            plain, gzipped = self.text.render_delta() if skip else self.text.render()
            kept = self.rendered[skip] = (self.text.segments, plain, gzipped)
        return Rendered(kept[1], kept[2], final)


@dataclass(slots=True)
class _Event:
    """What is known of the event that a session belongs to, up to this session."""

    live: bool  # the session is in this process
    ended: bool
    stretches: list[Stretch]  # earlier ones; with this one if it is not live
    final: bool
    read_at: float  # monotonic
    playlists: dict[str, _Growing] = field(default_factory=dict)


class Rewind:
    """One a web process."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._events: OrderedDict[str, _Event] = OrderedDict()  # by prefix
        self._reading: dict[str, asyncio.Lock] = {}

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
                await self._grow(growing, live, rendition)
        return growing.render(skip=skip, final=event.final)

    def _locked(self, prefix: str) -> asyncio.Lock:
        """One read of the store for all who want the same."""
        lock = self._reading.setdefault(prefix, asyncio.Lock())
        for other in [p for p, held in self._reading.items() if p != prefix and not held.locked()]:
            del self._reading[other]
        return lock

    async def _event(self, prefix: str, live: LiveSession | None) -> _Event:
        state = (live is not None, live is None or live.ended)
        known = self._events.get(prefix)
        stale = known is not None and not known.live and not known.final
        if known is not None and (known.live, known.ended) == state:
            if not stale or time.monotonic() < known.read_at + _LOOK_AGAIN_S:
                self._events.move_to_end(prefix)
                return known
        now = time.monotonic()
        if live is not None:
            # Not read again when it has ended: what was shown before it stays.
            earlier = known.stretches if known is not None and known.live else None
            if earlier is None:
                earlier = await self._archive.before(live.event_id, live.session_id)
            made = _Event(live=True, ended=live.ended, stretches=earlier, final=False, read_at=now)
        else:
            own = await self._archive.stretch(prefix)
            earlier = await self._archive.before(own.session.event_id, own.session.session_id)
            stretches = [s for s in (*earlier, own.whole()) if any(s.segments.values())]
            if not stretches:
                raise NotFound("Nothing of this stream was kept.")
            made = _Event(live=False, ended=True, stretches=stretches, final=own.session.complete, read_at=now)
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

    async def _grow(self, growing: _Growing, live: LiveSession, name: str) -> None:
        """Adds what has been finished since. Raises `Unavailable` while the index lacks what this process missed."""
        while (msn := growing.text.segments - growing.first) < live.windows[name].finished_end:
            finished = live.windows[name].finished
            if msn not in finished:
                number = msn // StoredChunk.SEGMENTS
                stored = (await self._archive.chunk(live.hls_prefix, number)).get(name, ())
                for at, segment in enumerate(stored, number * StoredChunk.SEGMENTS):
                    finished.setdefault(at, segment)
            if msn not in finished:
                raise Unavailable("The beginning of this stream cannot be read yet.", retry_after_s=1)
            growing.text.add(msn, finished[msn])


def _named(renditions: tuple[Rendition, ...], name: str) -> Rendition:
    found = next((r for r in renditions if r.name == name), None)
    if found is None:
        raise NotFound("There is no such rendition.")
    return found
