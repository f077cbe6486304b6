"""Subjects of the bus, and what is said there as JSON: the heartbeat of a live session, a finished recording."""

from __future__ import annotations

import builtins
import enum
import json
from dataclasses import asdict, dataclass
from typing import Final

from ingest.contract.reading import UnknownMessage, read


class Subject:
    """Subjects of the bus that ingest serves or publishes. JSON unless said otherwise."""

    # A queue group `ingest` of all ingest processes; {"event_id", "title"?, "after"?} → {"ok": true, "session_id"}.
    # The process that answers owns the event from then on and subscribes `ingest.<event_id>.*`.
    ASSIGN = "ingest.assign"

    @staticmethod
    def command(event_id: str, verb: str) -> str:
        """A request to the owner of an event. Verbs and their bodies are listed in docs/architecture.md."""
        return f"ingest.{event_id}.{verb}"

    @staticmethod
    def media(event_id: str) -> str:
        """Binary messages of `contract.media`: init segments, parts, units, end, in program order."""
        return f"live.{event_id}.media"

    @staticmethod
    def status(event_id: str) -> str:
        """`LiveStatus` as JSON, once a second and on every change of state."""
        return f"live.{event_id}.status"

    ALL_MEDIA = "live.*.media"
    ALL_STATUS = "live.*.status"
    # RecordingClosed as JSON; also kept beside the file as <session_id>.json until the worker has taken it.
    RECORDING = "recording.closed"


class SessionState(enum.StrEnum):
    """States of a live session, in order. Changed in one place: `ingest.session`."""

    REHEARSAL = "rehearsal"  # a presenter may send; nobody sees it
    LIVE = "live"  # the program runs, viewers see it, it is recorded
    ENDED = "ended"  # the program has stopped; the recording is being finished or is finished


@dataclass(frozen=True, slots=True)
class PublisherHealth:
    """What the host sees of the presenter's stream."""

    connected: bool
    bitrate: int = 0  # bit/s received, last second
    fps: float = 0.0
    width: int = 0
    height: int = 0
    loss: float = 0.0  # 0..1, last second
    codec: str = ""
    has_audio: bool = False


@dataclass(frozen=True, slots=True)
class RenditionHealth:
    """Measured, not configured."""

    name: str
    fps: float
    bitrate: int  # bit/s
    wanted_fps: float = 0.0  # of video: what it is made at now, less than its frame rate under overload
    resting: bool = False  # as `Unit.resting`
    late_s: float = 0.0  # from a picture's or sound's moment in the program until it is encoded, smoothed


# Room on the disk for less recording than this is told to the host.
LOW_ROOM_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """The heartbeat of a live session."""

    session_id: str
    event_id: str
    state: SessionState
    hls_prefix: str
    publisher: PublisherHealth
    renditions: tuple[RenditionHealth, ...]
    started_at: str | None  # wall time of program time 0; None in rehearsal
    program_time_s: float
    recorded_until_s: float  # safely on disk
    # Why nothing is being recorded just now: "disk_full", "disk_failed" (unwritable, broken), "disk_slow"; "" if it is.
    recording_problem: str = ""
    # By how many steps the ladder is lowered because the machine cannot keep up; 0: not at all.
    overload: int = 0
    # Viewers see the holding picture and hear nothing, whatever the presenter sends.
    paused: bool = False
    # From the presenter's capture, as far as it can be known here, to the program: network, decoding, lip sync.
    delay_s: float = 0.0
    # For how long the disk has room for the recording; None: not known.
    recording_room_s: float | None = None

    @property
    def resting(self) -> tuple[str, ...]:
        """Names of the renditions that few pictures are made of, see `Unit.resting`."""
        return tuple(rendition.name for rendition in self.renditions if rendition.resting)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> LiveStatus:
        try:
            found = json.loads(data)
            found["state"] = SessionState(found["state"])
            found["publisher"] = read(PublisherHealth, found["publisher"])
            found["renditions"] = tuple(read(RenditionHealth, r) for r in found["renditions"])
            return read(cls, found)
        except (ValueError, TypeError, KeyError) as error:
            raise UnknownMessage(f"live status cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class RecordingClosed:
    """A finished MP4 in the store."""

    event_id: str
    session_id: str
    key: str  # of the object in the store: "recordings/<event_id>/<session_id>.mp4"
    bytes: int
    sha256: str
    duration_s: float
    complete: bool  # false when it was repaired after a crash
    joined: tuple[str, ...] = ()  # earlier sessions of the event whose recordings this one begins with
    audio_bytes: int = 0  # of its sound alone, at the same key with `.m4a`; 0 while there is none

    def to_json(self) -> builtins.bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: builtins.bytes) -> RecordingClosed:
        try:
            found = json.loads(data)
            found["joined"] = tuple(found.get("joined", ()))
            return read(cls, found)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnknownMessage(f"recording notice cannot be read: {error}") from error
