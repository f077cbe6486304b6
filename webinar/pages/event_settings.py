"""`/events/{id}/settings`: change what was planned, or delete it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.pages import event_form
from webinar.pages.confirm import Question, ask
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account


class SettingsScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/events/{event_id}/settings", self.show),
            Route("/events/{event_id}/settings", self.save, methods=["POST"]),
            Route("/events/{event_id}/delete", self.ask_delete),
            Route("/events/{event_id}/delete", self.delete, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return self._page(request, account, event, event_form.of_event(event))

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        try:
            await self.platform.change_event(event.id, event_form.change(sent, event))
        except (Invalid, Conflict) as error:
            view = event_form.as_typed(sent)
            if isinstance(error, Invalid):
                event_form.show_problems(view, error, visit(request))
            else:
                view.refuse(error, visit(request))
            return self._page(request, account, event, view, error.status)
        return go(request, f"/events/{event.id}/settings", Notice.EVENT_CHANGED)

    def _page(self, request: Request, account: Account, event: Event, view: FormView, status: int = 200) -> Response:
        context = {"account": account, "event": event, "tab": "settings", **event_form.context(view)}
        return page(request, "host/settings.html", context, status)

    async def ask_delete(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return ask(request, account, event, Question.DELETE_EVENT, back=f"/events/{event.id}/settings")

    async def delete(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        await self.platform.delete_event(event_id(request))
        return go(request, "/", Notice.EVENT_DELETED)
