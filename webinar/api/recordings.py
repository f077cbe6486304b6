"""An event's recording, as each of those who made it may have it."""

from __future__ import annotations

import uuid
from typing import Final

from pydantic import Field

from webinar.api.access import HOST_OR_STUDIO
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.links import Links
from webinar.recordings.editing import cut_file
from webinar.recordings.model import Recording, RecordingState


class RecordingReply(Reply):
    id: uuid.UUID
    state: RecordingState
    duration_s: float | None
    bytes: int | None
    sha256: str | None
    complete: bool | None = Field(description="False when it was repaired after a crash.")
    created_at: Time
    ready_at: Time | None
    download_url: str | None = Field(description="Signed, 12 hours; takes a bearer token too.")
    audio_url: str | None = Field(description="The sound alone, as M4A; comes seconds after the film. Signed like it.")
    audio_bytes: int | None


class RecordingList(Reply):
    items: list[RecordingReply]
    next: None = None


async def list_recordings(call: Call) -> RecordingList:
    await call.platform.events.get(call.event_id)
    found = await call.platform.recordings.of_event(call.event_id)
    return RecordingList(items=[await _recording(call, recording) for recording in found])


async def _recording(call: Call, recording: Recording) -> RecordingReply:
    """As its caller may have it: who presents gets what the host left of it."""
    host = call.principal.role == "host"
    reply = _whole(recording, call.platform.links, host=host)
    cut = None if host else await call.platform.replays.cut(recording)
    if cut is None:
        return reply
    file = cut_file(recording, cut)
    begins_s, ends_s = cut.part(recording.duration_s or 0.0)
    left: dict[str, object] = {
        "state": RecordingState.RECORDING if file is None else reply.state,
        "duration_s": ends_s - begins_s,
        "bytes": cut.bytes if file else None,
        "sha256": cut.sha256 if file else None,
        "download_url": call.platform.links.cut(recording, file),
        "audio_url": None,
        "audio_bytes": None,
    }
    return reply.model_copy(update=left)


def _whole(recording: Recording, links: Links, *, host: bool) -> RecordingReply:
    return RecordingReply(
        id=recording.id,
        state=recording.state,
        duration_s=recording.duration_s,
        bytes=recording.bytes,
        sha256=recording.sha256,
        complete=recording.complete,
        created_at=recording.created_at,
        ready_at=recording.ready_at,
        download_url=links.download(recording, host=host),
        audio_url=links.audio(recording, host=host),
        audio_bytes=recording.audio_bytes,
    )


RECORDINGS: Final = (
    Operation(
        name="listRecordings",
        method="GET",
        path="/events/{event_id}/recordings",
        summary="The event's recording",
        tag="recordings",
        callers=HOST_OR_STUDIO,
        handler=list_recordings,
        reply=RecordingList,
    ),
)
