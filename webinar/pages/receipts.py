"""`/receipts`: which events were destroyed, when, and how much of what: for the host who must show it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.pages.render import page
from webinar.pages.screen import Screen
from webinar.people.model import Role

_MOST = 200


class ReceiptsScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [Route("/receipts", self.show)]

    async def show(self, request: Request) -> Response:
        """Of one's own events; the owner's page has all."""
        account = await self.host(request)
        made_by = None if account.role is Role.OWNER else account.id
        receipts = await self.platform.destruction.receipts(made_by, None, _MOST)
        return page(request, "host/receipts.html", {"account": account, "receipts": receipts})
