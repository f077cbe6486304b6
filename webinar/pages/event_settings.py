"""`/events/{id}/settings`: change what was planned, publish or hide it, delete it."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.fields import parse_change
from webinar.events.model import Event
from webinar.pages import event_form
from webinar.pages.confirm import Question, ask
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account, Role


class SettingsScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        event = "/events/{event_id}"
        return [
            Route(event + "/settings", self.show),
            Route(event + "/settings", self.save, methods=["POST"]),
            Route(event + "/publish", self.back),
            Route(event + "/publish", self.publish, methods=["POST"]),
            Route(event + "/hide", self.ask_hide),
            Route(event + "/hide", self.hide, methods=["POST"]),
            Route(event + "/delete", self.ask_delete),
            Route(event + "/delete", self.delete, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._page(request, account, event, event_form.of_event(event))

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        # A co-host has this event and none of the others of its series.
        following = sent.text("scope") == "following" and account.role is not Role.COHOST
        try:
            change = event_form.change(sent, event)
            if following:
                await self.platform.course.change_following(event.id, change)
                event = await self.platform.events.get(event.id)
            else:
                event = await self.platform.course.change(event.id, change)
        except (Invalid, Conflict) as error:
            view = event_form.as_typed(sent)
            view.values["scope"] = sent.text("scope")
            if isinstance(error, Invalid):
                event_form.show_problems(view, error, visit(request))
            else:
                view.refuse(error, visit(request))
            return await self._page(request, account, event, view, error.status)
        seated = (await self.platform.registration.seats(event.id)).approved
        notice, count = Notice.SERIES_CHANGED if following else Notice.EVENT_CHANGED, None
        if "capacity" in change.model_fields_set and event.capacity < seated:
            notice, count = Notice.SEATS_KEPT, seated
        elif "starts_at" in change.model_fields_set and event.started_at is None and event.ends_at <= datetime.now(UTC):
            notice = Notice.PAST_CHANGED
        return go(request, f"/events/{event.id}/settings", notice, count)

    async def _page(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200
    ) -> Response:
        series = await self.platform.copies.series(event)
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "basics",
            "series": series,
            "promised": await self.platform.events.promised(event.id),
            "later": sum(one.starts_at > event.starts_at for one in series),
            **event_form.context(view),
        }
        return page(request, "host/settings.html", context, status)

    async def back(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}")

    async def publish(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.course.change(event_id(request), parse_change({"state": "scheduled"}))
        return go(request, f"/events/{event.id}", Notice.EVENT_PUBLISHED)

    async def ask_hide(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return ask(request, account, event, Question.HIDE_EVENT, back=f"/events/{event.id}/settings")

    async def hide(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.course.change(event_id(request), parse_change({"state": "draft"}))
        return go(request, f"/events/{event.id}/settings", Notice.EVENT_HIDDEN)

    async def ask_delete(self, request: Request) -> Response:
        account = await self.keeper(request)
        event = await self.platform.events.get(event_id(request))
        return ask(request, account, event, Question.DELETE_EVENT, back=f"/events/{event.id}/settings")

    async def delete(self, request: Request) -> Response:
        await self.keeper(request)
        await self.form(request)
        await self.platform.course.delete(event_id(request))
        return go(request, "/", Notice.EVENT_DELETED)
