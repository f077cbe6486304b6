"""`/events/{id}/settings/look`: cover, logo, holding picture and colour."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events import colours
from webinar.events.fields import parse_change
from webinar.events.model import Event
from webinar.events.pictures import MAX_BYTES, Kind
from webinar.pages.forms import FormView, TooLarge
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account


class LookScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        path = "/events/{event_id}/settings/look"
        return [
            Route(path, self.show),
            Route(path, self.save_colour, methods=["POST"]),
            Route(path + "/colour.json", self.try_colour),
            Route(path + "/{kind}", self.back),
            Route(path + "/{kind}", self.put, methods=["POST"]),
            Route(path + "/{kind}/remove", self.back),
            Route(path + "/{kind}/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._page(request, account, event, FormView({"accent": event.accent or colours.OWN}))

    async def save_colour(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        wanted = "" if sent.text("own") == "no" else sent.text("accent").lower()
        try:
            await self.platform.course.change(event.id, parse_change({"accent": wanted}))
        except (Invalid, Conflict) as error:
            view = FormView({"accent": sent.text("accent")})
            view.refuse(error, visit(request))
            return await self._page(request, account, event, view, error.status)
        return go(request, f"/events/{event.id}/settings/look", Notice.EVENT_CHANGED)

    async def try_colour(self, request: Request) -> Response:
        """What the pages make of a colour, for the preview: the one place that knows is the server."""
        await self.host(request)
        try:
            found = colours.palette(request.query_params.get("accent", ""))
        except ValueError as error:
            raise HTTPException(404) from error
        tokens = {
            theme: {
                "accent": made.accent,
                "accent-strong": made.strong,
                "accent-ink": made.ink,
                "accent-soft": made.soft,
            }
            for theme, made in (("light", found.light), ("dark", found.dark))
        }
        body = {"tokens": tokens, "contrast": round(found.contrast, 1), "kept": found.kept}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def back(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/settings/look")

    async def put(self, request: Request) -> Response:
        account = await self.host(request)
        try:
            upload = await self.upload(request, MAX_BYTES)
            kind = _kind(request)
            await self.platform.images.put(event_id(request), kind, upload.data)
        except (Invalid, TooLarge) as error:
            kind = _kind(request)
            event = await self.platform.events.get(event_id(request))
            view = FormView({"accent": event.accent or colours.OWN})
            view.problems[kind.value] = visit(request).t(error.message)
            return await self._page(request, account, event, view, error.status)
        return go(request, f"/events/{event_id(request)}/settings/look#{kind}", Notice.EVENT_CHANGED)

    async def remove(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        kind = _kind(request)
        event = await self.platform.events.get(event_id(request))
        await self.platform.images.remove(event.id, kind)
        return go(request, f"/events/{event.id}/settings/look#{kind}", Notice.EVENT_CHANGED)

    async def _page(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200
    ) -> Response:
        brand = await self.platform.images.brand(event)
        wanted = colours.parse(view.value("accent"))
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "look",
            "form": view,
            "brand": brand,
            "palette": colours.palette(colours.OWN if wanted is None else wanted.hex),
            "readable": colours.READABLE,
        }
        return page(request, "host/look.html", context, status)


def _kind(request: Request) -> Kind:
    try:
        return Kind(request.path_params["kind"])
    except ValueError as error:
        raise HTTPException(404) from error
