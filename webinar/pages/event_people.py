"""`/events/{id}/people`: who comes. Look for people, decide about one or many, add by hand, take the list along."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, as_uuid, event_id, go, safe_next
from webinar.pages.visit import visit
from webinar.recordings.model import content_disposition, file_name
from webinar.registration.model import Status, parse_new
from webinar.registration.people_table import people_csv
from webinar.registration.questions import TICKED

PER_PAGE: Final = 100
# Everybody who is shown may be chosen.
_MOST_FIELDS: Final = PER_PAGE + 20
_LONGEST_SEARCH: Final = 100


def _(message: str) -> str:
    return message


# Of the file, in the order of `COLUMNS`.
HEADINGS: Final = (
    _("Name"),
    _("E-mail"),
    _("State"),
    _("Registered"),
    _("Decided"),
    _("Entered first"),
    _("Language"),
    _("Consent"),
    _("Mails about other events"),
)
STATES: Final = {
    Status.APPROVED: _("Has a seat"),
    Status.PENDING: _("Waits for approval"),
    Status.WAITLISTED: _("Waiting list"),
    Status.DECLINED: _("Declined"),
    Status.CANCELLED: _("Cancelled"),
}


class PeopleScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        people = "/events/{event_id}/people"
        return [
            Route(people, self.show),
            Route(people, self.add, methods=["POST"]),
            Route(people + ".csv", self.download),
            Route(people + "/chosen", self.back),
            Route(people + "/chosen", self.decide_chosen, methods=["POST"]),
            Route(people + "/waiting", self.back),
            Route(people + "/waiting", self.decide_waiting, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._list(request, event, FormView())

    async def _list(self, request: Request, event: Event, form: FormView, code: int = 200) -> Response:
        registration = self.platform.registration
        status, search = _wanted(request)
        found, seats, account = await asyncio.gather(
            registration.page(
                event.id, cursor=request.query_params.get("after"), limit=PER_PAGE, status=status, search=search
            ),
            registration.seats(event.id),
            self.host(request),
        )
        wish = {"status": status.value if status else "", "q": search}
        here = {name: value for name, value in wish.items() if value}
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "part": "list",
            "people": [(a, self.platform.links.join(a)) for a in found.items],
            "more": urlencode({**here, "after": found.next}) if found.next else "",
            "status": wish["status"],
            "search": search,
            "seats": seats,
            "form": form,
            "here": request.url.path + (f"?{urlencode(here)}" if here else ""),
            "file_query": f"?{urlencode(here)}" if here else "",
            "mail_on": self.platform.letters.on,
        }
        return page(request, "host/people.html", context, code)

    async def add(self, request: Request) -> Response:
        await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        typed = {"name": sent.text("name"), "email": sent.text("email")}
        try:
            new = parse_new({**typed, "language": event.language})
            done = await self.platform.registration.register(event.id, new, by_host=True)
        except (Invalid, Conflict) as error:
            view = FormView(typed)
            view.refuse(error, visit(request))
            return await self._list(request, event, view, error.status)
        added = Notice.GUEST_INVITED if self.platform.letters.on else Notice.GUEST_ADDED
        notice = added if done.created else Notice.GUEST_KNOWN
        place = None
        if done.created and done.attendee.status is Status.WAITLISTED:
            notice, place = Notice.GUEST_WAITING, await self.platform.registration.waiting_place(done.attendee)
        return go(request, f"/events/{event.id}/people/{done.attendee.id}", notice, place)

    async def back(self, request: Request) -> Response:
        """Who opens the address of a form gets the page it stands on."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/people")

    async def decide_chosen(self, request: Request) -> Response:
        """Those whose boxes are ticked."""
        await self.host(request)
        sent = await self.form(request, _MOST_FIELDS)
        event = await self.platform.events.get(event_id(request))
        chosen = [as_uuid(text) for text in sent.many("person")]
        back = safe_next(sent.text("back"))
        back = back if back != "/" else f"/events/{event.id}/people"
        if not chosen:
            return go(request, back, Notice.NOBODY_CHOSEN)
        notice: Notice | None = None
        match sent.text("op"):
            case "approve":
                notice = await self._decide(event, Status.APPROVED, chosen)
            case "decline":
                notice = await self._decide(event, Status.DECLINED, chosen)
            case "link" if self.platform.letters.on:
                for one in chosen:
                    await self.platform.letters.link(event, await self.platform.registration.get(event.id, one))
                notice = Notice.LINKS_SENT
        return go(request, back, notice)

    async def decide_waiting(self, request: Request) -> Response:
        """All who wait for the host, on other pages of the list too."""
        await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        status = Status.DECLINED if sent.text("op") == "decline" else Status.APPROVED
        return go(request, f"/events/{event.id}/people", await self._decide(event, status, None))

    async def _decide(self, event: Event, status: Status, chosen: list[uuid.UUID] | None) -> Notice:
        done = await self.platform.registration.decide_many(event.id, status, chosen)
        if done.waiting:
            return Notice.GUESTS_WAITING
        if done.left:
            return Notice.GUESTS_LEFT
        return Notice.GUESTS_APPROVED if status is Status.APPROVED else Notice.GUESTS_DECLINED

    async def download(self, request: Request) -> Response:
        """The list as it is looked for, as a table that Excel opens, in the event's time."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        status, search = _wanted(request)
        people = await self.platform.registration.everyone(event.id, status=status, search=search)
        questions = await self.platform.registration_form.questions(event.id)
        made, zone = visit(request), ZoneInfo(event.timezone)

        def clock(moment: datetime) -> str:
            return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"

        body = people_csv(
            people,
            questions,
            headings=[made.t(text) for text in HEADINGS],
            words={**{state.value: made.t(text) for state, text in STATES.items()}, TICKED: made.t("Yes")},
            time=clock,
        )
        named = content_disposition(file_name(event.title, f" {made.t('People')}.csv"))
        headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
        return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


def _wanted(request: Request) -> tuple[Status | None, str]:
    """(status, search) of the address."""
    given = request.query_params.get("status", "")
    search = " ".join(request.query_params.get("q", "").split())[:_LONGEST_SEARCH]
    return (Status(given) if given in {s.value for s in Status} else None), search.replace("\x00", "")
