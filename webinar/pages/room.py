"""`/j/{token}`, the personal link: lobby, room and end are one page that changes by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.api.places import new_visit
from webinar.base import times
from webinar.events.model import Event, EventState
from webinar.events.plan.model import AgendaItem
from webinar.pages.attendance_texts import ATTENDANCE
from webinar.pages.event_public import by_day, event_path
from webinar.pages.render import page
from webinar.pages.room_texts import CHAT, ROOM, translated
from webinar.pages.screen import Screen, go
from webinar.pages.verify import certificate_path
from webinar.pages.visit import visit
from webinar.recordings.gate import Refused
from webinar.registration.model import Attendee, Status


def _(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class Waiting:
    """A link that opens nothing yet, or not any more: what it is, and the one thing to do."""

    title: str
    message: str
    action: str
    picture: str
    again_s: int | None = None  # the page looks again by itself


_LOOK: Final = _("See the event page")
WAITING: Final = {
    Status.PENDING: Waiting(
        _("Waiting for approval"),
        _("The host decides who may join. Keep this page open: it lets you in by itself once you are approved."),
        _LOOK,
        "clock",
        15,
    ),
    Status.WAITLISTED: Waiting(
        _("You are on the waiting list"),
        _("All seats are taken. Keep this page open: it lets you in by itself when a seat becomes free."),
        _LOOK,
        "users",
        15,
    ),
    Status.DECLINED: Waiting(
        _("This registration was not approved"),
        _("If you think this is a mistake, write to the host who invited you."),
        _LOOK,
        "lock",
    ),
}

# Who was in the room, and has no seat any more.
SENT_OUT: Final = Waiting(
    _("Your seat was taken back"),
    _("If you think this is a mistake, write to the host who invited you."),
    _LOOK,
    "lock",
)

# Once the event is over nobody waits any more.
TOO_LATE: Final = {
    Status.PENDING: Waiting(
        _("The event is over"),
        _("Your registration was not decided about in time. What there is of the event stands on its page."),
        _LOOK,
        "calendar",
    ),
    Status.WAITLISTED: Waiting(
        _("The event is over"),
        _("No seat became free for you this time. What there is of the event stands on its page."),
        _LOOK,
        "calendar",
    ),
}

LOCKED: Final = Waiting(
    _("The doors are closed"),
    _("The host has been told that you are here. Keep this page open: it lets you in by itself."),
    _LOOK,
    "lock",
    5,
)


def _waits(attendee: Attendee, *, over: bool) -> Waiting:
    """What who holds no seat is told."""
    if attendee.status is Status.DECLINED and attendee.first_joined_at is not None:
        return SENT_OUT
    return (over and TOO_LATE.get(attendee.status)) or WAITING[attendee.status]


class RoomScreen(Screen):
    """The attendee's one page."""

    def routes(self) -> list[BaseRoute]:
        return [Route("/j/{token}", self.join), Route("/j/{token}/agenda", self.agenda)]

    async def join(self, request: Request) -> Response:
        attendee = await self.person(request)
        event = await self.platform.events.get(attendee.event_id)
        visit(request).prefer(event.language)
        # The event's state comes first: once it is over, seats and doors are nothing to wait for.
        over = event.state is EventState.ENDED
        refused = (await self.platform.replays.look(event, attendee)).refused if over else Refused.NOT_READY
        if refused is None:
            return go(request, self._replay_path(request, event, attendee))
        if attendee.status is not Status.APPROVED:
            return await self._waiting(request, event, attendee, _waits(attendee, over=over))
        if not await self.platform.doorway.enter(event.id, attendee.id):
            return await self._waiting(request, event, attendee, LOCKED)
        await self.platform.registration.joined(attendee.id)
        scene = await self.platform.stage.scene(event.id)
        context = {
            "event": event,
            "you": attendee,
            "state": scene.state,
            "left_out": refused is Refused.NOT_ATTENDED,
            # Whoever looks back while a rule asks for live is told what it costs.
            "counts_live": bool((await self.platform.attendance.outline(event.id)).plan.rules),
            "replay_path": self._replay_path(request, event, attendee),
            "me_path": f"/j/{request.path_params['token']}/me",
            "certificate_path": await certificate_path(
                self.platform, event, attendee, f"/j/{request.path_params['token']}"
            ),
            "brand": await self.platform.images.brand(event),
            "boot": self._boot(request, event, attendee),
        }
        return page(request, "room/room.html", context)

    @staticmethod
    def _replay_path(request: Request, event: Event, attendee: Attendee) -> str:
        """By their own link for who has a seat: what they watch counts. For others as for anybody."""
        if attendee.status is Status.APPROVED:
            return f"/j/{request.path_params['token']}/replay"
        return f"{event_path(event)}/replay"

    def _boot(self, request: Request, event: Event, attendee: Attendee) -> dict[str, object]:
        visit_stamp = new_visit()
        return {
            "viewer_token": self.platform.access.viewer_token(attendee, visit_stamp),
            "playback_url": "/api/v1/playback",
            "attendance": {"url": "/api/v1/attendance", "visit": visit_stamp, "now": time.time_ns() // 1_000_000},
            "public_origin": self.platform.settings.public_origin,
            "files_url": f"/j/{request.path_params['token']}/files",
            "agenda_url": f"/j/{request.path_params['token']}/agenda",
            "event": {
                "id": str(event.id),
                "title": event.title,
                "starts_at": event.starts_at.isoformat(),
                "timezone": event.timezone,
            },
            "you": {"id": str(attendee.id), "name": attendee.name},
            "texts": translated(visit(request).t, CHAT, ROOM, ATTENDANCE),
        }

    async def agenda(self, request: Request) -> Response:
        """For `js/chat/agenda.js`: without a frame, on the clock of `zone` (IANA) where the reader has another one."""
        guest = await self.guest(request)
        event = await self.platform.events.get(guest.event_id)
        visit(request).prefer(event.language)
        items = await self.platform.events.agenda(event.id)
        zone = _zone(request.query_params.get("zone", ""), event.timezone, items)
        there = [times.zone_label(times.local(item.starts_at, zone)) for item in items[:1]]
        context = {
            "agenda": by_day(items, zone),
            "zone": zone,
            "zone_label": there[0] if there and zone != event.timezone else "",
        }
        return page(request, "room/agenda.html", context)

    async def _waiting(self, request: Request, event: Event, attendee: Attendee, view: Waiting) -> Response:
        context = {
            "event": event,
            "you": attendee,
            "view": view,
            "brand": await self.platform.images.brand(event),
            "href": event_path(event),
            "place": await self.platform.registration.waiting_place(attendee)
            if view is WAITING[Status.WAITLISTED]
            else 0,
            "me_path": f"/j/{request.path_params['token']}/me",
        }
        return page(request, "room/waiting.html", context)


def _zone(own: str, planned: str, items: list[AgendaItem]) -> str:
    """The reader's `own` zone where it is one and its clock differs for these items, else that of the event."""
    try:
        ZoneInfo(own)
        differs = any(times.ahead(item.starts_at, own) != times.ahead(item.starts_at, planned) for item in items)
    except (KeyError, ValueError, OSError):  # no such zone; no name of one; the name of a folder of them
        return planned
    return own if differs else planned
