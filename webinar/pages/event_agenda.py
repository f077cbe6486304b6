"""`/events/{id}/settings/agenda` and `…/speakers`: what happens when, and who speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Invalid
from webinar.events.model import Event
from webinar.events.plan.model import MOST_ITEMS, MOST_SPEAKERS, NewSpeaker, Speaker
from webinar.pages import agenda_form, rows
from webinar.pages.agenda_form import SHOWN_AT, Missed
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.rows import Done, Row
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account


class AgendaScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        path = "/events/{event_id}/settings/agenda"
        return [Route(path, self.show), Route(path, self.save, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        typed = agenda_form.of_items(await self.platform.events.agenda(event.id), event)
        return self._page(request, account, event, typed)

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request, agenda_form.MOST_FIELDS)
        event = await self.platform.events.get(event_id(request))
        typed, done = agenda_form.of_sent(sent), rows.asked(sent)
        if done.verb == "paste":
            kept = rows.filled(typed, ("title", "speakers", "note"))
            found = agenda_form.pasted(sent.text("lines"), event, MOST_ITEMS - len(kept))
            return self._page(request, account, event, [*kept, *found.rows], done, missed=found.missed)
        if done.verb != "save":
            return self._page(request, account, event, agenda_form.arranged(typed, done, event), done)
        kept = rows.filled(typed, ("title", "speakers", "note"))
        try:
            await self.platform.plans.set_agenda(event.id, agenda_form.new_items(kept, event))
        except Invalid as error:
            view = rows.view(kept, agenda_form.NAME)
            rows.show_problems(view, agenda_form.NAME, error, visit(request), SHOWN_AT)
            return self._page(request, account, event, kept, view=view, status=422)
        return go(request, f"/events/{event.id}/settings/agenda", Notice.EVENT_CHANGED)

    def _page(
        self,
        request: Request,
        account: Account,
        event: Event,
        typed: list[Row],
        done: Done | None = None,
        view: FormView | None = None,
        status: int = 200,
        missed: Sequence[Missed] = (),
    ) -> Response:
        shown = typed or [agenda_form.blank([], event)]
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "agenda",
            "form": view or rows.view(shown, agenda_form.NAME),
            "rows": shown,
            "fresh": not typed,
            "days": agenda_form.days(event),
            "done": done,
            "most": MOST_ITEMS,
            "beyond": agenda_form.beyond(shown, event),
            "overhang": agenda_form.overhang(shown, event),
            "missed": missed,
        }
        return page(request, "host/agenda.html", context, status)


_SPEAKER: Final = ("id", "name", "role", "about")
_SPEAKER_WORDS: Final = {
    "name": "Write the name in one line of at most 120 characters.",
    "role": "Write one line of at most 200 characters.",
    "about": "Write at most 2,000 characters.",
}


class SpeakersScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        path = "/events/{event_id}/settings/speakers"
        return [Route(path, self.show), Route(path, self.save, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return self._page(request, account, event, _written(await self.platform.events.speakers(event.id)))

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request, MOST_SPEAKERS * len(_SPEAKER) + 10)
        event = await self.platform.events.get(event_id(request))
        typed, done = rows.read(sent, "speaker", _SPEAKER, MOST_SPEAKERS), rows.asked(sent)
        if done.verb == rows.ADD:
            return self._page(request, account, event, [*typed, dict.fromkeys(_SPEAKER, "")][:MOST_SPEAKERS], done)
        if done.verb != "save":
            return self._page(request, account, event, rows.moved(typed, done), done)
        kept = rows.filled(typed, _SPEAKER[1:])
        try:
            await self.platform.plans.set_speakers(event.id, _new_speakers(kept))
        except Invalid as error:
            view = rows.view(kept, "speaker")
            rows.show_problems(view, "speaker", error, visit(request))
            return self._page(request, account, event, kept, view=view, status=422)
        return go(request, f"/events/{event.id}/settings/speakers", Notice.EVENT_CHANGED)

    def _page(
        self,
        request: Request,
        account: Account,
        event: Event,
        typed: list[Row],
        done: Done | None = None,
        view: FormView | None = None,
        status: int = 200,
    ) -> Response:
        shown = typed or [dict.fromkeys(_SPEAKER, "")]
        context = {
            "account": account,
            "event": event,
            "tab": "settings",
            "section": "speakers",
            "form": view or rows.view(shown, "speaker"),
            "rows": shown,
            "fresh": not typed,
            "done": done,
            "most": MOST_SPEAKERS,
        }
        return page(request, "host/speakers.html", context, status)


def _written(speakers: list[Speaker]) -> list[Row]:
    return [{"id": str(one.id), "name": one.name, "role": one.role, "about": one.about} for one in speakers]


def _new_speakers(typed: list[Row]) -> list[NewSpeaker]:
    """Raises `Invalid`, its fields named `items.<n>.<field>`."""
    written = [
        {
            "id": agenda_form.known_id(row["id"]),
            "name": " ".join(row["name"].split()),
            "role": " ".join(row["role"].split()),
            "about": row["about"],
        }
        for row in typed
    ]
    return rows.made(NewSpeaker, written, _SPEAKER_WORDS)
