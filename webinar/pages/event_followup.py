"""`/events/{id}/report/followup`: who gets which follow-up letter and what it looks like; then it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.events.model import EventState
from webinar.mail.model import Kind
from webinar.mail.readers import Standing
from webinar.pages.event_mails import in_order
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go


def _(message: str) -> str:
    return message


GROUPS: Final[Mapping[Kind, str]] = {Kind.THANKS: _("Those who came"), Kind.MISSED: _("Those who did not come")}
STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.HAS: _("Has it already"),
    Standing.STOPPED: _("Wants no such mails"),
}


class FollowupScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        followup = "/events/{event_id}/report/followup"
        return [Route(followup, self.show), Route(followup, self.send, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        context = {
            "account": account,
            "event": event,
            "tab": "report",
            "part": "report",
            "on": self.platform.letters.on,
            "over": event.state is EventState.ENDED,
            "groups": await self.platform.followups.groups(event, in_order(event)),
            "names": GROUPS,
            "standings": STANDINGS,
        }
        return page(request, "host/followup.html", context)

    async def send(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.events.get(event_id(request))
        if event.state is not EventState.ENDED:
            raise HTTPException(409)
        sent = await self.platform.letters.followup(event)
        notice = Notice.FOLLOWUP_SENT if sent else Notice.FOLLOWUP_KNOWN
        return go(request, f"/events/{event.id}/report", notice, sent or None)
