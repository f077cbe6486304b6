"""`/e/{slug}`: the page everyone may see, registration, and what a person who registered gets."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event, EventState, Registration
from webinar.pages.confirm import Question, ask
from webinar.pages.forms import FormView
from webinar.pages.render import page
from webinar.pages.screen import Screen, go
from webinar.pages.visit import visit
from webinar.registration.model import Attendee, Seats, Status, parse_new


class Way(enum.StrEnum):
    """What the event page offers."""

    OPEN = "open"  # a seat at once
    APPROVAL = "approval"  # the host decides
    WAITING = "waiting"  # no seat left: the waiting list
    CLOSED = "closed"  # only by invitation
    ENDED = "ended"


def way(event: Event, seats: Seats) -> Way:
    """By the same rules as `registration.model.decide`, which has the last word."""
    if event.state is EventState.ENDED:
        return Way.ENDED
    if event.registration is Registration.CLOSED:
        return Way.CLOSED
    if event.registration is Registration.APPROVAL:
        return Way.APPROVAL
    return Way.OPEN if seats.left > 0 else Way.WAITING


def event_path(event: Event) -> str:
    return f"/e/{quote(event.slug)}"


class EventPageScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/e/{slug}", self.show),
            Route("/e/{slug}/register", self.show_form),
            Route("/e/{slug}/register", self.register, methods=["POST"]),
            Route("/e/{slug}/registered/{token}", self.show_registered),
            Route("/e/{slug}/cancel/{token}", self.ask_cancel),
            Route("/e/{slug}/cancel/{token}", self.cancel, methods=["POST"]),
        ]

    async def _event(self, request: Request) -> Event:
        """Raises `NotFound`. Known before anything is shown, so that even errors speak the event's language."""
        event = await self.platform.events.by_slug(request.path_params["slug"])
        visit(request).prefer(event.language)
        return event

    async def _context(self, event: Event) -> dict[str, object]:
        seats = await self.platform.registration.seats(event.id)
        return {
            "event": event,
            "seats": seats,
            "way": way(event, seats).value,
            "path": event_path(event),
            "now": datetime.now(UTC),
        }

    async def show(self, request: Request) -> Response:
        event = await self._event(request)
        return page(request, "event/event.html", await self._context(event), language=event.language)

    async def show_form(self, request: Request) -> Response:
        return await self._form_page(request, await self._event(request), FormView())

    async def register(self, request: Request) -> Response:
        event = await self._event(request)
        sent = await self.form(request)
        self.knock(self.doors.registration, request)
        typed = {"name": sent.text("name"), "email": sent.text("email")}
        try:
            new = parse_new({**typed, "language": visit(request).language})
            done = await self.platform.registration.register(event.id, new)
        except (Invalid, Conflict) as error:
            view = FormView(typed)
            view.refuse(error, visit(request))
            return await self._form_page(request, event, view, error.status)
        if not done.created:
            # Anybody may type anybody's address: nothing of that person is shown, not even where they stand.
            context = {**await self._context(event), "email": done.attendee.email}
            return page(request, "event/known.html", context, language=event.language)
        return go(request, f"{event_path(event)}/registered/{self.platform.registration.join_link(done.attendee)}")

    async def _form_page(self, request: Request, event: Event, view: FormView, status: int = 200) -> Response:
        context = {**await self._context(event), "form": view}
        return page(request, "event/register.html", context, status, language=event.language)

    async def _attendee(self, request: Request, event: Event) -> Attendee:
        attendee = await self.platform.registration.by_join_link(request.path_params["token"])
        if attendee.event_id != event.id:
            raise HTTPException(404)
        return attendee

    async def show_registered(self, request: Request) -> Response:
        event = await self._event(request)
        attendee = await self._attendee(request, event)
        waiting = attendee.status is Status.WAITLISTED
        context = {
            **await self._context(event),
            "attendee": attendee,
            "status": attendee.status.value,
            "place": await self.platform.registration.waiting_place(attendee) if waiting else 0,
            "join_path": f"/j/{request.path_params['token']}",
            "join_url": self.platform.links.join(attendee),
            "cancel_path": f"{event_path(event)}/cancel/{request.path_params['token']}",
        }
        return page(request, "event/registered.html", context, language=event.language)

    async def ask_cancel(self, request: Request) -> Response:
        event = await self._event(request)
        await self._attendee(request, event)
        back = f"{event_path(event)}/registered/{request.path_params['token']}"
        return ask(request, None, event, Question.CANCEL_OWN, back=back)

    async def cancel(self, request: Request) -> Response:
        event = await self._event(request)
        await self.form(request)
        attendee = await self._attendee(request, event)
        await self.platform.registration.cancel(event.id, attendee.id)
        return page(request, "event/cancelled.html", await self._context(event), language=event.language)
