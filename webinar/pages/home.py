"""`/`: the host's events, or for who is not signed in a calm way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.events.model import Event, EventState
from webinar.pages.render import page
from webinar.pages.screen import Screen

_PER_PAGE: Final = 50


class HomeScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [Route("/", self.show)]

    async def show(self, request: Request) -> Response:
        account = await self.account(request)
        if account is None:
            has_owner = await self.platform.people.owner() is not None
            return page(request, "account/landing.html", {"has_owner": has_owner})
        found = await self.platform.events.page(cursor=request.query_params.get("after"), limit=_PER_PAGE)
        live, upcoming, past, drafts = sort(found.items)
        context = {
            "account": account,
            "live": live,
            "upcoming": upcoming,
            "past": past,
            "drafts": drafts,
            "next": found.next,
            "now": datetime.now(UTC),
        }
        return page(request, "host/home.html", context)


def sort(events: Sequence[Event]) -> tuple[list[Event], list[Event], list[Event], list[Event]]:
    """(live, upcoming: soonest first, past: latest first, drafts)."""
    live = [e for e in events if e.state is EventState.LIVE]
    upcoming = sorted((e for e in events if e.state is EventState.SCHEDULED), key=lambda e: e.starts_at)
    past = sorted((e for e in events if e.state is EventState.ENDED), key=lambda e: e.starts_at, reverse=True)
    drafts = [e for e in events if e.state is EventState.DRAFT]
    return live, upcoming, past, drafts
