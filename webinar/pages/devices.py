"""`/test`: whether this device is fit for watching or speaking. Nobody signs in, nothing is kept."""

from __future__ import annotations

import time
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.api.operation import read_body
from webinar.base.errors import BadRequest, Unavailable, UnsupportedMedia
from webinar.pages.device_texts import DEVICE
from webinar.pages.render import page
from webinar.pages.room_texts import translated
from webinar.pages.screen import Doors, Screen, address
from webinar.pages.visit import visit
from webinar.people.throttle import Throttle, network_of
from webinar.platform import Platform

_SDP: Final = "application/sdp"


class DevicesScreen(Screen):
    """One page for guests and, with `?who=presenter`, for speakers."""

    def __init__(self, platform: Platform, doors: Doors) -> None:
        super().__init__(platform, doors)
        # A whole conference may sit behind one address, and each tries once or twice.
        self._tries = Throttle(burst=100, refill_s=1.0)

    def routes(self) -> list[BaseRoute]:
        return [Route("/test", self.show), Route("/test/path", self.path, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        presenter = request.query_params.get("who") == "presenter"
        boot = {
            "presenter": presenter,
            "path_url": "/test/path",
            "udp_port": self.platform.settings.whep_udp_port,
            "texts": translated(visit(request).t, DEVICE),
        }
        return page(request, "devices/test.html", {"presenter": presenter, "boot": boot})

    async def path(self, request: Request) -> Response:
        """An offer in, an answer out, as WHEP has it, without a session: whether UDP comes through."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _SDP:
            raise UnsupportedMedia("Send the offer as application/sdp.")
        self._tries.take(network_of(address(request)), time.monotonic())
        live, seats = self.platform.live, self.platform.settings.whep_seats
        if live is None or seats == 0:
            raise Unavailable("WebRTC playback is switched off here.", code="no_room", retry_after_s=60)
        try:
            offer = (await read_body(request)).decode()
        except UnicodeDecodeError as error:
            raise BadRequest("The body is not SDP: it is not UTF-8.", code="bad_sdp") from error
        return Response(live.whep.try_path(offer), 201, {"Cache-Control": "no-store"}, media_type=_SDP)
