"""`/events/new`: from a title and a date to a link to share."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Invalid
from webinar.pages import event_form
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, go
from webinar.pages.visit import visit
from webinar.people.model import Account


class NewEventScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [Route("/events/new", self.show), Route("/events/new", self.create, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        return self._page(request, account, event_form.blank(visit(request).language, datetime.now(UTC)))

    async def create(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        try:
            event = await self.platform.events.create(event_form.new_event(sent))
            await self.platform.roles.give_to(event.id, account.id)
        except Invalid as error:
            view = event_form.as_typed(sent)
            event_form.show_problems(view, error, visit(request))
            return self._page(request, account, view, 422)
        over = event.ends_at <= datetime.now(UTC)
        return go(request, f"/events/{event.id}", Notice.PAST_CREATED if over else Notice.EVENT_CREATED)

    def _page(self, request: Request, account: Account, view: FormView, status: int = 200) -> Response:
        context = {"account": account, "event": None, **event_form.context(view)}
        return page(request, "host/new.html", context, status)
