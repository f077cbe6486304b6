"""What the host sees of a live session: ingest's heartbeat, who watches, and where the seconds go.

From memory: what this process knows itself, and what the other web processes tell of their viewers.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from ingest.contract import LiveStatus, PublisherHealth, RenditionHealth
from webinar.api.access import HOST_OR_STUDIO, STAFF
from webinar.api.admission import Transport
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.events.model import Event, EventState

if TYPE_CHECKING:
    from webinar.platform import Platform

_TRANSPORTS: Final[tuple[Transport, Transport]] = ("whep", "hls")


class Viewers(Reply):
    """Guests whose player asked within the last 40 seconds, by how it plays; presenters and moderators are none."""

    total: int
    watching: int = Field(description="Whose player plays: all but who waits in the lobby. Rooms show this number.")
    whep: int
    hls: int
    lobby: int
    by_rendition: dict[str, int] = Field(description="Of those over WHEP, by what they are sent now.")


class Delay(Reply):
    """Where the seconds between the presenter and the viewers go; what is not known is null."""

    program_s: float = Field(description="From capture to the program: network, decoding, lip sync.")
    encode_s: float = Field(description="From the program to the encoded picture, the latest of the renditions.")
    send_s: float | None = Field(description="From there to the last viewer's packet over WHEP.")
    whep_median_s: float | None = Field(description="From the server to the eye, as players of WHEP report it.")
    whep_p95_s: float | None
    hls_median_s: float | None = Field(description="Behind live, as players of LL-HLS report it.")
    hls_p95_s: float | None
    first_median_s: float | None = Field(
        description="From opening the link, or from Go Live, to the first picture, as players report it."
    )
    first_p95_s: float | None


class Publisher(Reply):
    """The presenter's stream as it arrives."""

    connected: bool
    bitrate: int = Field(description="bit/s received in the last second.")
    fps: float
    width: int
    height: int
    loss: float = Field(description="0 to 1, last second.")
    codec: str
    has_audio: bool


class RenditionFigures(Reply):
    """Measured, not configured."""

    name: str
    fps: float
    bitrate: int
    wanted_fps: float = Field(description="Of video: what it is made at now, less under overload. 0 of sound.")
    resting: bool = Field(description="Few pictures for want of CPU: viewers over WebRTC are moved one rendition down.")
    late_s: float = Field(description="From the moment in the program until it is encoded.")


class LiveReply(Reply):
    """Figures of the studio. As long as nobody has sent anything only `state` and `viewers` say much."""

    state: EventState
    session_state: Literal["rehearsal", "live", "ended"] | None
    ingest_silent_s: float | None = Field(
        description="Seconds since ingest was last heard; null before the first time."
    )
    started_at: Time | None
    program_time_s: float
    recorded_until_s: float = Field(description="The recording is safely on disk up to here.")
    recording_problem: str = Field(description="`disk_full`, `disk_failed` or `disk_slow`; empty when all is well.")
    recording_room_s: float | None = Field(
        description="For how long the server's disk has room for the recording; null when nobody can say."
    )
    paused: bool = Field(description="Viewers see the holding picture and hear nothing.")
    overload: int = Field(
        description="By how many steps the renditions are lowered because the machine cannot keep up; 0: not at all."
    )
    delay: Delay
    publisher: Publisher | None
    renditions: list[RenditionFigures]
    viewers: Viewers


def figures(platform: Platform, event: Event) -> LiveReply:
    """All of them, as of now."""
    beats, event_id = platform.stage.heartbeats, str(event.id)
    status = beats.latest(event_id)
    return _reply(
        event, status, beats.silent_for(event_id), viewers(platform, event.id), _delay(platform, event.id, status)
    )


def viewers(platform: Platform, event_id: uuid.UUID) -> Viewers:
    """Guests by how they watch, as of now."""
    there = platform.crowd.viewers(event_id)
    return Viewers(
        total=sum(there.values()),
        watching=platform.crowd.watching(event_id),
        whep=there["whep"],
        hls=there["hls"],
        lobby=there["lobby"],
        by_rendition=dict(sorted(platform.crowd.sent(event_id).rungs.items())),
    )


def _delay(platform: Platform, event_id: uuid.UUID, status: LiveStatus | None) -> Delay:
    sent = platform.crowd.sent(event_id)
    whep, hls = (_usual(platform.crowd.behind(event_id, transport)) for transport in _TRANSPORTS)
    first = _usual(platform.crowd.first_pictures(event_id))
    return Delay(
        program_s=status.delay_s if status else 0.0,
        encode_s=max((r.late_s for r in status.renditions if r.wanted_fps), default=0.0) if status else 0.0,
        send_s=round(sent.late_s, 3) if sent.viewers else None,
        whep_median_s=whep[0],
        whep_p95_s=whep[1],
        hls_median_s=hls[0],
        hls_p95_s=hls[1],
        first_median_s=first[0],
        first_p95_s=first[1],
    )


def _usual(said: list[float]) -> tuple[float | None, float | None]:
    """Median and 95th percentile of what players say, the least first."""
    if not said:
        return None, None
    return said[len(said) // 2], said[min(len(said) - 1, len(said) * 95 // 100)]


def _reply(event: Event, status: LiveStatus | None, silent_s: float, there: Viewers, delay: Delay) -> LiveReply:
    if status is None:
        return LiveReply(
            state=event.state,
            viewers=there,
            session_state=None,
            ingest_silent_s=None,
            started_at=event.started_at,
            program_time_s=0.0,
            recorded_until_s=0.0,
            recording_problem="",
            recording_room_s=None,
            paused=event.paused,
            overload=0,
            delay=delay,
            publisher=None,
            renditions=[],
        )
    return LiveReply(
        state=event.state,
        viewers=there,
        session_state=status.state.value,
        ingest_silent_s=round(silent_s, 1),
        started_at=datetime.fromisoformat(status.started_at) if status.started_at else event.started_at,
        program_time_s=status.program_time_s,
        recorded_until_s=status.recorded_until_s,
        recording_problem=status.recording_problem,
        recording_room_s=None if status.recording_room_s is None else round(status.recording_room_s),
        paused=status.paused,
        overload=status.overload,
        delay=delay,
        publisher=_publisher(status.publisher),
        renditions=[_rendition(one) for one in status.renditions],
    )


def _publisher(health: PublisherHealth) -> Publisher:
    return Publisher(**{name: getattr(health, name) for name in Publisher.model_fields})


def _rendition(health: RenditionHealth) -> RenditionFigures:
    return RenditionFigures(**{name: getattr(health, name) for name in RenditionFigures.model_fields})


async def live(call: Call) -> LiveReply:
    scene = await call.platform.stage.scene(call.event_id)
    return figures(call.platform, scene.event)


async def audience(call: Call) -> Viewers:
    await call.platform.stage.scene(call.event_id)
    return viewers(call.platform, call.event_id)


LIVE: Final = (
    Operation(
        name="getLive",
        method="GET",
        path="/events/{event_id}/live",
        summary="Figures of the live session",
        tag="live",
        callers=HOST_OR_STUDIO,
        handler=live,
        reply=LiveReply,
    ),
    Operation(
        name="getViewers",
        method="GET",
        path="/events/{event_id}/viewers",
        summary="How many guests watch, and how",
        tag="live",
        callers=STAFF,
        handler=audience,
        reply=Viewers,
    ),
)
