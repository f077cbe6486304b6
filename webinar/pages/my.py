"""`/j/{token}/me`: what is kept of a person, for them to see, correct, take along and delete."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Invalid
from webinar.events.model import Event
from webinar.own_data import own_data
from webinar.pages import answers
from webinar.pages.confirm import Question, ask
from webinar.pages.event_public import event_path
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, go
from webinar.pages.verify import certificate_path
from webinar.pages.visit import visit
from webinar.recordings.model import content_disposition, file_name
from webinar.registration.model import Attendee, NewAttendee, Status, parse_new
from webinar.registration.questions import TICKED
from webinar.registration.short_form import seen_as

_MOST_FIELDS = 300


class MyScreen(Screen):
    """Opened by the personal link alone, also after a cancellation: until the data is gone."""

    def routes(self) -> list[BaseRoute]:
        me = "/j/{token}/me"
        return [
            Route(me, self.show),
            Route(me, self.save, methods=["POST"]),
            Route(me + "/data.json", self.download),
            Route(me + "/delete", self.ask_delete),
            Route(me + "/delete", self.delete, methods=["POST"]),
        ]

    async def _mine(self, request: Request) -> tuple[Event, Attendee]:
        attendee = await self.person(request, cancelled_too=True)
        event = await self.platform.events.get(attendee.event_id)
        visit(request).prefer(event.language)
        return event, attendee

    async def show(self, request: Request) -> Response:
        event, attendee = await self._mine(request)
        view = FormView(
            {"name": attendee.name, "language": attendee.language, "news": TICKED if attendee.marketing_at else ""}
        )
        questions = await self.platform.registration_form.questions(event.id)
        answers.as_stored(view, questions, attendee.answers)
        return await self._page(request, event, attendee, view)

    async def _page(
        self, request: Request, event: Event, attendee: Attendee, view: FormView, status: int = 200
    ) -> Response:
        registration, form = self.platform.registration, self.platform.registration_form
        rules = await form.rules(event.id)
        questions = await form.questions(event.id)
        now_asked = {question.text for question in questions}
        context = {
            "event": event,
            "attendee": attendee,
            "seen_as": seen_as(attendee.name, attendee.number, event.language, names_shown=event.names_shown),
            "form": view,
            "rules": rules,
            "questions": questions,
            "question_labels": answers.labels(questions),
            "earlier": {text: given for text, given in attendee.answers.items() if text not in now_asked},
            "consent": await registration.consent_text(attendee),
            "destroyed_at": rules.destroyed_at,
            "place": await registration.waiting_place(attendee) if attendee.status is Status.WAITLISTED else 0,
            "me_path": f"/j/{request.path_params['token']}/me",
            "certificate_path": await certificate_path(
                self.platform, event, attendee, f"/j/{request.path_params['token']}"
            ),
            "join_path": f"/j/{request.path_params['token']}",
            "path": event_path(event),
            "brand": await self.platform.images.brand(event),
        }
        return page(request, "event/me.html", context, status, language=event.language)

    async def save(self, request: Request) -> Response:
        sent = await self.form(request, _MOST_FIELDS)
        event, attendee = await self._mine(request)
        questions = await self.platform.registration_form.questions(event.id)
        view = FormView({name: sent.text(name) for name in ("name", "language", "news")})
        answers.as_typed(view, questions, sent)
        try:
            given, problems = answers.read(questions, sent)
            new = _corrected(attendee, sent.text("name"), sent.text("language"), given)
            if problems:
                raise Invalid("Some fields need another look.", fields=problems)
        except Invalid as error:
            view.refuse(error, visit(request))
            return await self._page(request, event, attendee, view, error.status)
        now_asked = {question.text for question in questions}
        earlier = {text: answer for text, answer in attendee.answers.items() if text not in now_asked}
        await self.platform.registration.correct(
            attendee,
            name=new.name,
            answers={**earlier, **new.answers},
            language=new.language or attendee.language,
            marketing=sent.text("news") == TICKED,
        )
        return go(request, f"/j/{request.path_params['token']}/me", Notice.MY_DATA_SAVED)

    async def download(self, request: Request) -> Response:
        event, attendee = await self._mine(request)
        body = json.dumps(await own_data(self.platform, attendee), ensure_ascii=False, indent=1)
        name = file_name(event.title, f" {visit(request).t('My data')}.json")
        headers = {"Content-Disposition": content_disposition(name), "Cache-Control": "no-store"}
        return Response(body, headers=headers, media_type="application/json")

    async def ask_delete(self, request: Request) -> Response:
        event, _ = await self._mine(request)
        return ask(request, None, event, Question.FORGET_ME, back=f"/j/{request.path_params['token']}/me")

    async def delete(self, request: Request) -> Response:
        await self.form(request)
        event, attendee = await self._mine(request)
        await self.platform.forgetting.forget(attendee)
        return page(request, "event/forgotten.html", {"event": event, "path": event_path(event)})


def _corrected(attendee: Attendee, name: str, language: str, given: dict[str, str]) -> NewAttendee:
    """By the rules of a registration. Raises `Invalid`."""
    return parse_new({"name": name, "email": attendee.email, "language": language, "answers": given})
