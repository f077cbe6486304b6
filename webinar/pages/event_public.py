"""`/e/{slug}`: the page everyone may see."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import NotFound
from webinar.events.model import Event, EventState, Registration
from webinar.events.plan.model import AgendaItem
from webinar.pages.render import page
from webinar.pages.screen import Screen
from webinar.pages.visit import visit
from webinar.people.model import COHOST_COOKIE
from webinar.recordings.gate import Refused, Who
from webinar.registration.model import Seats


class Way(enum.StrEnum):
    """What the event page offers."""

    OPEN = "open"  # a seat at once
    APPROVAL = "approval"  # the host decides
    WAITING = "waiting"  # no seat left: the waiting list
    CLOSED = "closed"  # only by invitation
    LATE = "late"  # the time to register is over
    ENDED = "ended"


class Again(enum.StrEnum):
    """Who may watch it again, as far as the event page tells."""

    ANYBODY = "anybody"
    REGISTERED = "registered"  # by personal link
    ATTENDED = "attended"  # by personal link, who was there
    NOBODY = "nobody"


def way(event: Event, seats: Seats, closes_at: datetime | None, now: datetime) -> Way:
    """By the same rules as `registration.model.decide`, which has the last word."""
    if event.state is EventState.ENDED:
        return Way.ENDED
    if event.registration is Registration.CLOSED:
        return Way.CLOSED
    never_held = event.state is EventState.SCHEDULED and event.ends_at <= now
    if never_held or (closes_at is not None and closes_at <= now):
        return Way.LATE
    if event.registration is Registration.APPROVAL:
        return Way.APPROVAL
    return Way.OPEN if seats.left > 0 and not seats.waitlisted else Way.WAITING


def event_path(event: Event) -> str:
    return f"/e/{quote(event.slug)}"


class EventPageScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [Route("/e/{slug}", self.show)]

    async def show(self, request: Request) -> Response:
        event = await self.platform.events.by_slug(request.path_params["slug"], drafts=True)
        seats = await self.platform.registration.seats(event.id)
        if event.state is EventState.DRAFT and not await self._hosts(request, event):
            # Letters and personal pages lead here: who has one of those reads that theirs works as before.
            code = "event_hidden" if seats.any else "event_not_found"
            raise NotFound("There is no such event. Check the address.", code=code)
        # Before anything is shown, so that even errors speak the event's language.
        visit(request).prefer(event.language)
        rules = await self.platform.registration_form.rules(event.id)
        now = datetime.now(UTC)
        context = {
            "event": event,
            "seats": seats,
            "way": way(event, seats, rules.closes_at, now).value,
            "closes_at": rules.closes_at,
            "path": event_path(event),
            "now": now,
            "brand": await self.platform.images.brand(event),
            "agenda": by_day(await self.platform.events.agenda(event.id), event.timezone),
            "speakers": await self.platform.events.speakers(event.id),
            "event_url": self.platform.links.event(event),
            "again": (await self._again(event)).value,
        }
        return page(request, "event/event.html", context, language=event.language)

    async def _again(self, event: Event) -> Again:
        if event.state is not EventState.ENDED:
            return Again.NOBODY
        replay = await self.platform.replays.look(event)
        if replay.refused is None:
            return Again.ANYBODY
        if replay.refused is not Refused.NOT_PUBLIC:
            return Again.NOBODY
        return Again.ATTENDED if replay.gate.who is Who.ATTENDED else Again.REGISTERED

    async def _hosts(self, request: Request, event: Event) -> bool:
        """Whether somebody looks who hosts it: they see a draft as guests will."""
        key = request.cookies.get(f"{COHOST_COOKIE}{event.id.hex}")
        account = await self.account(request)
        return await self.platform.staff.host_of(event.id, account, [] if key is None else [key]) is not None


def by_day(items: list[AgendaItem], zone: str) -> list[tuple[date, list[AgendaItem]]]:
    """The agenda by the days of the event's own clock, in the host's order."""
    days: dict[date, list[AgendaItem]] = {}
    for item in items:
        days.setdefault(item.starts_at.astimezone(ZoneInfo(zone)).date(), []).append(item)
    return sorted(days.items())
