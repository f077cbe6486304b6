"""What is written beside a session's segments, so that a playlist of the whole event can be made of them at any time.

Pure: segments in, objects to write out. An object is due until its writing is confirmed, so a store that fails for a
while gets it with the next segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import InitSegment, Key, Rendition, StoredChunk, StoredSegment, StoredSession


@dataclass(frozen=True, slots=True)
class Due:
    """An object to be written. `state` numbers the states of the index: a later one makes the object due again."""

    key: str
    data: bytes
    state: int


class Index:
    """The index of one live session, with its init segments. See `StoredSession` and `StoredChunk`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._inits: dict[str, InitSegment] = {}  # by key
        self._segments: dict[str, list[StoredSegment]] = {}  # by rendition
        self._complete = False
        self._state = 0
        self._due: dict[str, int] = {}  # key → state in which it became due; in the order of writing

    def begin(self, init: InitSegment) -> None:
        """A rendition is there. The session is described once all of them are."""
        key = Key.init(self._prefix, init.rendition.name)
        self._inits[key] = init
        self._segments[init.rendition.name] = []
        self._mark(key)
        if len(self._inits) == len(init.ladder):
            self._mark(Key.session(self._prefix))
            self._mark(Key.pointer(init.event_id, init.session_id))

    def add(self, rendition: str, duration: int, size: int) -> None:
        """The next segment of a rendition, ticks long; `size` in bytes, 0 when the store has not got it."""
        segments = self._segments[rendition]
        self._mark(Key.chunk(self._prefix, len(segments) // StoredChunk.SEGMENTS))
        segments.append(StoredSegment(duration, size))

    def close(self) -> None:
        """No segment follows."""
        if self._inits and not self._complete:
            self._complete = True
            self._mark(Key.session(self._prefix))

    def due(self) -> list[Due]:
        """All that is to be written, what is named before what names it."""
        return [Due(key, self._object(key), state) for key, state in self._due.items()]

    def written(self, due: Due) -> None:
        """The store has taken it."""
        if self._due.get(due.key) == due.state:
            del self._due[due.key]

    def _mark(self, key: str) -> None:
        self._state += 1
        self._due.pop(key, None)
        self._due[key] = self._state

    def _object(self, key: str) -> bytes:
        if key in self._inits:
            return self._inits[key].payload
        first = next(iter(self._inits.values()))
        if key == Key.pointer(first.event_id, first.session_id):
            return self._prefix.encode()
        if key == Key.session(self._prefix):
            return self._session(first)
        return self._chunk(int(key.rpartition("/")[2].removesuffix(".json")))

    def _chunk(self, number: int) -> bytes:
        first = number * StoredChunk.SEGMENTS
        return StoredChunk(
            {name: listed[first : first + StoredChunk.SEGMENTS] for name, listed in self._segments.items()}
        ).to_json()

    def _session(self, first: InitSegment) -> bytes:
        renditions: dict[str, Rendition] = {i.rendition.name: i.rendition for i in self._inits.values()}
        return StoredSession(
            session_id=first.session_id,
            event_id=first.event_id,
            hls_prefix=self._prefix,
            started_at=first.started_at,
            segment_target=first.segment_target,
            renditions=tuple(renditions[name] for name in first.ladder if name in renditions),
            complete=self._complete,
        ).to_json()
