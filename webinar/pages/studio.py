"""The studio: `/s/{token}` by the presenter's link, `/events/{id}/studio` for a signed-in host."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.api.access import StudioRole
from webinar.base.errors import Unauthenticated
from webinar.events.model import Event, EventState
from webinar.pages.render import page
from webinar.pages.room_texts import CHAT, STUDIO, translated
from webinar.pages.screen import Screen, event_id
from webinar.pages.visit import visit

MODULES: Final = (
    "js/common/boot.js",
    "js/common/toast.js",
    "js/chat/calls.js",
    "js/chat/client.js",
    "js/chat/composer.js",
    "js/chat/field.js",
    "js/chat/gate.js",
    "js/chat/line.js",
    "js/chat/list.js",
    "js/chat/log.js",
    "js/chat/message.js",
    "js/chat/names.js",
    "js/chat/outbox.js",
    "js/chat/panel.js",
    "js/chat/questions.js",
    "js/chat/rich.js",
    "js/chat/side.js",
    "js/chat/state.js",
    "js/chat/thread.js",
    "js/common/reload.js",
    "js/media/backoff.js",
    "js/media/ice.js",
    "js/media/signalling.js",
    "js/media/whip.js",
    "js/studio/air.js",
    "js/studio/api.js",
    "js/studio/bar.js",
    "js/studio/devices.js",
    "js/studio/finish.js",
    "js/studio/health.js",
    "js/studio/sound.js",
    "js/studio/sources.js",
)


class StudioScreen(Screen):
    """One page for both; only the way in and the name in the chat differ."""

    def routes(self) -> list[BaseRoute]:
        return [Route("/s/{token}", self.presenter), Route("/events/{event_id}/studio", self.of_host)]

    async def presenter(self, request: Request) -> Response:
        try:
            event = await self.platform.events.by_presenter_link(request.path_params["token"])
        except Unauthenticated:
            self.knock(self.doors.links, request)
            raise
        visit(request).prefer(event.language)
        name = visit(request).t("Speaker")
        token = self.platform.access.studio_token(event, "presenter", name=name)
        return self._page(request, event, token, "presenter")

    async def of_host(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        token = self.platform.access.studio_token(event, "host", account.id, account.name)
        return self._page(request, event, token, "host")

    def _page(self, request: Request, event: Event, token: str, role: StudioRole) -> Response:
        made = visit(request)
        boot = {
            "event": {"id": str(event.id), "title": event.title, "state": event.state.value},
            "studio_token": token,
            # By path: the page may have been opened by another name of this server than the public one.
            "whip_url": f"/whip/{event.id}",
            "stream_key": self.platform.events.stream_key(event),
            "api_base": "/api/v1",
            "role": role,
            "texts": translated(made.t, CHAT, STUDIO),
        }
        context = {
            "event": event,
            "state": "scheduled" if event.state is EventState.DRAFT else event.state.value,
            "home": f"/events/{event.id}" if role == "host" else None,
            "whip_url": self.platform.links.whip(event),
            "modules": MODULES,
            "boot": boot,
        }
        return page(request, "studio/studio.html", context)
