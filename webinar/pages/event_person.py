"""`/events/{id}/people/{attendee}`: one person, and what a host can do for them."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict
from webinar.events.model import Event
from webinar.pages.confirm import Question, ask
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, attendee_id, event_id, go, safe_next
from webinar.registration.model import Attendee, Status
from webinar.registration.people_table import asked_of

_QUESTIONS: Final = {
    "decline": Question.DECLINE_GUEST,
    "cancel": Question.CANCEL_GUEST,
    "renew": Question.RENEW_LINK,
    "forget": Question.FORGET_GUEST,
}


class PersonScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        one = "/events/{event_id}/people/{attendee_id}"
        return [
            Route(one, self.show),
            Route(one + "/approve", self.approve, methods=["POST"]),
            Route(one + "/send", self.send, methods=["POST"]),
            Route(one + "/{verb:str}", self.ask),
            Route(one + "/decline", self.decline, methods=["POST"]),
            Route(one + "/cancel", self.cancel, methods=["POST"]),
            Route(one + "/renew", self.renew, methods=["POST"]),
            Route(one + "/forget", self.forget, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event, attendee = await self._one(request)
        registration = self.platform.registration
        waiting = attendee.status is Status.WAITLISTED
        questions = await self.platform.registration_form.questions(event.id)
        kinds = {question.text: question.kind.value for question in questions}
        texts = asked_of([attendee], questions)
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "attendee": attendee,
            "answers": [(text, kinds.get(text, ""), attendee.answers.get(text, "")) for text in texts],
            "join_url": self.platform.links.join(attendee),
            "place": await registration.waiting_place(attendee) if waiting else 0,
            "consent": await registration.consent_text(attendee),
            "here": request.url.path,
            "mail_on": self.platform.letters.on,
        }
        return page(request, "host/person.html", context)

    async def _one(self, request: Request) -> tuple[Event, Attendee]:
        event = await self.platform.events.get(event_id(request))
        return event, await self.platform.registration.get(event.id, attendee_id(request))

    async def ask(self, request: Request) -> Response:
        """The question before a decision: for who has no scripts, or opens it in a tab of its own."""
        account = await self.host(request)
        event, attendee = await self._one(request)
        person = f"/events/{event.id}/people/{attendee.id}"
        question = _QUESTIONS.get(request.path_params["verb"])
        if question is None:
            return go(request, person)
        return ask(request, account, event, question, back=person, about=attendee.name)

    async def approve(self, request: Request) -> Response:
        return await self._decide(request, Status.APPROVED, Notice.GUEST_APPROVED)

    async def decline(self, request: Request) -> Response:
        return await self._decide(request, Status.DECLINED, Notice.GUEST_DECLINED)

    async def cancel(self, request: Request) -> Response:
        return await self._decide(request, Status.CANCELLED, Notice.GUEST_CANCELLED)

    async def _decide(self, request: Request, status: Status, notice: Notice) -> Response:
        await self.host(request)
        sent = await self.form(request)
        event = event_id(request)
        back = safe_next(sent.text("back"))
        back = back if back != "/" else f"/events/{event}/people"
        registration = self.platform.registration
        try:
            changed = await registration.set_status(event, attendee_id(request), status)
        except Conflict as error:
            if error.code != "full":
                raise
            return go(request, back, Notice.NO_SEAT)
        if status is Status.APPROVED and changed.status is Status.WAITLISTED:
            return go(request, back, Notice.GUEST_WAITING, await registration.waiting_place(changed))
        return go(request, back, notice)

    async def send(self, request: Request) -> Response:
        """The personal link once more, by mail."""
        await self.host(request)
        sent = await self.form(request)
        event, attendee = await self._one(request)
        back = safe_next(sent.text("back"))
        await self.platform.letters.link(event, attendee)
        notice = Notice.LINK_SENT if self.platform.letters.on else None
        return go(request, back if back != "/" else f"/events/{event.id}/people/{attendee.id}", notice)

    async def renew(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event, attendee = event_id(request), attendee_id(request)
        await self.platform.registration.renew_link(event, attendee)
        return go(request, f"/events/{event}/people/{attendee}", Notice.LINK_RENEWED)

    async def forget(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event, attendee = await self._one(request)
        await self.platform.forgetting.forget(attendee)
        return go(request, f"/events/{event.id}/people", Notice.GUEST_FORGOTTEN)
