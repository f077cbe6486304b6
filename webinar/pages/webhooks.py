"""Webhooks of the installation and (`/events/{id}/settings/webhooks`) of one event: whom to tell, what was sent."""

from __future__ import annotations

import uuid

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Forbidden, Invalid
from webinar.events.model import Event
from webinar.hooks.model import HookType, Webhook
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account, Role

_SHOWN = 20  # messages of each


class WebhooksScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        made: list[BaseRoute] = []
        for base in ("/webhooks", "/events/{event_id}/settings/webhooks"):
            one = base + "/{webhook_id}"
            made += [
                Route(base, self.show),
                Route(base, self.make, methods=["POST"]),
                *(
                    route
                    for verb, act in (("delete", self.delete), ("enable", self.enable))
                    for route in (Route(f"{one}/{verb}", self.back), Route(f"{one}/{verb}", act, methods=["POST"]))
                ),
                Route(one + "/{delivery_id}/resend", self.back),
                Route(one + "/{delivery_id}/resend", self.resend, methods=["POST"]),
            ]
        return made

    async def _who(self, request: Request) -> tuple[Account, Event | None]:
        """Webhooks carry names and addresses away: those of all events are the owner's."""
        account = await self.keeper(request)
        if "event_id" in request.path_params:
            return account, await self.platform.events.get(event_id(request))
        if account.role is not Role.OWNER:
            raise Forbidden("Only the owner of this installation may do this.", code="owner_only")
        return account, None

    async def show(self, request: Request) -> Response:
        account, event = await self._who(request)
        return await self._page(request, account, event, FormView())

    async def back(self, request: Request) -> Response:
        """Where a form that was refused leads."""
        _, event = await self._who(request)
        return go(request, _base(event))

    async def make(self, request: Request) -> Response:
        account, event = await self._who(request)
        sent = await self.form(request)
        types = sent.many("types")
        try:
            made, secret = await self.platform.hooks.make(None if event is None else event.id, sent.text("url"), types)
        except (Invalid, Conflict) as error:
            view = FormView({"url": sent.text("url"), **{f"type-{name}": "on" for name in types}})
            view.refuse(error, visit(request))
            return await self._page(request, account, event, view, error.status)
        return await self._page(request, account, event, FormView(), fresh=(made.id, secret))

    async def delete(self, request: Request) -> Response:
        _, event = await self._who(request)
        await self.form(request)
        await self.platform.hooks.delete((await self._hook(request, event)).id)
        return go(request, _base(event), Notice.WEBHOOK_DELETED)

    async def enable(self, request: Request) -> Response:
        _, event = await self._who(request)
        await self.form(request)
        await self.platform.hooks.enable((await self._hook(request, event)).id)
        return go(request, _base(event), Notice.WEBHOOK_ENABLED)

    async def resend(self, request: Request) -> Response:
        _, event = await self._who(request)
        await self.form(request)
        hook = await self._hook(request, event)
        await self.platform.hooks.resend(hook.id, _id(request, "delivery_id"))
        return go(request, _base(event), Notice.WEBHOOK_RESENT)

    async def _hook(self, request: Request, event: Event | None) -> Webhook:
        """One of this page."""
        hook = await self.platform.hooks.get(_id(request, "webhook_id"))
        if hook.event_id != (None if event is None else event.id):
            raise HTTPException(404)
        return hook

    async def _page(
        self,
        request: Request,
        account: Account,
        event: Event | None,
        form: FormView,
        status: int = 200,
        *,
        fresh: tuple[uuid.UUID, str] | None = None,
    ) -> Response:
        hooks = await self.platform.hooks.of(None if event is None else event.id)
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "webhooks",
            "base": _base(event),
            "hooks": [(hook, await self.platform.hooks.deliveries(hook.id, _SHOWN)) for hook in hooks],
            "types": [kind.value for kind in HookType],
            "form": form,
            "fresh": fresh,
        }
        return page(request, "host/webhooks.html" if event is not None else "account/webhooks.html", context, status)


def _base(event: Event | None) -> str:
    return "/webhooks" if event is None else f"/events/{event.id}/settings/webhooks"


def _id(request: Request, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params[name])
    except ValueError as error:
        raise HTTPException(404) from error
