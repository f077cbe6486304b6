"""`GET /playback`: the one call a room makes. Turns the lobby into the room, tells of the end and of a new stream.

Served from memory while PostgreSQL is away.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import VIEWER
from webinar.api.admission import Transport
from webinar.api.operation import Call, Operation
from webinar.api.schemas import ChatTicket, Language, Reply, Time
from webinar.api.stage import Scene
from webinar.base import log
from webinar.base.db import AWAY
from webinar.base.errors import Unauthenticated
from webinar.base.hangup import unless_gone
from webinar.events.model import Event
from webinar.recordings.gate import Refused
from webinar.replays import Replay

_log = log.get(__name__)
LONGEST_WAIT_S: Final = 25


class PlaybackQuery(BaseModel):
    """`after` and `wait` make it a long poll."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[str | None, Field(default=None, max_length=64, description="`version` of the last answer.")]
    wait: Annotated[
        int, Field(default=0, ge=0, le=LONGEST_WAIT_S, description="Seconds to wait while the version is `after`.")
    ]
    transport: Annotated[Transport | None, Field(default=None, description="How the player plays; counted.")]
    behind: Annotated[
        float | None,
        Field(default=None, ge=0, le=3600, description="Seconds behind live, by the player's own word; for the host."),
    ]
    first: Annotated[
        float | None,
        Field(default=None, ge=0, le=600, description="Seconds it took to the first picture, likewise."),
    ]


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
    agenda: str | None = Field(
        description="Changes with the agenda, within half a minute; null: there is none; `unknown`: as of `files`."
    )
    resting: list[str] = Field(
        description="Renditions with a few pictures a second for want of CPU: choose a lower one meanwhile."
    )
    chat: ChatTicket
    event: PlaybackEvent
    you: You


async def playback(call: Call) -> PlaybackReply:
    """Raises `Unauthenticated`, `Forbidden` or `Gone` for a person without a seat, `NotFound` for a deleted event, and
    `Elsewhere` for a page whose place another one of theirs has taken.
    """
    platform, viewer, query = call.platform, call.principal, call.query(PlaybackQuery)
    if viewer.event_id is None:
        raise Unauthenticated("This token is not valid.", code="token_invalid")
    await platform.admission.admit(viewer)
    await platform.doorway.check(viewer.event_id, uuid.UUID(viewer.person))
    await platform.places.take(viewer)
    if query.transport in ("whep", "hls"):
        platform.attendance.saw(uuid.UUID(viewer.person))
    if platform.admission.heard(viewer, query.transport, query.behind, query.first):
        await _note_first_join(call)
    if query.after is None:
        scene = await platform.stage.scene(viewer.event_id)
    else:
        waiting = platform.places.while_held(viewer, platform.stage.wait(viewer.event_id, query.after, query.wait))
        # Who has hung up reads no answer; it is that of a poll without a wait.
        changed = await unless_gone(call.request.receive, waiting)
        scene = changed or await platform.stage.scene(viewer.event_id)
        await platform.admission.admit(viewer)
        platform.places.check(viewer)
    if scene.state == "live" and scene.hls_prefix is not None:
        platform.doorway.entered(uuid.UUID(viewer.person))
    replay = await _replay(call, scene.event) if scene.state == "ended" else None
    files, agenda = await platform.handouts.version(viewer.event_id), await platform.plans.version(viewer.event_id)
    return _reply(call, scene, replay, files, agenda)


async def _replay(call: Call, event: Event) -> Replay | None:
    """None while the database is away: whoever asks next looks again."""
    try:
        attendee = await call.platform.registration.find(uuid.UUID(call.principal.person))
        return await call.platform.replays.look(event, attendee)
    except AWAY as error:
        _log.warning("who may watch the replay is not known, the database is away", error=type(error).__name__)
        return None


async def _note_first_join(call: Call) -> None:
    try:
        async with asyncio.timeout(2):
            await call.platform.registration.joined(uuid.UUID(call.principal.person))
    except AWAY as error:
        _log.warning("first join not noted, the database is away", error=type(error).__name__)


def _reply(call: Call, scene: Scene, replay: Replay | None, files: str | None, agenda: str | None) -> PlaybackReply:
    links, viewer, event = call.platform.links, call.principal, scene.event
    hls = whep = rewind = None
    if scene.hls_prefix is not None:
        hls = links.absolute(f"/hls/{scene.hls_prefix}/index.m3u8")
        rewind = links.absolute(f"/hls/{scene.hls_prefix}/full.m3u8")
        whep = links.absolute(f"/whep/{event.id}") if call.platform.settings.whep_seats > 0 else None
    return PlaybackReply(
        state=scene.state,
        paused=scene.event.paused,
        version=scene.version,
        whep_url=whep,
        hls_url=hls,
        rewind_url=rewind,
        files=files,
        agenda=agenda,
        watching=call.platform.crowd.lately_watching(event.id, time.monotonic()) if scene.state == "live" else None,
        resting=list(scene.resting),
        replay_url=None if replay is None else replay.url,
        replay_refused=None if replay is None else replay.refused,
        chat=ChatTicket(**call.platform.access.chat_of_guest(event, viewer)),
        event=PlaybackEvent(
            id=event.id,
            title=event.title,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            started_at=event.started_at,
            timezone=event.timezone,
            language=event.language,
        ),
        you=You(id=viewer.person, name=viewer.name, role=viewer.role),
    )


PLAYBACK: Final = (
    Operation(
        name="getPlayback",
        method="GET",
        path="/playback",
        summary="What a player needs now; can wait for a change",
        tag="playback",
        callers=VIEWER,
        handler=playback,
        query=PlaybackQuery,
        reply=PlaybackReply,
        errors={404: "The event was deleted.", 410: "The link was replaced, or the registration cancelled."},
    ),
)
