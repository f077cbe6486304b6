"""Media messages: binary, one bus message each::

    0      4        8              8+n
    | "WM1" kind | n: u32 big-endian | n bytes of JSON header | payload bytes |

`encode()` and `decode()` are inverse for every message class below. Times are integers in the time base named by the
field: `pts`, `dts` and `duration` of video count 1/90000 s, of audio 1/48000 s, from the start of the program (Go Live
is 0 on every track). Wall times are RFC 3339 in UTC.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import ClassVar, Final, Literal

from ingest.contract.reading import UnknownMessage, read

VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000

MediaKind = Literal["video", "audio"]


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
            found["rendition"] = read(Rendition, found["rendition"])
            found["ladder"] = tuple(found["ladder"])
        found["payload"] = data[8 + n :]
        return read(kind, found)
    except (ValueError, TypeError, KeyError) as error:
        raise UnknownMessage(f"media message cannot be read: {error}") from error
