"""`/events/{id}/people`: who comes. Approve, decline, cancel, add by hand, give a new personal link."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.pages.confirm import Question, ask
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, attendee_id, event_id, go, safe_next
from webinar.pages.visit import visit
from webinar.registration.model import Attendee, Status, parse_new

_PER_PAGE: Final = 100
_QUESTIONS: Final = {
    "decline": Question.DECLINE_GUEST,
    "cancel": Question.CANCEL_GUEST,
    "renew": Question.RENEW_LINK,
}


class PeopleScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        people, one = "/events/{event_id}/people", "/events/{event_id}/people/{attendee_id}"
        return [
            Route(people, self.show),
            Route(people, self.add, methods=["POST"]),
            Route(one, self.show_one),
            Route(one + "/approve", self.approve, methods=["POST"]),
            Route(one + "/{verb:str}", self.ask),
            Route(one + "/decline", self.decline, methods=["POST"]),
            Route(one + "/cancel", self.cancel, methods=["POST"]),
            Route(one + "/renew", self.renew, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._list(request, event, FormView())

    async def _list(self, request: Request, event: Event, form: FormView, code: int = 200) -> Response:
        registration = self.platform.registration
        wanted = request.query_params.get("status", "")
        status = Status(wanted) if wanted in {s.value for s in Status} else None
        found, seats, account = await asyncio.gather(
            registration.page(event.id, cursor=request.query_params.get("after"), limit=_PER_PAGE, status=status),
            registration.seats(event.id),
            self.host(request),
        )
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "people": [(a, self.platform.links.join(a)) for a in found.items],
            "next": found.next,
            "status": status.value if status else "",
            "seats": seats,
            "form": form,
            "here": request.url.path + (f"?status={status.value}" if status else ""),
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
        notice = Notice.GUEST_ADDED if done.created else Notice.GUEST_KNOWN
        return go(request, f"/events/{event.id}/people/{done.attendee.id}", notice)

    async def show_one(self, request: Request) -> Response:
        account = await self.host(request)
        event, attendee = await self._one(request)
        registration = self.platform.registration
        waiting = attendee.status is Status.WAITLISTED
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "attendee": attendee,
            "join_url": self.platform.links.join(attendee),
            "place": await registration.waiting_place(attendee) if waiting else 0,
            "here": request.url.path,
        }
        return page(request, "host/person.html", context)

    async def _one(self, request: Request) -> tuple[Event, Attendee]:
        event = await self.platform.events.get(event_id(request))
        return event, await self.platform.registration.get(event.id, attendee_id(request))

    async def ask(self, request: Request) -> Response:
        """The question before a decision: for who has no scripts, or opens it in a tab of its own."""
        account = await self.host(request)
        event, attendee = await self._one(request)
        person = f"/events/{event.id}/people/{attendee.id}"
        question = _QUESTIONS.get(request.path_params["verb"])
        if question is None:
            return go(request, person)
        return ask(request, account, event, question, back=person, about=attendee.name)

    async def approve(self, request: Request) -> Response:
        return await self._decide(request, Status.APPROVED, Notice.GUEST_APPROVED)

    async def decline(self, request: Request) -> Response:
        return await self._decide(request, Status.DECLINED, Notice.GUEST_DECLINED)

    async def cancel(self, request: Request) -> Response:
        return await self._decide(request, Status.CANCELLED, Notice.GUEST_CANCELLED)

    async def _decide(self, request: Request, status: Status, notice: Notice) -> Response:
        await self.host(request)
        sent = await self.form(request)
        event = event_id(request)
        await self.platform.registration.set_status(event, attendee_id(request), status)
        back = safe_next(sent.text("back"))
        return go(request, back if back != "/" else f"/events/{event}/people", notice)

    async def renew(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event, attendee = event_id(request), attendee_id(request)
        await self.platform.registration.renew_link(event, attendee)
        return go(request, f"/events/{event}/people/{attendee}", Notice.LINK_RENEWED)
