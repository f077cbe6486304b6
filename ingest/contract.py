"""What ingest puts on the bus: the only module of ingest that `webinar` may import.

Media messages are binary, one NATS message each::

    0      4        8              8+n
    | "WM1" kind | n: u32 big-endian | n bytes of JSON header | payload bytes |

`encode()` and `decode()` are inverse for every message class below. Times are integers in the
time base named by the field: `pts`, `dts` and `duration` of video count 1/90000 s, of audio 1/48000 s,
from the start of the program (Go Live is 0 on every track). Wall times are RFC 3339 in UTC.

Readers pass over what they do not know, so that a newer version may add fields with defaults: services of two versions
run side by side during an upgrade.
"""

from __future__ import annotations

import builtins
import enum
import functools
import json
import struct
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeVar

VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000

MediaKind = Literal["video", "audio"]


class SessionState(enum.StrEnum):
    """States of a live session, in order. Changed in one place: `ingest.session`."""

    REHEARSAL = "rehearsal"  # a presenter may send; nobody sees it
    LIVE = "live"  # the program runs, viewers see it, it is recorded
    ENDED = "ended"  # the program has stopped; the recording is being finished or is finished


@dataclass(frozen=True, slots=True)
class Rendition:
    """One quality of the ladder, or the audio of all of them."""

    name: str  # path-safe: "720p", "480p", "240p", "audio"
    kind: MediaKind
    codecs: str  # RFC 6381: "avc1.42c01f", "mp4a.40.2"
    bitrate: int  # bit/s, target
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    sample_rate: int = 0
    channels: int = 0


class UnknownMessage(ValueError):
    """The bytes are not a message of this contract, or of a newer one."""


_T = TypeVar("_T")


@functools.cache
def _names(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))


def _read(kind: type[_T], found: dict[str, Any]) -> _T:
    """A dataclass from its JSON, without the fields of a newer version. Raises `TypeError`."""
    if not isinstance(found, dict):
        raise TypeError("not an object")
    names = _names(kind)  # type: ignore[arg-type] # classes are hashable
    return kind(**{name: value for name, value in found.items() if name in names})


@dataclass(frozen=True, slots=True)
class InitSegment:
    """The `ftyp`+`moov` of one rendition, published once at the start and on every `snapshot`."""

    KIND: ClassVar[bytes] = b"I"
    session_id: str
    event_id: str
    rendition: Rendition
    ladder: tuple[str, ...]  # names of all renditions of the session, top first, "audio" last
    part_target: float  # s; the same for the whole session
    segment_target: float  # s; the same for the whole session
    started_at: str  # wall time of program time 0
    hls_prefix: str  # unguessable, of this live session
    payload: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One `moof`+`mdat` of a rendition: a part of the segment `msn`, numbered from 0.

    `last` marks the last part of its segment: then the segment is the concatenation of its parts.
    """

    KIND: ClassVar[bytes] = b"P"
    session_id: str
    event_id: str
    rendition: str
    msn: int
    part: int
    pts: int  # time base of the track's kind
    duration: int
    independent: bool  # true only when it starts with an IDR (video); audio always
    last: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded frame for the WHEP fan-out: H.264 as Annex B access unit, Opus as one packet."""

    KIND: ClassVar[bytes] = b"U"
    session_id: str
    event_id: str
    rendition: str  # a video rendition, or "opus"
    pts: int  # video 1/90000 s, opus 1/48000 s
    keyframe: bool
    payload: bytes
    # The machine cannot keep up: this rendition has few pictures now, who can take another is better off there.
    resting: bool = False


@dataclass(frozen=True, slots=True)
class EndOfSession:
    """The program has stopped: no unit or part follows. Playlists get their ENDLIST."""

    KIND: ClassVar[bytes] = b"E"
    session_id: str
    event_id: str
    duration: float  # s of program
    payload: bytes = b""


Message = InitSegment | Part | Unit | EndOfSession
_KINDS: Final[dict[bytes, type[Message]]] = {c.KIND: c for c in (InitSegment, Part, Unit, EndOfSession)}
_MAGIC: Final = b"WM1"


def encode(message: Message) -> bytes:
    """One bus message as bytes."""
    header_fields = asdict(message)
    del header_fields["payload"]
    if isinstance(message, Unit) and not message.resting:
        del header_fields["resting"]  # sent with every frame: what is so nearly always is not said
    header = json.dumps(header_fields, separators=(",", ":")).encode()
    return b"".join((_MAGIC, message.KIND, struct.pack("!I", len(header)), header, message.payload))


def decode(data: bytes) -> Message:
    """The message that `encode` made; raises `UnknownMessage` for anything else."""
    if len(data) < 8 or data[:3] != _MAGIC:
        raise UnknownMessage("not a media message")
    kind = _KINDS.get(data[3:4])
    if kind is None:
        raise UnknownMessage(f"unknown media message {data[3:4]!r}")
    (n,) = struct.unpack_from("!I", data, 4)
    try:
        found = json.loads(data[8 : 8 + n])
        if kind is InitSegment:
            found["rendition"] = _read(Rendition, found["rendition"])
            found["ladder"] = tuple(found["ladder"])
        found["payload"] = data[8 + n :]
        return _read(kind, found)
    except (ValueError, TypeError, KeyError) as error:
        raise UnknownMessage(f"media message cannot be read: {error}") from error


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
        """Binary messages of this module: init segments, parts, units, end, in program order."""
        return f"live.{event_id}.media"

    @staticmethod
    def status(event_id: str) -> str:
        """`LiveStatus` as JSON, once a second and on every change of state."""
        return f"live.{event_id}.status"

    ALL_MEDIA = "live.*.media"
    ALL_STATUS = "live.*.status"
    # RecordingClosed as JSON; also kept beside the file as <session_id>.json until the worker has taken it.
    RECORDING = "recording.closed"


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
            found["publisher"] = _read(PublisherHealth, found["publisher"])
            found["renditions"] = tuple(_read(RenditionHealth, r) for r in found["renditions"])
            return _read(cls, found)
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
            return _read(cls, found)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnknownMessage(f"recording notice cannot be read: {error}") from error


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
            found["renditions"] = tuple(_read(Rendition, r) for r in found["renditions"])
            return _read(cls, found)
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
