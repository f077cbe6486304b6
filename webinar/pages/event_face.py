"""What the outside shows of an event besides its page: its pictures, its colour, its QR code."""

from __future__ import annotations

import io
import re
from typing import Final

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import NotFound
from webinar.events import colours
from webinar.events.pictures import Kind
from webinar.pages.screen import Screen

_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_FOR_A_WHILE: Final = {"Cache-Control": "public, max-age=3600"}
_PICTURE: Final = re.compile(r"^(cover|logo|holding)-([0-9a-f]{20,64})\.(?:jpg|png)$")
_COLOUR: Final = re.compile(r"^(\d{1,4})-([0-9a-f]{6})$")
_PRINTED: Final = 24  # pixels a module: sharp on paper at the size of a hand


class EventFaceScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/brand/{name}.css", self.colour),
            Route("/e/{slug}/images/{name}", self.picture),
            Route("/e/{slug}/qr.svg", self.qr_drawn),
            Route("/e/{slug}/qr.png", self.qr_printed),
        ]

    async def colour(self, request: Request) -> Response:
        """The tokens of a colour. Of its address alone: it needs no database, and stays what it is."""
        found = _COLOUR.match(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        body = colours.stylesheet(colours.palette(found[2]))
        # A page of another version of ours gets today's rules, but must not keep them under that name.
        kept = _FOR_EVER if int(found[1]) == colours.VERSION else {"Cache-Control": "no-cache"}
        return Response(body, headers=kept, media_type="text/css")

    async def picture(self, request: Request) -> Response:
        """Known by its digest: who has it was shown it, of a draft too."""
        found = _PICTURE.match(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        try:
            image = await self.platform.images.by_digest(request.path_params["slug"], Kind(found[1]), found[2])
            data = await self.platform.images.read(image)
        except NotFound as error:
            raise HTTPException(404) from error
        return Response(data, headers=_FOR_EVER, media_type=image.type)

    async def _code(self, request: Request) -> segno.QRCode:
        event = await self.platform.events.by_slug(request.path_params["slug"])
        return segno.make_qr(self.platform.links.event(event), error="m")

    async def qr_drawn(self, request: Request) -> Response:
        out = io.BytesIO()
        # On white with a quiet zone, by day and night: cameras look for that.
        (await self._code(request)).save(out, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False)
        return Response(out.getvalue(), headers=_FOR_A_WHILE, media_type="image/svg+xml")

    async def qr_printed(self, request: Request) -> Response:
        out = io.BytesIO()
        (await self._code(request)).save(out, kind="png", scale=_PRINTED, border=4)
        headers = {**_FOR_A_WHILE, "Content-Disposition": 'attachment; filename="event-qr.png"'}
        return Response(out.getvalue(), headers=headers, media_type="image/png")
