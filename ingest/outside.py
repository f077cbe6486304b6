"""What a live session needs of the process around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ingest.accept.sink import PublisherState, ReceiverHealth
from ingest.contract import PublisherHealth
from ingest.holding import GetObject
from ingest.outgoing import Publish
from ingest.program.opus import Libopus
from ingest.storing import PutObject
from webinar.base.errors import NotFound


class Presenters(Protocol):
    """The part of `WhipServer` that a session uses."""

    def request_keyframe(self, event_id: str) -> None: ...

    def health(self, event_id: str) -> ReceiverHealth | None: ...

    async def end(self, event_id: str) -> None: ...


async def _nothing(key: str, most: int) -> bytes:
    raise NotFound(f"There is no store, so no {key}.")


@dataclass(frozen=True, slots=True)
class Outside:
    """Given to every session of a process; tests give their own."""

    publish: Publish
    put_object: PutObject
    presenters: Presenters
    recording: Callable[[str, str], Path]  # event, session → where its recording is written
    room_s: Callable[[], float | None] = lambda: None  # for which the disk has room for recordings
    get_object: GetObject = _nothing
    opus: Libopus = field(
        default_factory=Libopus
    )  # loaded here, so that where it is missing the service does not start


def publisher_health(health: ReceiverHealth | None, size: tuple[int, int]) -> PublisherHealth:
    """What the host sees of a receiver's figures; `size` is that of the last decoded picture."""
    if health is None:
        return PublisherHealth(connected=False)
    return PublisherHealth(
        connected=health.state is PublisherState.CONNECTED,
        bitrate=health.video_bitrate + health.audio_bitrate,
        fps=health.fps,
        width=size[0],
        height=size[1],
        loss=health.loss,
        codec=health.video_codec,
        has_audio=health.has_audio,
    )
