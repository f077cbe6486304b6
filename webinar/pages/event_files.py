"""`/events/{id}/settings/files`: what the host hands out; `/j/{token}/files`: what a guest takes of it."""

from __future__ import annotations

import uuid
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from webinar.base import times
from webinar.base.errors import FieldProblem, Invalid
from webinar.events.handouts import ENDINGS, MOST_FILES, Handout
from webinar.events.handouts import MOST_BYTES as MOST_OF_A_FILE
from webinar.events.model import Event
from webinar.pages.forms import FormView, TooLarge
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, as_uuid, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.recordings.model import content_disposition


def _(message: str) -> str:
    return message


_TOO_LARGE: Final = _(
    "It is larger than 25 MB. Save it as a PDF with smaller pictures, or split it, and add the parts."
)
_NO_STORE: Final = {"Cache-Control": "private, no-store"}


class FilesScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        path = "/events/{event_id}/settings/files"
        return [
            Route(path, self.show),
            Route(path, self.add, methods=["POST"]),
            Route(path + "/{file_id}", self.download),
            Route(path + "/{file_id}/remove", self.to_all),
            Route(path + "/{file_id}/remove", self.remove, methods=["POST"]),
            Route("/j/{token}/files", self.listed),
            Route("/j/{token}/files/{file_id}", self.taken),
        ]

    # The host

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._page(request, account, event, FormView())

    async def add(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        refused, one_of_many = "", "application/json" in request.headers.get("accept", "")
        try:
            upload = await self.upload(request, MOST_OF_A_FILE)
            if not upload.name:
                raise Invalid("Some fields need another look.", fields=[FieldProblem("file", "Choose a file.")])
            refused = upload.name
            await self.platform.handouts.add(event.id, upload.name, upload.data)
        except (Invalid, TooLarge) as error:
            view = FormView()
            view.refuse(error, visit(request))
            if isinstance(error, TooLarge):
                view.problems["file"], refused = visit(request).t(_TOO_LARGE), error.name
            if one_of_many:
                message = view.problem("file") or view.message
                return JSONResponse({"message": message}, error.status, headers=_NO_STORE)
            return await self._page(request, account, event, view, error.status, refused)
        if one_of_many:  # by `js/host/files.js`, whose page is loaded again after the last one
            visit(request).leave_notice(Notice.EVENT_CHANGED)
            return Response(status_code=204, headers=_NO_STORE)
        return go(request, f"/events/{event.id}/settings/files", Notice.EVENT_CHANGED)

    async def download(self, request: Request) -> Response:
        await self.host(request)
        return await self._sent(await self._handout(request, event_id(request)))

    async def to_all(self, request: Request) -> Response:
        """Where "Open the page again" leads after a refused removal."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/settings/files")

    async def remove(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = event_id(request)
        await self.platform.handouts.remove(event, as_uuid(request.path_params["file_id"]))
        return go(request, f"/events/{event}/settings/files", Notice.EVENT_CHANGED)

    async def _page(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200, refused: str = ""
    ) -> Response:
        """`refused`: the name of the file that the form speaks of."""
        files = await self.platform.handouts.all(event.id)
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "files",
            "form": view,
            "refused": refused,
            "files": files,
            "most": MOST_OF_A_FILE,
            "too_large": _TOO_LARGE,
            "full": len(files) >= MOST_FILES,
            "accept": ",".join(f".{ending}" for ending in sorted(ENDINGS)),
        }
        return page(request, "host/files.html", context, status)

    # Guests

    async def listed(self, request: Request) -> Response:
        """For `js/chat/files.js`."""
        guest = await self.guest(request)
        here = f"/j/{request.path_params['token']}/files"
        items = [
            {"id": str(one.id), "name": one.name, "size": times.size(one.bytes), "url": f"{here}/{one.id}"}
            for one in await self.platform.handouts.all(guest.event_id)
        ]
        return JSONResponse({"items": items}, headers=_NO_STORE)

    async def taken(self, request: Request) -> Response:
        guest = await self.guest(request)
        return await self._sent(await self._handout(request, guest.event_id))

    async def _handout(self, request: Request, event: uuid.UUID) -> Handout:
        return await self.platform.handouts.get(event, as_uuid(request.path_params["file_id"]))

    async def _sent(self, file: Handout) -> Response:
        """To be saved: whatever is in it, no browser shows it as a page of ours. Raises `NotFound`, `Unavailable`."""
        size = await self.platform.storage.size(file.key)
        headers = {
            **_NO_STORE,
            "Content-Disposition": content_disposition(file.name),
            "Content-Length": str(size),
            "X-Content-Type-Options": "nosniff",
        }
        pieces = self.platform.storage.read_range(file.key, 0, size)
        return StreamingResponse(pieces, headers=headers, media_type="application/octet-stream")
