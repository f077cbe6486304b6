"""`/j/{token}/replay` and `/e/{slug}/replay`: the event once more, with chapters, captions, and the chat in step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ingest.contract import within
from webinar.api.places import new_visit
from webinar.base.errors import Gone, NotFound
from webinar.events.model import Event
from webinar.pages.attendance_texts import ATTENDANCE
from webinar.pages.render import page
from webinar.pages.room_texts import CHAT, ROOM, translated
from webinar.pages.screen import Screen
from webinar.pages.verify import certificate_path
from webinar.pages.visit import visit
from webinar.recordings import captions
from webinar.recordings.gate import Refused
from webinar.registration.model import Attendee, Status
from webinar.replays import Replay


def _(message: str) -> str:
    return message


TEXTS: Final[Mapping[str, str]] = {
    "found_none": _("Nothing found."),
    "found": _("{n} found"),
    "too_short": _("Write at least two letters."),
    "search_away": _("The search does not answer just now. Try again in a moment."),
    "replay_over": _("That was all. Thank you for watching!"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to somebody who cannot watch, and the one thing to do."""

    title: str
    message: str
    icon: str


CLOSED: Final[Mapping[Refused, Words]] = {
    Refused.NOBODY: Words(
        _("There is no replay of this event"),
        _("The host does not show the recording. If you need it, write to whoever invited you."),
        "lock",
    ),
    Refused.EXPIRED: Words(
        _("This replay is no longer available"),
        _("It could be watched until %(until)s. If you need it, write to whoever invited you."),
        "clock",
    ),
    Refused.NOT_ATTENDED: Words(
        _("This replay is for those who attended"),
        _("The host shows it to people who were there live. If you think this is a mistake, write to the host."),
        "lock",
    ),
    Refused.NOT_READY: Words(
        _("The replay is not here yet"),
        _("It comes moments after the end of the event. Look again in a minute."),
        "film",
    ),
    Refused.NOT_PUBLIC: Words(
        _("Open the replay by your personal link"),
        _("It is for people who registered: their link, from the confirmation, leads here."),
        "mail",
    ),
}


class ReplayScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/j/{token}/replay", self.mine),
            Route("/j/{token}/replay/{language}.vtt", self.my_captions),
            Route("/e/{slug}/replay", self.everybodys),
            Route("/e/{slug}/replay/{language}.vtt", self.everybodys_captions),
        ]

    async def _person(self, request: Request) -> tuple[Event, Attendee]:
        attendee = await self.person(request)
        return await self.platform.events.get(attendee.event_id), attendee

    async def mine(self, request: Request) -> Response:
        event, attendee = await self._person(request)
        return await self._page(request, event, attendee, f"/j/{request.path_params['token']}")

    async def everybodys(self, request: Request) -> Response:
        event = await self.platform.events.by_slug(request.path_params["slug"])
        return await self._page(request, event, None, f"/e/{quote(event.slug)}")

    async def my_captions(self, request: Request) -> Response:
        event, attendee = await self._person(request)
        return await self._captions(request, event, attendee)

    async def everybodys_captions(self, request: Request) -> Response:
        return await self._captions(request, await self.platform.events.by_slug(request.path_params["slug"]), None)

    async def _page(self, request: Request, event: Event, attendee: Attendee | None, here: str) -> Response:
        visit(request).prefer(event.language)
        replay = await self.platform.replays.look(event, attendee)
        if replay.refused is not None:
            return self._closed(request, event, attendee, replay)
        said: dict[str, str] = {}
        items = []
        if replay.recording is not None and replay.recording.duration_s is not None:
            found = await self.platform.programme.chapters(event, replay.recording)
            items = within(found.items, replay.begins_s, replay.ends_s or replay.recording.duration_s)
            said = await self.platform.editing.captions(replay.recording)
        url = None
        if replay.file is not None and replay.recording is not None:
            url = self.platform.links.film(replay.recording, replay.file, save=True)
        context = {
            "event": event,
            "you": attendee,
            "certificate_path": await certificate_path(self.platform, event, attendee, here),
            "here": here,
            "brand": await self.platform.images.brand(event),
            "replay": replay,
            "chapters": items,
            "captions": list(said),
            "file_url": url,
            "boot": {
                **self._boot(request, event, attendee, replay, [{"at": c.at_s, "title": c.title} for c in items]),
                "files": None if attendee is None else await self.platform.handouts.version(event.id),
            },
        }
        return page(request, "replay/replay.html", context)

    def _boot(
        self,
        request: Request,
        event: Event,
        attendee: Attendee | None,
        replay: Replay,
        chapters: list[dict[str, object]],
    ) -> dict[str, object]:
        url, base, stamp = replay.url or "", self.platform.settings.public_url, new_visit()
        attendance = {"url": "/api/v1/attendance", "visit": stamp, "now": time.time_ns() // 1_000_000}
        return {
            "replay_url": url.removeprefix(base),
            "begins_s": replay.begins_s,
            "chapters": chapters,
            "viewer_token": None if attendee is None else self.platform.access.viewer_token(attendee, stamp),
            "attendance": attendance,
            "playback_url": "/api/v1/playback",
            "search_url": "/api/v1/replay/search",
            "public_origin": self.platform.settings.public_origin,
            "files_url": None if attendee is None else f"/j/{request.path_params['token']}/files",
            "event": {
                "id": str(event.id),
                "started_at": None if event.started_at is None else event.started_at.isoformat(),
            },
            "you": None if attendee is None else {"id": str(attendee.id), "name": attendee.name},
            "texts": translated(visit(request).t, CHAT, ROOM, ATTENDANCE, TEXTS),
        }

    def _closed(self, request: Request, event: Event, attendee: Attendee | None, replay: Replay) -> Response:
        refused = replay.refused or Refused.NOT_READY
        if attendee is not None and attendee.status is Status.CANCELLED:
            raise Gone("This registration was cancelled.", code="registration_cancelled")
        context = {"event": event, "you": attendee, "words": CLOSED[refused], "until": replay.gate.until}
        return page(request, "replay/closed.html", context, 404 if refused is Refused.NOT_READY else 403)

    async def _captions(self, request: Request, event: Event, attendee: Attendee | None) -> Response:
        replay = await self.platform.replays.look(event, attendee)
        if replay.refused is not None or replay.recording is None:
            raise NotFound("There are no captions here.", code="not_found")
        vtt = (await self.platform.editing.captions(replay.recording)).get(request.path_params["language"])
        if vtt is None:
            raise HTTPException(404)
        ends_s = float("inf") if replay.ends_s is None else replay.ends_s
        part = captions.write(captions.read(vtt.encode()), replay.begins_s, ends_s)
        return Response(part, media_type="text/vtt; charset=utf-8", headers={"Cache-Control": "private, no-cache"})
