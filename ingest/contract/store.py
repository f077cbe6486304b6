"""What lasts of a live session in the object store, for rewinding and replay."""

from __future__ import annotations

import builtins
import json
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple

from ingest.contract.media import Rendition
from ingest.contract.reading import UnknownMessage, read


class Key:
    """Keys of what a live session leaves in the store, for rewinding and replay.

    Everything of a session is below `live/<prefix>/`; one object an event and session, whose body is the prefix, leads
    from the event to them. Session ids sort by time.
    """

    @staticmethod
    def init(prefix: str, rendition: str) -> str:
        return f"live/{prefix}/{rendition}/init.mp4"

    @staticmethod
    def segment(prefix: str, rendition: str, msn: int) -> str:
        return f"live/{prefix}/{rendition}/{msn}.m4s"

    @staticmethod
    def session(prefix: str) -> str:
        """`StoredSession`."""
        return f"live/{prefix}/session.json"

    @staticmethod
    def chunk(prefix: str, number: int) -> str:
        """`StoredChunk` of the segments number × `StoredChunk.SEGMENTS` and following."""
        return f"{Key.chunks(prefix)}/{number}.json"

    @staticmethod
    def chunks(prefix: str) -> str:
        return f"live/{prefix}/index"

    @staticmethod
    def of_event(event_id: str) -> str:
        return f"live/events/{event_id}"

    @staticmethod
    def pointer(event_id: str, session_id: str) -> str:
        return f"{Key.of_event(event_id)}/{session_id}"


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What a session is, written when it begins and once more when it has ended in order."""

    session_id: str
    event_id: str
    hls_prefix: str
    started_at: str  # wall time of program time 0
    segment_target: float  # s
    renditions: tuple[Rendition, ...]  # of the ladder, top first, audio last
    complete: bool  # no segment follows; false for ever when ingest was killed

    def to_json(self) -> builtins.bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: builtins.bytes) -> StoredSession:
        try:
            found = json.loads(data)
            found["renditions"] = tuple(read(Rendition, r) for r in found["renditions"])
            return read(cls, found)
        except (ValueError, TypeError, KeyError) as error:
            raise UnknownMessage(f"session of the store cannot be read: {error}") from error


class StoredSegment(NamedTuple):
    """One segment as the index has it. `bytes` is 0 where the store did not take it: a hole of known length."""

    duration: int  # time base of the track's kind
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A stretch of a session's index: of each rendition the segments from the chunk's first on, without a hole.

    Written again with each segment until it is full, so that what is lost with a killed ingest is a segment at most.
    """

    SEGMENTS: ClassVar[int] = 64
    segments: dict[str, list[StoredSegment]]  # by rendition

    def to_json(self) -> builtins.bytes:
        return json.dumps(self.segments, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: builtins.bytes) -> StoredChunk:
        try:
            found = json.loads(data)
            return cls({name: [StoredSegment(int(d), int(b)) for d, b, *_ in listed] for name, listed in found.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise UnknownMessage(f"index of the store cannot be read: {error}") from error
