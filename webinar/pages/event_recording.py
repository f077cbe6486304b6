"""`/events/{id}/recording`: the files, a part of it, chapters, captions, and who may watch it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base import times
from webinar.base.errors import Conflict, FieldProblem, Invalid, WebinarError
from webinar.events.model import Event
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.uploads import read_upload
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.recordings.captions import LANGUAGES, MOST_BYTES
from webinar.recordings.cuts import Chapter, CutState
from webinar.recordings.editing import cut_file
from webinar.recordings.gate import Gate, Who
from webinar.recordings.model import Recording, RecordingState

_CLOCK: Final = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]?\d)(?:[.,](\d{1,3}))?")
_LINE: Final = re.compile(rf"\s*({_CLOCK.pattern})\s+(\S.*?)\s*")


def _(message: str) -> str:
    return message


WHO: Final[Mapping[Who, tuple[str, str]]] = {
    Who.REGISTERED: (_("Who registered"), _("Everybody with a seat, by their personal link.")),
    Who.ATTENDED: (_("Who attended"), _("Only those who entered while it was live.")),
    Who.LINK: (_("Anybody with the link"), _("From the event page, without registration. The chat is not shown.")),
    Who.NOBODY: (_("Nobody"), _("The replay is not shown.")),
}


class RecordingScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        recording = "/events/{event_id}/recording"
        return [
            Route(recording, self.show),
            Route(recording + "/now", self.now),
            Route(recording + "/cut", self.cut, methods=["POST"]),
            Route(recording + "/whole", self.whole, methods=["POST"]),
            Route(recording + "/chapters", self.chapters, methods=["POST"]),
            Route(recording + "/gate", self.gate, methods=["POST"]),
            Route(recording + "/captions", self.captions, methods=["POST"]),
            # Where a form was sent to is an address that people open again.
            *(Route(f"{recording}/{part}", self.back) for part in ("cut", "whole", "chapters", "gate", "captions")),
        ]

    async def back(self, request: Request) -> Response:
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/recording")

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._page(request, account, event)

    async def now(self, request: Request) -> Response:
        """The part that changes by itself, for `js/host/now.js`."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        found = await self.platform.recordings.of_event(event.id)
        return page(request, "host/recording_now.html", await self._files(event, found[0] if found else None))

    async def _files(self, event: Event, recording: Recording | None) -> dict[str, object]:
        cut = None if recording is None else await self.platform.editing.cut(recording)
        made = None if recording is None or cut is None else cut_file(recording, cut)
        busy = cut is not None and cut.state in (CutState.WAITING, CutState.WORKING)
        links = self.platform.links
        return {
            "event": event,
            "recording": recording,
            "ready": recording is not None and recording.state is RecordingState.READY,
            "cut": cut,
            "cut_url": None if recording is None else self._path(links.cut(recording, made)),
            "film_url": None if recording is None else self._path(links.download(recording)),
            "audio_url": None if recording is None else self._path(links.audio(recording)),
            "busy": busy or (recording is not None and recording.state is RecordingState.RECORDING),
        }

    def _path(self, url: str | None) -> str | None:
        """By the host's session: the signed query is for links that are given away."""
        return None if url is None else url.partition("?")[0].removeprefix(self.platform.settings.public_url)

    async def _page(
        self,
        request: Request,
        account: Account,
        event: Event,
        forms: Mapping[str, FormView] | None = None,
        status: int = 200,
    ) -> Response:
        found = await self.platform.recordings.of_event(event.id)
        recording = found[0] if found else None
        gate = await self.platform.editing.gate(event.id)
        context: dict[str, object] = {
            "account": account,
            "tab": "report",
            "part": "recording",
            "who": WHO,
            "replay_url": self.platform.links.event(event) if gate.who is Who.LINK else None,
            "gate_form": FormView(_gate_fields(gate, event)),
            "cut_form": FormView(),
            "chapters_form": FormView(),
            "captions_form": FormView(),
            "captions": {},
            "saved": False,
            **await self._files(event, recording),
        }
        if recording is not None and recording.duration_s is not None:
            chapters = await self.platform.programme.chapters(event, recording)
            cut = await self.platform.editing.cut(recording)
            part = (0.0, recording.duration_s) if cut is None else (cut.from_s, cut.to_s or recording.duration_s)
            context |= {
                "saved": chapters.saved,
                "chapters_form": FormView({"chapters": as_lines(chapters.items)}),
                "cut_form": FormView({"from": clock(part[0]), "to": clock(part[1])}),
                "captions": await self.platform.editing.captions(recording),
            }
        return page(request, "host/recording.html", {**context, **(forms or {})}, status)

    async def _recording(self, event: Event) -> Recording:
        found = await self.platform.recordings.of_event(event.id)
        if not found:
            raise HTTPException(404)
        return found[0]

    async def cut(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        recording = await self._recording(event)
        try:
            from_s, to_s = _seconds(sent, "from"), _seconds(sent, "to")
            await self.platform.programme.keep_chapters(event, recording)
            # What is written without parts of a second is meant to the end of it.
            end_s = None if to_s is None or to_s + 1 > (recording.duration_s or 0) else to_s
            await self.platform.editing.ask_cut(recording, from_s or 0.0, end_s)
        except (Invalid, Conflict) as error:
            view = _refused(request, sent, error, {"from_s": "from", "to_s": "to"}, "from", "to")
            return await self._page(request, account, event, {"cut_form": view}, error.status)
        return go(request, f"/events/{event.id}/recording", Notice.CUT_ASKED)

    async def whole(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.events.get(event_id(request))
        await self.platform.editing.drop_cut(await self._recording(event))
        return go(request, f"/events/{event.id}/recording", Notice.CUT_DROPPED)

    async def chapters(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        recording = await self._recording(event)
        try:
            if sent.text("act") == "suggest":
                await self.platform.editing.save_chapters(recording, None)
            else:
                await self.platform.editing.save_chapters(recording, of_lines(sent.text("chapters")))
                if sent.text("act") == "file" and await self.platform.editing.cut(recording) is None:
                    await self.platform.editing.ask_cut(recording, 0.0, None)
        except (Invalid, Conflict) as error:
            view = _refused(request, sent, error, {"title": "chapters", "at_s": "chapters"}, "chapters")
            return await self._page(request, account, event, {"chapters_form": view}, error.status)
        return go(request, f"/events/{event.id}/recording#chapters", Notice.CHAPTERS_SAVED)

    async def gate(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        try:
            await self.platform.editing.set_gate(event.id, _gate(sent, event))
        except Invalid as error:
            view = _refused(request, sent, error, {}, "who", "until", "download")
            return await self._page(request, account, event, {"gate_form": view}, error.status)
        return go(request, f"/events/{event.id}/recording#replay", Notice.REPLAY_CHANGED)

    async def captions(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await read_upload(request, self.platform.settings.public_origin, MOST_BYTES)
        event = await self.platform.events.get(event_id(request))
        recording = await self._recording(event)
        language = sent.sent.text("language")
        if language not in LANGUAGES:
            raise HTTPException(400)
        remove = sent.sent.text("act") == "remove"
        try:
            if not remove and not sent.data:
                problem = FieldProblem("file", "Choose a .vtt or .srt file.")
                raise Invalid("Some fields need another look.", fields=[problem])
            await self.platform.editing.set_captions(recording, language, None if remove else sent.data)
        except (Invalid, Conflict) as error:
            view = _refused(request, sent.sent, error, {}, "language")
            return await self._page(request, account, event, {"captions_form": view}, error.status)
        notice = Notice.CAPTIONS_REMOVED if remove else Notice.CAPTIONS_SAVED
        return go(request, f"/events/{event.id}/recording#captions", notice)


def _refused(request: Request, sent: Sent, error: WebinarError, names: Mapping[str, str], *fields: str) -> FormView:
    """The form as typed, with what is wrong; `names`: fields of the model by those of the form."""
    view = FormView({name: sent.text(name) for name in fields})
    view.refuse(error, visit(request))
    view.problems = {names.get(name, name): text for name, text in view.problems.items()}
    return view


def clock(seconds: float) -> str:
    """`12:03`, `1:02:03`; with parts of a second where there are any."""
    whole = int(seconds)
    tenths = round((seconds - whole) * 1000)
    return times.length(whole) + (f".{tenths:03}".rstrip("0") if 0 < tenths < 1000 else "")


def _at(match: re.Match[str]) -> float:
    hours, minutes, seconds, parts = match.groups()[:4]
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int((parts or "0").ljust(3, "0")) / 1000


def _seconds(sent: Sent, name: str) -> float | None:
    """Raises `Invalid`."""
    text = sent.text(name)
    if not text:
        return None
    match = _CLOCK.fullmatch(text)
    if match is None:
        problem = FieldProblem(name, "Write a time like 1:02:03.")
        raise Invalid("Some fields need another look.", fields=[problem])
    return _at(match)


def as_lines(chapters: Sequence[Chapter]) -> str:
    """One a line: a time and a title."""
    return "\n".join(f"{clock(chapter.at_s)} {chapter.title}" for chapter in chapters)


def of_lines(text: str) -> list[Chapter]:
    """Raises `Invalid` that names the line."""
    found = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problem = FieldProblem("chapters", "Write a time and a title in each line, like 12:30 Questions.")
            raise Invalid("Some fields need another look.", fields=[problem])
        time = _CLOCK.fullmatch(match[1])
        found.append(Chapter(0.0 if time is None else _at(time), match[6]))
    return found


def _gate_fields(gate: Gate, event: Event) -> dict[str, str]:
    until = "" if gate.until is None else f"{gate.until.astimezone(ZoneInfo(event.timezone)):%Y-%m-%dT%H:%M}"
    return {"who": str(gate.who), "until": until, "download": "1" if gate.download else ""}


def _gate(sent: Sent, event: Event) -> Gate:
    """Raises `Invalid`."""
    who, until = sent.text("who"), None
    if who not in set(Who):
        raise Invalid("Some fields need another look.", fields=[FieldProblem("who", "Choose who may watch.")])
    if sent.text("until"):
        try:
            until = datetime.fromisoformat(sent.text("until")).replace(tzinfo=ZoneInfo(event.timezone))
        except ValueError as error:
            problem = FieldProblem("until", "Choose a date and time.")
            raise Invalid("Some fields need another look.", fields=[problem]) from error
    return Gate(Who(who), until, sent.text("download") == "1")
