"""Messages of the contract between two versions of the program."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from ingest.contract import (
    EndOfSession,
    InitSegment,
    LiveStatus,
    Message,
    Part,
    PublisherHealth,
    RecordingClosed,
    Rendition,
    RenditionHealth,
    SessionState,
    StoredChunk,
    StoredSegment,
    StoredSession,
    Unit,
    UnknownMessage,
    decode,
    encode,
)

_RENDITION = Rendition("240p", "video", "avc1.42c00d", 300_000, 426, 240, 30.0)
MESSAGES: list[Message] = [
    InitSegment("s", "e", _RENDITION, ("240p", "audio"), 0.35, 2.0, "2026-01-01T00:00:00Z", "prefix", b"init"),
    Part("s", "e", "240p", 1, 2, 3, 4, True, False, b"part"),
    Unit("s", "e", "240p", 5, True, b"unit", resting=True),
    Unit("s", "e", "opus", 5, True, b"unit"),
    EndOfSession("s", "e", 1.5),
]
NOTES = [
    LiveStatus(
        session_id="s",
        event_id="e",
        state=SessionState.LIVE,
        hls_prefix="prefix",
        publisher=PublisherHealth(True),
        renditions=(RenditionHealth("240p", 30.0, 290_000),),
        started_at=None,
        program_time_s=1.0,
        recorded_until_s=0.5,
    ),
    RecordingClosed("e", "s", "recordings/e/s.mp4", 3, "0" * 64, 1.0, True, ("earlier",)),
    StoredSession("s", "e", "prefix", "2026-01-01T00:00:00Z", 2.0, (_RENDITION,), True),
]


def _newer(found: Any) -> Any:
    """The same with a field more in every object."""
    if isinstance(found, dict):
        return {name: _newer(value) for name, value in found.items()} | {"of_tomorrow": [1]}
    return [_newer(value) for value in found] if isinstance(found, list) else found


def _header(data: bytes) -> dict[str, Any]:
    (n,) = struct.unpack_from("!I", data, 4)
    return dict(json.loads(data[8 : 8 + n]))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_media_message_of_a_newer_version_is_read(message: Message) -> None:
    data = encode(message)
    assert decode(data) == message
    header = json.dumps(_newer(_header(data))).encode()
    assert decode(data[:4] + struct.pack("!I", len(header)) + header + message.payload) == message


@pytest.mark.parametrize("note", NOTES, ids=lambda n: type(n).__name__)
def test_a_json_message_of_a_newer_version_is_read(note: LiveStatus | RecordingClosed | StoredSession) -> None:
    assert type(note).from_json(note.to_json()) == note
    assert type(note).from_json(json.dumps(_newer(json.loads(note.to_json()))).encode()) == note


def test_an_index_of_a_newer_version_is_read() -> None:
    chunk = StoredChunk({"240p": [StoredSegment(180_000, 1000)]})
    assert StoredChunk.from_json(chunk.to_json()) == chunk
    assert StoredChunk.from_json(b'{"240p":[[180000,1000,"more"]]}') == chunk


def test_a_unit_says_that_it_rests_only_when_it_does() -> None:
    rests = [_header(encode(message)).get("resting") for message in MESSAGES if isinstance(message, Unit)]
    assert rests == [True, None]


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{}", b'{"publisher": [], "renditions": [[]], "state": "live"}'])
def test_what_lacks_a_field_or_is_no_object_is_refused(data: bytes) -> None:
    for kind in (LiveStatus, RecordingClosed, StoredSession):
        with pytest.raises(UnknownMessage):
            kind.from_json(data)
    for kind_byte in (b"I", b"P", b"U", b"E"):
        with pytest.raises(UnknownMessage):
            decode(b"WM1" + kind_byte + struct.pack("!I", len(data)) + data)
