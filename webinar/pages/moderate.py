"""The moderators' console: `/m/{token}` by their link, `/events/{id}/moderate` for a signed-in host."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, DeadLink, Invalid, Unauthenticated
from webinar.events.model import Event, EventState, Moderator
from webinar.events.role_model import LinkRole
from webinar.pages.audience_texts import DOORS
from webinar.pages.forms import FormView
from webinar.pages.moderate_texts import CONSOLE
from webinar.pages.render import page
from webinar.pages.room_texts import translated
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit

# As long as an event and its preparation; the link is asked for anew on every visit anyway.
_KNOWN_FOR: Final = timedelta(days=30)


class ModerateScreen(Screen):
    """One page for both; a moderator by link says their name once a browser."""

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/m/{token}", self.by_link),
            Route("/m/{token}", self.come, methods=["POST"]),
            Route("/events/{event_id}/moderate", self.of_host),
        ]

    async def by_link(self, request: Request) -> Response:
        try:
            event = await self.platform.moderators.event_of(request.path_params["token"])
        except DeadLink:
            raise
        except Unauthenticated:
            return await self._by_role(request)
        visit(request).prefer(event.language)
        moderator = await self._known(request, event)
        if moderator is None:
            return self._ask_name(request, event, FormView())
        token = self.platform.access.console_token(moderator)
        return await self._console(request, event, token, moderator.name)

    async def _by_role(self, request: Request) -> Response:
        """By a moderator's own link, which has their name."""
        try:
            link = await self.platform.roles.by_token(request.path_params["token"], LinkRole.MODERATOR)
        except Unauthenticated as error:
            self.wrong_link(request, error)
            raise
        event = await self.platform.events.get(link.event_id)
        visit(request).prefer(event.language)
        return await self._console(request, event, self.platform.access.role_token(link), link.name)

    async def come(self, request: Request) -> Response:
        """The name, said once; the browser is remembered."""
        sent = await self.form(request)
        event = await self._event(request)
        try:
            moderator = await self.platform.moderators.admit(event, sent.text("name"))
        except (Invalid, Conflict) as error:
            view = FormView({"name": sent.text("name")})
            view.refuse(error, visit(request))
            return self._ask_name(request, event, view, error.status)
        remembered = self.platform.access.console_token(moderator, _KNOWN_FOR)
        visit(request).cookies.set(_cookie(event.id), remembered, max_age_s=int(_KNOWN_FOR.total_seconds()))
        return go(request, request.url.path)

    async def of_host(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        token, _ = await self.stage_pass(event, account)
        return await self._console(request, event, token, account.name, home=f"/events/{event.id}")

    async def _event(self, request: Request) -> Event:
        try:
            event = await self.platform.moderators.event_of(request.path_params["token"])
        except Unauthenticated as error:
            self.wrong_link(request, error)
            raise
        visit(request).prefer(event.language)
        return event

    async def _known(self, request: Request, event: Event) -> Moderator | None:
        moderator_id = self.platform.access.moderator(request.cookies.get(_cookie(event.id), ""), event.id)
        return None if moderator_id is None else await self.platform.moderators.find(moderator_id)

    def _ask_name(self, request: Request, event: Event, form: FormView, status: int = 200) -> Response:
        return page(request, "moderate/name.html", {"event": event, "form": form}, status)

    async def _console(
        self, request: Request, event: Event, token: str, name: str, home: str | None = None
    ) -> Response:
        prefix = (await self.platform.stage.scene(event.id)).hls_prefix
        boot = {
            "event": {"id": str(event.id), "title": event.title, "state": event.state.value},
            "hls_url": None if prefix is None else f"/hls/{prefix}/index.m3u8",
            "token": token,
            "api_base": "/api/v1",
            "name": name,
            "texts": translated(visit(request).t, CONSOLE, DOORS),
        }
        context = {
            "event": event,
            "live": event.state is EventState.LIVE,
            "home": home,
            "boot": boot,
        }
        return page(request, "moderate/console.html", context)


def _cookie(event: uuid.UUID) -> str:
    """One an event: who moderates two of them is asked twice, and is one person in each."""
    return f"wb_moderator_{event.hex}"
