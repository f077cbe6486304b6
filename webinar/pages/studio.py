"""The studio: `/s/{token}` by the presenter's link, `/events/{id}/studio` for a signed-in host."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.api.access import StudioRole
from webinar.base.errors import DeadLink, Unauthenticated
from webinar.events.model import Event, EventState
from webinar.events.role_model import LinkRole
from webinar.pages.audience_texts import ANNOUNCING, DOORS
from webinar.pages.render import page, renderer
from webinar.pages.room_texts import CHAT, translated
from webinar.pages.screen import Screen, event_id
from webinar.pages.studio_texts import STUDIO
from webinar.pages.visit import visit


def _(message: str) -> str:
    return message


# On the holding picture, which viewers read: in the event's language.
BACK_SOON: Final = _("Back soon")


class StudioScreen(Screen):
    """One page for both; only the way in and the name in the chat differ."""

    def routes(self) -> list[BaseRoute]:
        return [Route("/s/{token}", self.presenter), Route("/events/{event_id}/studio", self.of_host)]

    async def presenter(self, request: Request) -> Response:
        given = request.path_params["token"]
        try:
            event = await self.platform.events.by_presenter_link(given)
        except DeadLink:
            raise
        except Unauthenticated:
            return await self._by_role(request, given)
        visit(request).prefer(event.language)
        name = visit(request).t("Speaker")
        token = self.platform.access.studio_token(event, "presenter", name=name)
        return await self._page(request, event, token, "presenter")

    async def _by_role(self, request: Request, given: str) -> Response:
        """By a speaker's own link."""
        try:
            link = await self.platform.roles.by_token(given, LinkRole.PRESENTER)
        except Unauthenticated as error:
            self.wrong_link(request, error)
            raise
        event = await self.platform.events.get(link.event_id)
        visit(request).prefer(event.language)
        token, key = self.platform.access.role_token(link), self.platform.roles.stream_key(link.id)
        return await self._page(request, event, token, "presenter", key)

    async def of_host(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        token, key = await self.stage_pass(event, account)
        return await self._page(request, event, token, "host", key)

    async def _page(self, request: Request, event: Event, token: str, role: StudioRole, key: str = "") -> Response:
        made = visit(request)
        boot = {
            "event": {"id": str(event.id), "title": event.title, "state": event.state.value},
            "studio_token": token,
            # By path: the page may have been opened by another name of this server than the public one.
            "whip_url": f"/whip/{event.id}",
            "stream_key": key or self.platform.events.stream_key(event),
            "api_base": "/api/v1",
            "role": role,
            "program": await self._program(request, event),
            "texts": translated(made.t, CHAT, STUDIO, DOORS, ANNOUNCING),
        }
        context = {
            "event": event,
            "state": "scheduled" if event.state is EventState.DRAFT else event.state.value,
            "home": f"/events/{event.id}" if role == "host" else None,
            "whip_url": self.platform.links.whip(event),
            "backstage": True,
            "boot": boot,
        }
        return page(request, "studio/studio.html", context)

    async def _program(self, request: Request, event: Event) -> dict[str, object]:
        """What the studio paints: as large as the best quality that is made of it, in the event's colours."""
        brand = await self.platform.images.brand(event)
        tall = 1080 if "1080p" in self.platform.settings.ladder else 720
        return {
            "width": tall * 16 // 9,
            "height": tall,
            "accent": brand.accent,
            "words": renderer(request).catalogues[event.language].gettext(BACK_SOON),
            "holding": "" if brand.holding is None else brand.path(brand.holding),
        }
