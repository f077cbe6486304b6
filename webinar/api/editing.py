"""What a host makes of a recording: chapters, captions, and a part of it as a file."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation, read_file
from webinar.api.schemas import Reply
from webinar.base.errors import NotFound
from webinar.events.model import Event
from webinar.recordings import captions as files
from webinar.recordings.cuts import Chapter, Cut, CutState
from webinar.recordings.editing import cut_file
from webinar.recordings.model import Recording

Seconds = Annotated[float, Field(ge=0, description="Seconds of the recording.")]
_CAPTIONS: Final = ("text/vtt", "application/x-subrip", "text/plain")


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


class CaptionReply(Reply):
    language: str
    captions: int = Field(description="How many there are.")
    url: str = Field(description="WebVTT on the clock of the whole recording, with an API token.")


class CaptionList(Reply):
    items: list[CaptionReply]
    next: None = None


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


def _caption(call: Call, event: Event, language: str, count: int) -> CaptionReply:
    url = call.platform.links.absolute(f"/api/v1/events/{event.id}/captions/{language}")
    return CaptionReply(language=language, captions=count, url=url)


def _language(call: Call) -> str:
    """Raises `NotFound`."""
    language = str(call.request.path_params["language"])
    if language not in files.LANGUAGES:
        raise NotFound("Captions are in one of these languages: ko, en.", code="language_unknown")
    return language


async def list_captions(call: Call) -> CaptionList:
    event, recording = await _recording(call)
    found = await call.platform.editing.captions(recording)
    made = [_caption(call, event, language, len(files.read(vtt.encode()))) for language, vtt in found.items()]
    return CaptionList(items=made)


async def put_captions(call: Call) -> CaptionReply:
    language = _language(call)
    event, recording = await _recording(call)
    file = await read_file(call.request, _CAPTIONS, files.MOST_BYTES, "Captions take 2 MB at most.")
    return _caption(call, event, language, await call.platform.editing.set_captions(recording, language, file))


async def get_captions(call: Call) -> Response:
    language = _language(call)
    _, recording = await _recording(call)
    vtt = (await call.platform.editing.captions(recording)).get(language)
    if vtt is None:
        raise NotFound("There are no captions in this language.", code="captions_not_found")
    return Response(vtt, media_type="text/vtt; charset=utf-8")


async def delete_captions(call: Call) -> None:
    language = _language(call)
    _, recording = await _recording(call)
    await call.platform.editing.set_captions(recording, language, None)


_EVENT: Final = "/events/{event_id}"
_LANGUAGE: Final = f"{_EVENT}/captions/{{language}}"
_NOT_READY: Final = {409: "The recording is not ready yet."}

_operation: Final = partial(Operation, tag="recordings", callers=HOST)

EDITING: Final = (
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
        name="listCaptions",
        method="GET",
        path=f"{_EVENT}/captions",
        summary="Captions of the recording, by language",
        handler=list_captions,
        reply=CaptionList,
    ),
    _operation(
        name="putCaptions",
        method="PUT",
        path=_LANGUAGE,
        summary="Captions in place of those of the language: WebVTT or SubRip, on the clock of the whole recording",
        handler=put_captions,
        takes=_CAPTIONS,
        reply=CaptionReply,
        errors=_NOT_READY,
    ),
    _operation(
        name="getCaptions",
        method="GET",
        path=_LANGUAGE,
        summary="Captions of a language as WebVTT",
        handler=get_captions,
        file="text/vtt",
    ),
    _operation(
        name="deleteCaptions",
        method="DELETE",
        path=_LANGUAGE,
        summary="No captions of this language any more",
        handler=delete_captions,
        status=204,
        errors=_NOT_READY,
    ),
)
