"""What ingest says to the others, on the bus and in the store: all that `webinar` may import of ingest.

`media` are the binary messages, `notices` the subjects and what is JSON, `store` the keys and objects that last,
`chapters` parts of a recording.

Readers pass over what they do not know, so that a newer version may add fields with defaults: services of two versions
run side by side during an upgrade.
"""

from ingest.contract.chapters import Chapter, within
from ingest.contract.media import (
    AUDIO_CLOCK,
    VIDEO_CLOCK,
    EndOfSession,
    InitSegment,
    MediaKind,
    Message,
    Part,
    Rendition,
    Unit,
    decode,
    encode,
)
from ingest.contract.notices import (
    LOW_ROOM_S,
    LiveStatus,
    PublisherHealth,
    RecordingClosed,
    RenditionHealth,
    SessionState,
    Subject,
)
from ingest.contract.reading import UnknownMessage
from ingest.contract.store import Key, StoredChunk, StoredSegment, StoredSession

__all__ = [
    "AUDIO_CLOCK",
    "LOW_ROOM_S",
    "VIDEO_CLOCK",
    "Chapter",
    "EndOfSession",
    "InitSegment",
    "Key",
    "LiveStatus",
    "MediaKind",
    "Message",
    "Part",
    "PublisherHealth",
    "RecordingClosed",
    "Rendition",
    "RenditionHealth",
    "SessionState",
    "StoredChunk",
    "StoredSegment",
    "StoredSession",
    "Subject",
    "Unit",
    "UnknownMessage",
    "decode",
    "encode",
    "within",
]
