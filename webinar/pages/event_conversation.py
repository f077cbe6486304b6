"""`/events/{id}/conversation`: what was said and asked, and how polls went, to read and to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import BadRequest
from webinar.conversation.model import TABLES, part, to_csv, to_json
from webinar.events.model import Event
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id
from webinar.pages.visit import visit
from webinar.recordings.model import content_disposition, file_name

_PER_PAGE: Final = 100


def _(message: str) -> str:
    return message


NAMES: Final[Mapping[str, str]] = {"chat": _("Messages"), "questions": _("Questions"), "polls": _("Polls")}
# Of a downloaded table, by the names that the API gives its columns.
HEADINGS: Final[Mapping[str, str]] = {
    "number": _("No."),
    "time": _("Time"),
    "name": _("Name"),
    "role": _("Role"),
    "text": _("Message"),
    "type": _("Kind"),
    "reply_to": _("Reply to"),
    "state": _("State"),
    "person": _("Person"),
    "full_name": _("Full name"),
    "question": _("Question"),
    "votes": _("Votes"),
    "answer": _("Answer"),
    "answered_at": _("Answered at"),
    "merged_into": _("Merged into"),
    "kind": _("Kind of poll"),
    "option": _("Option"),
    "correct": _("Correct"),
    "people": _("People who answered"),
}


class ConversationScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        conversation = "/events/{event_id}/conversation"
        return [Route(conversation, self.show), Route(conversation + "/{name}.{kind}", self.download)]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        name = request.query_params.get("part", "chat")
        table = TABLES.get(name, TABLES["chat"])
        transcript = await self.platform.full_names.transcript(event.id)
        found = part(table, transcript, after=_after(request), limit=_PER_PAGE)
        context = {
            "account": account,
            "event": event,
            "tab": "conversation",
            "part": table.name,
            "parts": NAMES,
            "counts": {name: len(one.items(transcript)) for name, one in TABLES.items()},
            "items": found.items,
            "next": found.next,
        }
        return page(request, "host/conversation.html", context)

    async def download(self, request: Request) -> Response:
        """`chat.csv`, `questions.json`, …: the whole of it, in the event's time."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        table, kind = TABLES.get(request.path_params["name"]), request.path_params["kind"]
        if table is None or kind not in ("csv", "json"):
            raise HTTPException(404)
        transcript = await self.platform.full_names.transcript(event.id)
        made = visit(request)
        name = file_name(event.title, f" {made.t(NAMES[table.name])}.{kind}")
        headers = {"Content-Disposition": content_disposition(name), "Cache-Control": "no-store"}
        if kind == "json":
            return Response(to_json(table, transcript), headers=headers, media_type="application/json")
        headings = [made.t(HEADINGS[column]) for column in table.columns]
        body = to_csv(table, transcript, headings=headings, time=_clock(event))
        return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


def _after(request: Request) -> int | None:
    text = request.query_params.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest("The cursor is not one of ours: start the list again.", code="bad_cursor")
    return int(text)


def _clock(event: Event) -> Callable[[datetime], str]:
    """Moments as spreadsheets read them, in the event's zone."""
    zone = ZoneInfo(event.timezone)
    return lambda moment: f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
