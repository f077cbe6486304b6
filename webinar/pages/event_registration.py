"""`/events/{id}/registration`: what the form asks, who is let in, what is promised about people's data."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, FieldProblem, Invalid
from webinar.events.model import Event
from webinar.pages import zones
from webinar.pages.consent import promise
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, as_uuid, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.registration.questions import MOST_QUESTIONS, TICKED, Kind, NewQuestion, Question, parse_question
from webinar.registration.rules import Rules, RulesChange, parse_change

_RULES: Final = ("domains", "others", "passcode", "no_passcode", "closes_date", "closes_time", "keeper", "marketing")
_QUESTION: Final = ("text", "kind", "options", "required")


def _(message: str) -> str:
    return message


KINDS: Final = {
    Kind.TEXT: _("A line of text"),
    Kind.LONG: _("A longer text"),
    Kind.SINGLE: _("One of several choices"),
    Kind.SEVERAL: _("Any of several choices"),
    Kind.CHECKBOX: _("A box to tick"),
}


class RegistrationScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        top = "/events/{event_id}/registration"
        one = top + "/questions/{question_id}"
        return [
            Route(top, self.show),
            Route(top, self.save, methods=["POST"]),
            Route(top + "/questions", self.back),
            Route(top + "/questions", self.add, methods=["POST"]),
            Route(one, self.back),
            Route(one + "/{verb:str}", self.back),
            Route(one, self.change, methods=["POST"]),
            Route(one + "/up", self.up, methods=["POST"]),
            Route(one + "/down", self.down, methods=["POST"]),
            Route(one + "/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        rules = await self.platform.registration_form.rules(event.id)
        return await self._page(request, account, event, rules, _of_rules(rules, event))

    async def _page(
        self,
        request: Request,
        account: Account,
        event: Event,
        rules: Rules,
        view: FormView,
        status: int = 200,
        *,
        question: FormView | None = None,
        editing: uuid.UUID | None = None,
    ) -> Response:
        """`question`: what was typed into the form of the question `editing`, or of a new one."""
        questions = await self.platform.registration_form.questions(event.id)
        fresh = FormView({"kind": Kind.TEXT.value})
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "part": "form",
            "form": view,
            "rules": rules,
            "questions": [
                (one, question if question and one.id == editing else _of_question(one), one.id == editing)
                for one in questions
            ],
            "new": question if question and editing is None else fresh,
            "room": len(questions) < MOST_QUESTIONS,
            "kinds": {kind.value: text for kind, text in KINDS.items()},
            "promise": promise(visit(request), event, rules),
            "destroyed_at": rules.destroyed_at,
            "event_url": self.platform.links.event(event),
            "mail_on": self.platform.letters.on,
        }
        return page(request, "host/registration.html", context, status)

    async def back(self, request: Request) -> Response:
        """Who opens the address of a form gets the page it stands on."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/registration")

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        try:
            change = _change(sent, event)
            _check_closing(change, await self.platform.registration_form.rules(event.id))
            await self.platform.registration_form.change(event.id, change)
        except (Invalid, Conflict) as error:
            rules = await self.platform.registration_form.rules(event.id)
            view = FormView({name: sent.text(name) for name in (*_RULES, "retention_days")})
            if error.code == "retention_promised":
                error = Invalid(error.message, fields=[FieldProblem("retention_days", error.message)])
            view.refuse(error, visit(request))
            return await self._page(request, account, event, rules, view, error.status)
        return go(request, f"/events/{event.id}/registration", Notice.RULES_SAVED)

    # -- questions -----------------------------------------------------------------------------------------------

    async def add(self, request: Request) -> Response:
        return await self._put(request, None, Notice.QUESTION_ADDED)

    async def change(self, request: Request) -> Response:
        return await self._put(request, _question_id(request), Notice.QUESTION_CHANGED)

    async def _put(self, request: Request, question_id: uuid.UUID | None, notice: Notice) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        form = self.platform.registration_form
        try:
            new = _question(sent)
            if question_id is None:
                await form.add_question(event.id, new)
            else:
                await form.change_question(event.id, question_id, new)
        except (Invalid, Conflict) as error:
            typed = FormView({name: sent.text(name) for name in _QUESTION})
            typed.refuse(error, visit(request))
            rules = await form.rules(event.id)
            view = _of_rules(rules, event)
            return await self._page(
                request, account, event, rules, view, error.status, question=typed, editing=question_id
            )
        return go(request, f"/events/{event.id}/registration#questions", notice)

    async def up(self, request: Request) -> Response:
        return await self._move(request, -1)

    async def down(self, request: Request) -> Response:
        return await self._move(request, 1)

    async def _move(self, request: Request, by: int) -> Response:
        await self.host(request)
        await self.form(request)
        event = event_id(request)
        await self.platform.registration_form.move_question(event, _question_id(request), by)
        return go(request, f"/events/{event}/registration#questions")

    async def remove(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = event_id(request)
        await self.platform.registration_form.remove_question(event, _question_id(request))
        return go(request, f"/events/{event}/registration#questions", Notice.QUESTION_REMOVED)


def _question_id(request: Request) -> uuid.UUID:
    return as_uuid(request.path_params["question_id"])


def _question(sent: Sent) -> NewQuestion:
    fields: dict[str, object] = {name: sent.text(name) for name in ("text", "kind", "options")}
    return parse_question({**fields, "required": sent.text("required") == TICKED})


def _of_question(question: Question) -> FormView:
    return FormView(
        {
            "text": question.text,
            "kind": question.kind.value,
            "options": "\n".join(question.options),
            "required": TICKED if question.required else "",
        }
    )


def _of_rules(rules: Rules, event: Event) -> FormView:
    closes = rules.closes_at.astimezone(ZoneInfo(event.timezone)) if rules.closes_at else None
    return FormView(
        {
            "domains": "\n".join(rules.domains),
            "others": rules.others,
            "closes_date": closes.date().isoformat() if closes else "",
            "closes_time": f"{closes:%H:%M}" if closes else "",
            "keeper": rules.keeper,
            "marketing": TICKED if rules.marketing else "",
            "retention_days": str(rules.retention_days),
        }
    )


def _check_closing(change: RulesChange, before: Rules) -> None:
    """Raises `Invalid` for a moment that is over; one that was set before may stay."""
    if change.closes_at is None or change.closes_at > datetime.now(UTC):
        return
    if before.closes_at is None or change.closes_at != before.closes_at.replace(second=0, microsecond=0):
        problem = FieldProblem("closes_at", "This moment is over. Choose a later one.")
        raise Invalid("Some fields need another look.", fields=[problem])


def _change(sent: Sent, event: Event) -> RulesChange:
    """What the form says. An empty passcode leaves the one that is. Raises `Invalid`."""
    fields: dict[str, object] = {
        "domains": sent.text("domains"),
        "others": sent.text("others"),
        "keeper": " ".join(sent.text("keeper").split()),
        "marketing": sent.text("marketing") == TICKED,
        "retention_days": sent.text("retention_days"),
        "closes_at": None,
    }
    day, clock = sent.text("closes_date"), sent.text("closes_time")
    if day or clock:
        moment = zones.moment(day, clock or "00:00", event.timezone)
        fields["closes_at"] = moment if moment is not None else ""
    if sent.text("no_passcode") == TICKED:
        fields["passcode"] = None
    elif sent.text("passcode"):
        fields["passcode"] = sent.text("passcode")
    return parse_change(fields)
