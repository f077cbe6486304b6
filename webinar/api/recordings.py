"""An event's recording, as each of those who made it may have it."""

from __future__ import annotations

from typing import Final

from webinar.api import schemas
from webinar.api.access import Caller
from webinar.api.operation import Call, Operation
from webinar.recordings.editing import cut_file
from webinar.recordings.model import Recording, RecordingState


async def list_recordings(call: Call) -> schemas.RecordingList:
    await call.platform.events.get(call.event_id)
    found = await call.platform.recordings.of_event(call.event_id)
    return schemas.RecordingList(items=[await _recording(call, recording) for recording in found])


async def _recording(call: Call, recording: Recording) -> schemas.RecordingReply:
    """As its caller may have it: who presents gets what the host left of it."""
    host = call.principal.role == "host"
    reply = schemas.recording_reply(recording, call.platform.links, host=host)
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


RECORDINGS: Final = (
    Operation(
        name="listRecordings",
        method="GET",
        path="/events/{event_id}/recordings",
        summary="The event's recording",
        tag="recordings",
        callers=frozenset({Caller.HOST, Caller.STUDIO}),
        handler=list_recordings,
        reply=schemas.RecordingList,
    ),
)
