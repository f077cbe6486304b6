"""What the API answers with. These classes are the answers' source and their description in the OpenAPI document."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingest.contract import LiveStatus
from webinar.events.model import Event, EventState, Registration
from webinar.links import Links
from webinar.recordings.gate import Refused
from webinar.recordings.model import Recording, RecordingState
from webinar.registration.model import Attendee, Status

Time = Annotated[datetime, AfterValidator(lambda t: t.astimezone(UTC)), Field(description="RFC 3339, UTC.")]
Language = Literal["ko", "en"]


class Reply(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class EventReply(Reply):
    """An event as its host sees it. `studio_url`, `moderate_url` and `stream_key` are secrets."""

    id: uuid.UUID
    slug: str
    title: str
    description: str
    language: Language
    starts_at: Time
    ends_at: Time
    timezone: str
    capacity: int
    registration: Registration
    state: EventState
    organizer: str = Field(description="Who invites.")
    accent: str | None = Field(description="The event's colour as #rrggbb; null: the platform's own.")
    names_shown: bool = Field(description="Guests see one another's names in the chat.")
    series_id: uuid.UUID | None = Field(description="The same for all events of a series.")
    paused: bool = Field(description="While live: viewers see the holding picture and hear nothing.")
    started_at: Time | None
    ended_at: Time | None
    ended_itself: bool = Field(description="Nobody ended it: its time did, hours past `ends_at`.")
    created_at: Time
    updated_at: Time
    event_url: str = Field(description="The public page.")
    host_url: str = Field(description="The host's page, for who is signed in.")
    studio_url: str = Field(description="The presenter's link.")
    moderate_url: str | None = Field(description="The moderators' link; null for a presenter.")
    whip_url: str = Field(description="RFC 9725 endpoint; the bearer credential is `stream_key`.")
    stream_key: str


class EventList(Reply):
    items: list[EventReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class AttendeeReply(Reply):
    """A person of an event."""

    id: uuid.UUID
    name: str
    email: str
    answers: dict[str, str]
    status: Status
    language: Language
    registered_at: Time
    first_joined_at: Time | None
    consent_at: Time | None = Field(description="When they agreed on the form; null when somebody added them.")
    marketing_at: Time | None = Field(description="Since when they want to hear of other events.")


class AttendeeCreated(AttendeeReply):
    """The personal link and a token for playback, once the person is approved."""

    join_url: str | None
    viewer_token: str | None = Field(description="Bearer credential of `GET /playback` and WHEP, 12 hours.")


class AttendeeList(Reply):
    items: list[AttendeeReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class AttendeeChange(BaseModel):
    """The host's decision."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["approved", "declined", "pending"]


class ChatTicket(Reply):
    url: str = Field(description="WebSocket of the chat service, subprotocol `webinar.chat.v1`.")
    ticket: str = Field(description="Opens one socket within 120 seconds.")


class PlaybackEvent(Reply):
    id: uuid.UUID
    title: str
    starts_at: Time
    ends_at: Time
    started_at: Time | None = Field(description="When the programme began; null before Go Live.")
    timezone: str
    language: Language


class You(Reply):
    id: str
    name: str
    role: str


class PlaybackReply(Reply):
    """What a player needs now. Ask again with `after=<version>` and `wait` to learn of the next change."""

    state: Literal["scheduled", "live", "ended"]
    paused: bool = Field(description="While live: the holding picture is shown until the host goes on.")
    version: str
    whep_url: str | None
    hls_url: str | None
    rewind_url: str | None = Field(description="HLS of the event so far, from Go Live on; null unless it is live.")
    replay_url: str | None = Field(
        description="HLS of the whole event, or its MP4 once the segments were removed; null before its end."
    )
    replay_refused: Refused | None = Field(
        default=None, description="Why this viewer gets no `replay_url`; null before the end, and with one."
    )
    watching: int | None = Field(description="Guests whose player plays, at most a second old; null unless it is live.")
    files: str | None = Field(
        description="Changes with the files that the host hands out, within half a minute; null: there are none; "
        "`unknown`: they cannot be told now."
    )
    resting: list[str] = Field(
        description="Renditions with a few pictures a second for want of CPU: choose a lower one meanwhile."
    )
    chat: ChatTicket
    event: PlaybackEvent
    you: You


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


class FieldError(Reply):
    field: str
    message: str


class Problem(Reply):
    """RFC 9457. `code` is stable, `detail` says what to do."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []


def event_reply(event: Event, links: Links, stream_key: str, *, for_host: bool) -> EventReply:
    """A presenter is given no links of others."""
    return EventReply(
        id=event.id,
        slug=event.slug,
        title=event.title,
        description=event.description,
        language=event.language,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        capacity=event.capacity,
        registration=event.registration,
        state=event.state,
        organizer=event.organizer,
        accent=event.accent,
        names_shown=event.names_shown,
        series_id=event.series_id,
        paused=event.paused,
        started_at=event.started_at,
        ended_at=event.ended_at,
        ended_itself=event.ended_itself,
        created_at=event.created_at,
        updated_at=event.updated_at,
        event_url=links.event(event),
        host_url=links.host(event),
        studio_url=links.studio(event),
        moderate_url=links.moderate(event) if for_host else None,
        whip_url=links.whip(event),
        stream_key=stream_key,
    )


def attendee_reply(attendee: Attendee) -> AttendeeReply:
    return AttendeeReply(
        id=attendee.id,
        name=attendee.name,
        email=attendee.email,
        answers=attendee.answers,
        status=attendee.status,
        language=attendee.language,
        registered_at=attendee.registered_at,
        first_joined_at=attendee.first_joined_at,
        consent_at=attendee.consent_at,
        marketing_at=attendee.marketing_at,
    )


def recording_reply(recording: Recording, links: Links, *, host: bool) -> RecordingReply:
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


def live_reply(event: Event, status: LiveStatus | None, silent_s: float, there: Viewers, delay: Delay) -> LiveReply:
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
    health = status.publisher
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
        publisher=Publisher(
            connected=health.connected,
            bitrate=health.bitrate,
            fps=health.fps,
            width=health.width,
            height=health.height,
            loss=health.loss,
            codec=health.codec,
            has_audio=health.has_audio,
        ),
        renditions=[
            RenditionFigures(
                name=r.name,
                fps=r.fps,
                bitrate=r.bitrate,
                wanted_fps=r.wanted_fps,
                resting=r.resting,
                late_s=r.late_s,
            )
            for r in status.renditions
        ],
    )
