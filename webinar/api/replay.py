"""What a host makes of a recording, who may watch it again, and the search of a replay."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webinar import report as reports
from webinar.api.access import Caller
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base.errors import Conflict, Forbidden, NotFound, Unauthenticated
from webinar.conversation.model import Asked, Said
from webinar.events.model import Event, EventState
from webinar.programme import Kind
from webinar.recordings.cuts import Chapter, Cut, CutState
from webinar.recordings.editing import cut_file
from webinar.recordings.gate import Gate, Who
from webinar.recordings.model import Recording

HOST: Final = frozenset({Caller.HOST})
_MOST_HITS: Final = 100

Seconds = Annotated[float, Field(ge=0, description="Seconds of the recording.")]


class ChapterBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at_s: Seconds
    title: Annotated[str, Field(min_length=1, max_length=500, description="Cut to 120 characters.")]


class ChaptersBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[ChapterBody], Field(max_length=200)]


class ChapterReply(Reply):
    at_s: float = Field(description="Seconds of the recording.")
    title: str


class ChaptersReply(Reply):
    """`saved`: by a host; else suggested by agenda, slides, questions answered and polls."""

    saved: bool
    items: list[ChapterReply]


class CutBody(BaseModel):
    """Without an end: to the end of the recording. From 0 without an end: the whole, with its chapters."""

    model_config = ConfigDict(extra="forbid")

    from_s: Seconds = 0.0
    to_s: Annotated[float | None, Field(gt=0, description="Seconds of the recording.")] = None


class CutReply(Reply):
    """The file that is made of a recording; the recording itself stays as it is."""

    state: CutState
    progress: float = Field(description="0 to 1.")
    from_s: float
    to_s: float | None
    begins_s: float | None = Field(description="Where the file really begins: at a key frame.")
    ends_s: float | None
    bytes: int | None
    sha256: str | None
    download_url: str | None = Field(description="For 12 hours; null until it is ready.")
    problem: str | None


class GateBody(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    who: Who | None = None
    until: AwareDatetime | None = Field(default=None, description="Null: as long as the replay is kept.")
    download: bool | None = Field(default=None, description="Who may watch may download the MP4.")


class GateReply(Reply):
    who: Who
    until: Time | None
    download: bool


class HappeningReply(Reply):
    at: Time
    until: Time | None
    kind: Kind
    title: str
    number: int | None = Field(description="Of a slide.")


class ProgrammeReply(Reply):
    items: list[HappeningReply]


class StepReply(Reply):
    at: Time
    people: int


class DayReply(Reply):
    day: date = Field(description="In the event's time zone.")
    people: int


class ReportReply(Reply):
    """What the event was; while it is live, so far. `passed`: null without rules of attendance."""

    registered: int
    attended: int
    peak: int
    peak_at: Time | None
    median_s: float
    replayed: int
    passed: int | None
    messages: int
    questions: int
    answered: int
    polls: int
    step_s: int
    audience: list[StepReply]
    registrations: list[DayReply]


class FollowupReply(Reply):
    letters: int = Field(description="Written now; who has theirs already gets no second one.")


class SearchQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=2, max_length=100)]


class HitReply(Reply):
    """`at_s`: seconds of what the replay shows."""

    at_s: float
    kind: Literal["message", "question"]
    name: str | None
    text: str


class HitList(Reply):
    items: list[HitReply]


async def _recording(call: Call) -> tuple[Event, Recording]:
    event = await call.platform.events.get(call.event_id)
    found = await call.platform.recordings.of_event(event.id)
    if not found:
        raise NotFound("There is no recording of this event.", code="recording_not_found")
    return event, found[0]


async def chapters(call: Call) -> ChaptersReply:
    event, recording = await _recording(call)
    found = await call.platform.programme.chapters(event, recording)
    items = [ChapterReply(at_s=one.at_s, title=one.title) for one in found.items]
    return ChaptersReply(saved=found.saved, items=items)


async def save_chapters(call: Call) -> ChaptersReply:
    _, recording = await _recording(call)
    wanted = [Chapter(one.at_s, one.title) for one in call.body(ChaptersBody).items]
    await call.platform.editing.save_chapters(recording, wanted)
    return await chapters(call)


async def suggest_chapters(call: Call) -> None:
    _, recording = await _recording(call)
    await call.platform.editing.save_chapters(recording, None)


def _cut_reply(call: Call, recording: Recording, cut: Cut) -> CutReply:
    names = ("state", "progress", "from_s", "to_s", "begins_s", "ends_s", "bytes", "sha256", "problem")
    url = call.platform.links.cut(recording, cut_file(recording, cut))
    return CutReply(**{name: getattr(cut, name) for name in names}, download_url=url)


async def cut(call: Call) -> CutReply:
    _, recording = await _recording(call)
    found = await call.platform.editing.cut(recording)
    if found is None:
        raise NotFound("Nothing was cut of this recording.", code="cut_not_found")
    return _cut_reply(call, recording, found)


async def ask_cut(call: Call) -> CutReply:
    event, recording = await _recording(call)
    body = call.body(CutBody)
    await call.platform.programme.keep_chapters(event, recording)
    return _cut_reply(call, recording, await call.platform.editing.ask_cut(recording, body.from_s, body.to_s))


async def drop_cut(call: Call) -> None:
    _, recording = await _recording(call)
    await call.platform.editing.drop_cut(recording)


def _gate(gate: Gate) -> GateReply:
    return GateReply(who=gate.who, until=gate.until, download=gate.download)


async def gate(call: Call) -> GateReply:
    event = await call.platform.events.get(call.event_id)
    return _gate(await call.platform.editing.gate(event.id))


async def change_gate(call: Call) -> GateReply:
    event, body = await call.platform.events.get(call.event_id), call.body(GateBody)
    now = await call.platform.editing.gate(event.id)
    wanted = Gate(
        body.who or now.who,
        body.until if "until" in body.model_fields_set else now.until,
        now.download if body.download is None else body.download,
    )
    await call.platform.editing.set_gate(event.id, wanted)
    return _gate(wanted)


async def programme(call: Call) -> ProgrammeReply:
    event = await call.platform.events.get(call.event_id)
    names = ("at", "until", "kind", "title", "number")
    found = await call.platform.programme.happenings(event)
    return ProgrammeReply(items=[HappeningReply(**{name: getattr(one, name) for name in names}) for one in found])


async def report(call: Call) -> ReportReply:
    event = await call.platform.events.get(call.event_id)
    made = await reports.make(call.platform, event, datetime.now(UTC))
    lists = {"audience", "registrations"}
    fields = {name: getattr(made, name) for name in ReportReply.model_fields if name not in lists}
    return ReportReply(
        **fields,
        audience=[StepReply(at=at, people=people) for at, people in made.audience],
        registrations=[DayReply(day=day, people=people) for day, people in made.days],
    )


async def followup(call: Call) -> FollowupReply:
    event = await call.platform.events.get(call.event_id)
    if event.state is not EventState.ENDED:
        raise Conflict("Follow-up letters are for when the event is over.", code="not_ended")
    return FollowupReply(letters=await call.platform.letters.followup(event))


async def search(call: Call) -> HitList:
    """In what this viewer could read in the chat and among the questions, at the moment of the replay."""
    viewer, wanted = call.principal, call.query(SearchQuery).q.casefold()
    if viewer.event_id is None:
        raise Unauthenticated("This token is not valid.", code="token_invalid")
    call.platform.readings.take(viewer.person, time.monotonic())
    await call.platform.admission.admit(viewer)
    event = await call.platform.events.get(viewer.event_id)
    attendee = await call.platform.registration.find(uuid.UUID(viewer.person))
    replay = await call.platform.replays.look(event, attendee)
    if replay.refused is not None:
        raise Forbidden("This replay is not open to you.", code=f"replay_{replay.refused}")
    clock = await call.platform.programme.clock(event.id, replay.recording)
    talk = await call.platform.conversation.of(event.id)
    shown = ("new", "queue", "screen", "answered")
    messages = [one for one in talk.messages if one.state == "shown"]
    questions = [one for one in talk.questions if one.state in shown]
    found = []
    said: list[Said | Asked] = [*messages, *questions]
    for one in said:
        at_s = clock.at(one.at)
        inside = replay.begins_s <= at_s and (replay.ends_s is None or at_s < replay.ends_s)
        if wanted in one.body.casefold() and inside and event.started_at is not None and one.at >= event.started_at:
            kind: Literal["message", "question"] = "message" if isinstance(one, Said) else "question"
            found.append(HitReply(at_s=at_s - replay.begins_s, kind=kind, name=one.name, text=one.body))
    return HitList(items=sorted(found, key=lambda hit: hit.at_s)[:_MOST_HITS])


_EVENT: Final = "/events/{event_id}"
_NOT_READY: Final = {409: "The recording is not ready yet."}


_operation: Final = partial(Operation, tag="recordings", callers=HOST)

REPLAY: Final = (
    _operation(
        name="getChapters",
        method="GET",
        path=f"{_EVENT}/chapters",
        summary="Chapters of the recording",
        handler=chapters,
        reply=ChaptersReply,
    ),
    _operation(
        name="putChapters",
        method="PUT",
        path=f"{_EVENT}/chapters",
        summary="Save the chapters; a file that was cut is made anew with them",
        handler=save_chapters,
        body=ChaptersBody,
        reply=ChaptersReply,
        errors=_NOT_READY,
    ),
    _operation(
        name="deleteChapters",
        method="DELETE",
        path=f"{_EVENT}/chapters",
        summary="The suggested chapters again",
        handler=suggest_chapters,
        status=204,
        errors=_NOT_READY,
    ),
    _operation(
        name="getCut",
        method="GET",
        path=f"{_EVENT}/recordings/cut",
        summary="What was cut of the recording",
        handler=cut,
        reply=CutReply,
    ),
    _operation(
        name="putCut",
        method="PUT",
        path=f"{_EVENT}/recordings/cut",
        summary="Make a file of a part of the recording, with its chapters; the replay shows that part, too",
        handler=ask_cut,
        body=CutBody,
        reply=CutReply,
        errors=_NOT_READY,
    ),
    _operation(
        name="deleteCut",
        method="DELETE",
        path=f"{_EVENT}/recordings/cut",
        summary="Give out the whole recording again",
        handler=drop_cut,
        status=204,
    ),
    _operation(
        name="getReplay",
        method="GET",
        path=f"{_EVENT}/replay",
        summary="Who may watch the replay",
        handler=gate,
        reply=GateReply,
    ),
    _operation(
        name="changeReplay",
        method="PATCH",
        path=f"{_EVENT}/replay",
        summary="Say who may watch the replay, until when, and whether they may download it",
        handler=change_gate,
        body=GateBody,
        reply=GateReply,
    ),
    _operation(
        name="getProgramme",
        method="GET",
        path=f"{_EVENT}/programme",
        summary="The timeline: agenda, slides, questions answered, polls, breaks",
        handler=programme,
        reply=ProgrammeReply,
    ),
    _operation(
        name="getReport",
        method="GET",
        path=f"{_EVENT}/report",
        summary="The event in figures, and its audience over time",
        handler=report,
        reply=ReportReply,
    ),
    _operation(
        name="sendFollowup",
        method="POST",
        path=f"{_EVENT}/followup",
        summary="Write the follow-up letters, once a person",
        handler=followup,
        reply=FollowupReply,
        errors={409: "The event is not over."},
    ),
    Operation(
        name="searchReplay",
        method="GET",
        path="/replay/search",
        summary="Search what was written and asked, at its moment of the replay",
        tag="playback",
        callers=frozenset({Caller.VIEWER}),
        handler=search,
        query=SearchQuery,
        reply=HitList,
        errors={
            404: "The event was deleted.",
            410: "The link was replaced, or the registration cancelled.",
            429: "One search a second.",
        },
    ),
)
