"""`/e/{slug}/register`: the form, and what a person who registered gets."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, FieldProblem, Forbidden, Invalid, TooManyRequests, Unavailable, WebinarError
from webinar.events.model import Event
from webinar.pages import answers
from webinar.pages.confirm import Question, ask
from webinar.pages.consent import Promise, promise
from webinar.pages.event_public import event_path, way
from webinar.pages.forms import FormView, Sent
from webinar.pages.render import page
from webinar.pages.screen import Screen, address, go
from webinar.pages.visit import visit
from webinar.people.throttle import network_of
from webinar.registration import questions as asked
from webinar.registration.model import Attendee, By, NewAttendee, Status, parse_new
from webinar.registration.questions import TICKED
from webinar.registration.rules import Rules

# Ten questions with twenty boxes each, and the rest of the form.
_MOST_FIELDS = 300


class RegisterScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/e/{slug}/register", self.show_form),
            Route("/e/{slug}/register", self.register, methods=["POST"]),
            Route("/e/{slug}/registered/{token}", self.show_registered),
            Route("/e/{slug}/cancel/{token}", self.ask_cancel),
            Route("/e/{slug}/cancel/{token}", self.cancel, methods=["POST"]),
        ]

    async def _event(self, request: Request) -> Event:
        """Raises `NotFound`. Known before anything is shown, so that even errors speak the event's language."""
        event = await self.platform.events.by_slug(request.path_params["slug"])
        visit(request).prefer(event.language)
        return event

    async def _context(self, event: Event, rules: Rules | None = None) -> dict[str, object]:
        now = datetime.now(UTC)
        rules = rules or await self.platform.registration_form.rules(event.id)
        seats = await self.platform.registration.seats(event.id)
        found = way(event, seats, rules.closes_at, now).value
        brand = await self.platform.images.brand(event)
        return {"event": event, "seats": seats, "way": found, "path": event_path(event), "now": now, "brand": brand}

    async def show_form(self, request: Request) -> Response:
        event = await self._event(request)
        rules = await self.platform.registration_form.rules(event.id)
        questions = await self.platform.registration_form.questions(event.id)
        view = FormView({"language": visit(request).language})
        return await self._form_page(request, event, rules, questions, view)

    async def register(self, request: Request) -> Response:
        event = await self._event(request)
        sent = await self.form(request, _MOST_FIELDS)
        self.knock(self.doors.registration, request, str(event.id))
        rules = await self.platform.registration_form.rules(event.id)
        questions = await self.platform.registration_form.questions(event.id)
        view = FormView({name: sent.text(name) for name in ("name", "email", "language", "passcode", "agree", "news")})
        answers.as_typed(view, questions, sent)
        promised = promise(visit(request), event, rules)
        try:
            # First of all: who does not know the passcode learns nothing of who is on the list.
            wrong = await self._passcode_problem(request, event, rules, sent)
            new = self._read(sent, questions, visit(request).language, wrong)
            consent = promised.consent(marketing=sent.text("news") == TICKED)
            self._spare(new.email)
            by = By.MAIL if self.platform.letters.on else By.PAGE
            gone = request.is_disconnected
            done = await self.platform.registration.register(event.id, new, consent=consent, by=by, gone=gone)
        except (Invalid, Conflict, Forbidden, TooManyRequests, Unavailable) as error:
            shown = _at_passcode(error)
            view.refuse(shown, visit(request))
            status = error.status if isinstance(error, TooManyRequests) else shown.status
            return await self._form_page(request, event, rules, questions, view, status, promised)
        if not done.shown:
            # Anybody may type anybody's address: nothing of that person is shown, not even where they stand.
            context = {**await self._context(event, rules), "email": done.attendee.email, "fresh": done.created}
            return page(request, "event/known.html", context, language=event.language)
        return go(request, f"{event_path(event)}/registered/{self.platform.registration.join_link(done.attendee)}")

    def _spare(self, email: str) -> None:
        """An address is not written to again and again, whoever types it. Raises `Invalid`."""
        try:
            self.doors.registered_addresses.take(email.lower(), time.monotonic())
        except TooManyRequests as error:
            words = "This address was registered very often just now. Try again in an hour."
            raise Invalid("Some fields need another look.", fields=[FieldProblem("email", words)]) from error

    async def _passcode_problem(
        self, request: Request, event: Event, rules: Rules, sent: Sent
    ) -> tuple[FieldProblem, ...]:
        """What is to be said of it beside what else is wrong. Raises `TooManyRequests`."""
        if rules.has_passcode and not sent.text("passcode"):
            return (FieldProblem("passcode", "Type the passcode."),)
        try:
            await self._check_passcode(request, event, sent)
        except Forbidden as error:
            return (FieldProblem("passcode", error.message),)
        return ()

    async def _check_passcode(self, request: Request, event: Event, sent: Sent) -> None:
        door = self.doors.passcodes
        guesser = f"{event.id} {network_of(address(request))}"
        await self.platform.registration_form.check_passcode(
            event.id,
            sent.text("passcode"),
            take=lambda: door.take(guesser, time.monotonic()),
            give_back=lambda: door.forget(guesser),
        )

    @staticmethod
    def _read(
        sent: Sent, questions: list[asked.Question], language: str, wrong: tuple[FieldProblem, ...]
    ) -> NewAttendee:
        """Raises `Invalid` with all that is wrong, `wrong` first."""
        given, problems = answers.read(questions, sent)
        fields = {"name": sent.text("name"), "email": sent.text("email"), "answers": given}
        try:
            new = parse_new({**fields, "language": sent.text("language") or language})
        except Invalid as error:
            problems = [*error.fields, *problems]
        if sent.text("agree") != TICKED:
            problems.append(FieldProblem("agree", "Tick this box to go on."))
        if wrong or problems:
            raise Invalid("Some fields need another look.", fields=[*wrong, *problems])
        return new

    async def _form_page(
        self,
        request: Request,
        event: Event,
        rules: Rules,
        questions: list[asked.Question],
        view: FormView,
        status: int = 200,
        promised: Promise | None = None,
    ) -> Response:
        context = {
            **await self._context(event, rules),
            "form": view,
            "rules": rules,
            "questions": questions,
            "question_labels": answers.labels(questions),
            "mailed": self.platform.letters.on,
            "promise": promised or promise(visit(request), event, rules),
        }
        return page(request, "event/register.html", context, status, language=event.language)

    async def _own(self, request: Request) -> tuple[Event, Attendee]:
        """By the personal link, which opens the pages of an event that was made a draft again, too."""
        attendee = await self.person(request)
        event = await self.platform.events.get(attendee.event_id)
        if event.slug != request.path_params["slug"]:
            raise HTTPException(404)
        visit(request).prefer(event.language)
        return event, attendee

    async def show_registered(self, request: Request) -> Response:
        event, attendee = await self._own(request)
        waiting = attendee.status is Status.WAITLISTED
        token = request.path_params["token"]
        context = {
            **await self._context(event),
            "attendee": attendee,
            "status": attendee.status.value,
            "place": await self.platform.registration.waiting_place(attendee) if waiting else 0,
            "join_path": f"/j/{token}",
            "join_url": self.platform.links.join(attendee),
            "cancel_path": f"{event_path(event)}/cancel/{token}",
            "mailed": self.platform.letters.on,
        }
        return page(request, "event/registered.html", context, language=event.language)

    async def ask_cancel(self, request: Request) -> Response:
        event, _ = await self._own(request)
        back = f"{event_path(event)}/registered/{request.path_params['token']}"
        return ask(request, None, event, Question.CANCEL_OWN, back=back)

    async def cancel(self, request: Request) -> Response:
        await self.form(request)
        event, attendee = await self._own(request)
        await self.platform.registration.cancel(event.id, attendee.id, by_host=False)
        context = {**await self._context(event), "me_path": f"/j/{request.path_params['token']}/me"}
        return page(request, "event/cancelled.html", context, language=event.language)


def _at_passcode(error: WebinarError) -> WebinarError:
    """What is wrong with the passcode stands beside its field."""
    if error.code not in ("wrong_passcode", TooManyRequests.code):
        return error
    return Invalid("Some fields need another look.", fields=[FieldProblem("passcode", error.message)])
