"""`/events/{id}/duplicate` and `/events/{id}/series`: the same once more, or again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, FieldProblem, Invalid
from webinar.events.copies import MOST_IN_SERIES, Rhythm, further, later
from webinar.events.fields import parse_change
from webinar.events.model import Event
from webinar.pages import zones
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account

_SHOWN: Final = 4  # dates of each rhythm, before one is chosen


class SeriesScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        event = "/events/{event_id}"
        return [
            Route(event + "/duplicate", self.show_duplicate),
            Route(event + "/duplicate", self.duplicate, methods=["POST"]),
            Route(event + "/series", self.show_series),
            Route(event + "/series", self.repeat, methods=["POST"]),
        ]

    async def show_duplicate(self, request: Request) -> Response:
        account = await self.keeper(request)
        event = await self.platform.events.get(event_id(request))
        local = event.starts_at.astimezone(ZoneInfo(event.timezone)) + timedelta(days=7)
        typed = {"title": event.title, "date": local.date().isoformat(), "start": f"{local:%H:%M}"}
        return self._duplicate(request, account, event, FormView(typed))

    async def duplicate(self, request: Request) -> Response:
        account = await self.keeper(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        typed = {name: sent.text(name) for name in ("title", "date", "start")}
        try:
            starts_at = zones.moment(typed["date"], typed["start"], event.timezone)
            if starts_at is None:
                words = "Choose a date and time with its time zone."
                raise Invalid("Some fields need another look.", fields=[FieldProblem("date", words)])
            title = parse_change({"title": " ".join(typed["title"].split())}).title or event.title
            made = await self.platform.repeating.duplicate(event.id, title, starts_at)
        except Invalid as error:
            view = FormView(typed)
            view.refuse(error, visit(request))
            for name in ("starts_at", "ends_at"):
                if name in view.problems:
                    view.problems.setdefault("date", view.problems.pop(name))
            return self._duplicate(request, account, event, view, 422)
        return go(request, f"/events/{made.id}", Notice.EVENT_DUPLICATED)

    def _duplicate(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200
    ) -> Response:
        return page(request, "host/duplicate.html", {"account": account, "event": event, "form": view}, status)

    async def show_series(self, request: Request) -> Response:
        account = await self.keeper(request)
        event = await self.platform.events.get(event_id(request))
        rhythm = _rhythm(await self.platform.copies.series(event))
        return await self._series(request, account, event, FormView({"rhythm": rhythm.value, "count": "4"}))

    async def repeat(self, request: Request) -> Response:
        account = await self.keeper(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        typed = {name: sent.text(name) for name in ("rhythm", "count")}
        count = typed["count"]
        try:
            if typed["rhythm"] not in list(Rhythm):
                words = "Choose how often."
                raise Invalid("Some fields need another look.", fields=[FieldProblem("rhythm", words)])
            number = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0
            repeating = self.platform.repeating
            make = repeating.repeat if event.series_id is None else repeating.extend
            await make(event.id, Rhythm(typed["rhythm"]), number)
        except (Invalid, Conflict) as error:
            view = FormView(typed)
            view.refuse(error, visit(request))
            return await self._series(request, account, event, view, error.status)
        notice = Notice.SERIES_MADE if event.series_id is None else Notice.SERIES_EXTENDED
        return go(request, f"/events/{event.id}/series", notice)

    async def _series(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200
    ) -> Response:
        series = await self.platform.copies.series(event)
        starts, zone, now = [one.starts_at for one in series], event.timezone, datetime.now(UTC)
        ahead = {
            rhythm.value: further(starts, zone, rhythm, _SHOWN, now)
            if starts
            else [later(event.starts_at, zone, rhythm, n) for n in range(_SHOWN)]
            for rhythm in Rhythm
        }
        context = {
            "account": account,
            "event": event,
            "events": series,
            "form": view,
            "ahead": ahead,
            "most": MOST_IN_SERIES - len(series),
        }
        return page(request, "host/series.html", context, status)


def _rhythm(series: Sequence[Event]) -> Rhythm:
    """As its last dates follow each other."""
    days = (series[-1].starts_at - series[-2].starts_at).days if len(series) > 1 else 7
    if days < 11:
        return Rhythm.WEEKLY
    return Rhythm.BIWEEKLY if days < 22 else Rhythm.MONTHLY
