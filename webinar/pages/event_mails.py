"""`/events/{id}/mails`: which letters people get, with which words, and what became of each."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import unescape
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.mail import words
from webinar.mail.compose import Composed, Logo
from webinar.mail.model import (
    LONGEST,
    MAX_SUBJECT,
    MAX_TEXT,
    SORTS,
    Choice,
    Group,
    Kind,
    Language,
    LetterState,
    Plan,
    Words,
    parse,
    unknown_places,
)
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, as_uuid, event_id, go
from webinar.pages.visit import Visit, visit

_PER_PAGE: Final = 50
_STYLE: Final = re.compile(r'\bstyle="([^"]*)"')
LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")


def _(message: str) -> str:
    return message


def in_order(event: Event) -> tuple[Language, ...]:
    """The event's own language first."""
    return (event.language, *(code for code in LANGUAGES if code != event.language))


GROUPS: Final[Mapping[Group, str]] = {
    Group.REGISTRATION: _("When people register"),
    Group.CHANGES: _("When the event changes"),
    Group.REMINDERS: _("Reminders"),
    Group.AFTERWARDS: _("Afterwards"),
}
STATES: Final[Mapping[LetterState, str]] = {
    LetterState.WAITING: _("On its way"),
    LetterState.SENT: _("Sent"),
    LetterState.FAILED: _("Failed"),
    LetterState.DROPPED: _("Not sent"),
}
# Why a letter was not sent, as `webinar.post.unwanted` says it for the log.
REASONS: Final[Mapping[str, str]] = {
    "the event was moved": _("The event was moved: a new one goes out at its time."),
    "the event is over": _("The event is over."),
    "the event is gone": _("The event is gone."),
    "the person has deleted their data": _("The person has deleted their data."),
}
UNITS: Final = (("1", _("minutes")), ("60", _("hours")), ("1440", _("days")))


class MailsScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        mails = "/events/{event_id}/mails"
        one = mails + "/{kind}"
        return [
            Route(mails, self.show),
            Route(mails + "/letters/{letter_id}/again", self.back),
            Route(mails + "/letters/{letter_id}/again", self.again, methods=["POST"]),
            Route(one, self.edit),
            Route(one, self.save, methods=["POST"]),
            Route(one + "/switch", self.back),
            Route(one + "/switch", self.switch, methods=["POST"]),
            Route(one + "/test", self.back),
            Route(one + "/test", self.test, methods=["POST"]),
            Route(one + "/preview", self.preview),
            Route(one + "/preview", self.preview_typed, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        query = request.query_params
        state = LetterState(query["state"]) if query.get("state") in set(LetterState) else None
        mail = self.platform.mail
        found = await mail.page(event.id, cursor=query.get("after"), limit=_PER_PAGE, state=state)
        counts = await mail.counts(event.id)
        plans = await mail.plans(event.id)
        context = {
            "account": account,
            "event": event,
            "tab": "mails",
            "on": self.platform.letters.on,
            "sender": self.platform.writer.sender,
            "groups": [(name, [plan for plan in plans if plan.sort.group is group]) for group, name in GROUPS.items()],
            "names": words.NAMES,
            "length": visit_length(visit(request)),
            "counts": counts,
            "totals": {one.value: sum(n for (_k, s), n in counts.items() if s is one) for one in LetterState},
            "state": "" if state is None else state.value,
            "states": STATES,
            "reasons": REASONS,
            "letters": found.items,
            "next": found.next,
            "paged": "after" in query,
        }
        return page(request, "host/mails.html", context)

    async def back(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/mails")

    async def edit(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        plan = await self._plan(event, _kind(request))
        return self._edit_page(request, event, plan, FormView(_values(plan)), account)

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        sent = await self.form(request)
        kind = _kind(request)
        try:
            await self.platform.mail.choose(event.id, kind, self._choice(kind, sent))
        except Invalid as error:
            view = FormView(dict(sent.fields))
            _refuse(view, error, kind, sent, visit(request))
            plan = await self._plan(event, kind)
            return self._edit_page(request, event, plan, view, account, error.status)
        return go(request, f"/events/{event.id}/mails/{kind.value}", Notice.MAIL_SAVED)

    async def switch(self, request: Request) -> Response:
        await self.host(request)
        sent = await self.form(request)
        kind = _kind(request)
        await self.platform.mail.choose(event_id(request), kind, Choice(enabled=sent.text("on") == "yes"))
        return go(request, f"/events/{event_id(request)}/mails#{kind.value}", Notice.MAIL_SAVED)

    async def test(self, request: Request) -> Response:
        """To the host's own address and no other: a form that mails anybody would be an open relay."""
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        sent = await self.form(request)
        kind = _kind(request)
        if not self.platform.letters.on:
            raise Conflict("No mail server is set: nothing can be sent.", code="no_mail_server")
        if not account.email:
            raise Conflict("You are here by a link, so there is no address of yours to write to.", code="no_address")
        await self.platform.mail.write_test(event.id, kind, account.email, _language(sent.text("language"), event))
        return go(request, f"/events/{event.id}/mails/{kind.value}", Notice.MAIL_TESTED)

    async def again(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.events.get(event_id(request))
        await self.platform.mail.again(event.id, as_uuid(request.path_params["letter_id"]))
        return go(request, f"/events/{event.id}/mails#letters", Notice.MAIL_AGAIN)

    async def preview(self, request: Request) -> Response:
        """The HTML as a mail program gets it, for a frame that can do nothing."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        plan = await self._plan(event, _kind(request))
        language = _language(request.query_params.get("language", ""), event)
        return framed(self.platform.writer.example(event, plan, language, await self.platform.logos.of(event)))

    async def preview_typed(self, request: Request) -> Response:
        """The same of what is in the form just now, saved or not."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        sent = await self.form(request)
        kind = _kind(request)
        language = _language(sent.text("preview"), event)
        typed = Words(
            subject=" ".join(sent.text(f"{language}.subject").split())[:MAX_SUBJECT],
            text=sent.text(f"{language}.text")[:MAX_TEXT],
        )
        plan = await self.platform.showing.of(event, Plan(kind, Choice(ko=typed, en=typed)))
        return framed(self.platform.writer.example(event, plan, language, await self.platform.logos.of(event)))

    async def _plan(self, event: Event, kind: Kind) -> Plan:
        """As a letter would be written now."""
        return await self.platform.showing.of(event, await self.platform.mail.plan(event.id, kind))

    def _choice(self, kind: Kind, sent: Sent) -> Choice:
        """What is as we have it is not kept: our words may get better."""
        fields: dict[str, object] = {}
        for language in LANGUAGES:
            ours = self.platform.writer.words(Plan(kind, Choice()), language)
            typed = (" ".join(sent.text(f"{language}.subject").split()), sent.text(f"{language}.text"))
            subject, text = ("" if mine == own else mine for mine, own in zip(typed, ours, strict=True))
            fields[language] = {"subject": subject, "text": text}
        sort = SORTS[kind]
        if sort.choosable:
            fields["enabled"] = sent.text("enabled") == "yes"
        if sort.minutes is not None:
            number, unit = sent.text("minutes"), sent.text("unit")
            whole = number.isascii() and number.isdigit() and len(number) < 6 and unit in dict(UNITS)
            fields["minutes"] = int(number) * int(unit) if whole else number
        return parse(fields)

    def _edit_page(
        self, request: Request, event: Event, plan: Plan, form: FormView, account: object, status: int = 200
    ) -> Response:
        writer = self.platform.writer
        order = in_order(event)
        for language in LANGUAGES:
            subject, text = writer.words(plan, language)
            form.values.setdefault(f"{language}.subject", subject)
            form.values.setdefault(f"{language}.text", text)
        context = {
            "account": account,
            "event": event,
            "tab": "mails",
            "on": self.platform.letters.on,
            "plan": plan,
            "kind": plan.kind.value,
            "name": words.NAMES[plan.kind],
            "places": PLACES,
            "order": order,
            "own": {code: plan.choice.words(code) for code in LANGUAGES},
            "units": UNITS,
            "longest": LONGEST.get(plan.sort.group, 0),
            "examples": {code: writer.example(event, plan, code, None) for code in LANGUAGES},
            "form": form,
        }
        return page(request, "host/mail.html", context, status)


PLACES: Final[Mapping[str, str]] = {
    "name": _("the person's name"),
    "title": _("the event's title"),
    "when": _("date and time"),
    "link": _("the link; alone on a line it becomes a button"),
    "place": _("the number on the waiting list"),
    "recording": _("whether the recording can be watched; nothing where it cannot"),
}


def framed(made: Composed) -> HTMLResponse:
    """A letter for a frame: no scripts, nothing from anywhere, and only those styles that are in it (CSP level 3).

    The logo, which travels with a letter, stands in the page itself.
    """
    styles = {hashlib.sha256(unescape(css).encode()).digest() for css in _STYLE.findall(made.html)}
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in sorted(styles))
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-hashes' {allowed}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": "no-store",
    }
    html = made.html
    if made.logo is not None:
        html = html.replace(f"cid:{Logo.CID}", f"data:image/png;base64,{base64.b64encode(made.logo.data).decode()}")
    return HTMLResponse(html, headers=headers)


def visit_length(made: Visit) -> Mapping[int, str]:
    """Minutes in words, by count; filled as it is asked."""

    class Lengths(dict[int, str]):
        def __missing__(self, minutes: int) -> str:
            number, unit = shown_minutes(minutes)
            texts = {1: made.t("%(n)s min", n=number), 60: made.t("%(n)s h", n=number)}
            return texts.get(unit) or made.t("%(n)s days", n=number)

    return Lengths()


def shown_minutes(minutes: int) -> tuple[int, int]:
    """(number, unit in minutes): 1440 → (24, 60), 2880 → (2, 1440), 90 → (90, 1)."""
    if minutes % 1440 == 0 and minutes > 1440:
        return minutes // 1440, 1440
    return (minutes // 60, 60) if minutes % 60 == 0 else (minutes, 1)


def _values(plan: Plan) -> dict[str, str]:
    number, unit = shown_minutes(plan.minutes or 0)
    return {"enabled": "yes" if plan.enabled else "", "minutes": str(number), "unit": str(unit)}


def _refuse(view: FormView, error: Invalid, kind: Kind, sent: Sent, made: Visit) -> None:
    """Words about places name them, so they are put together here."""
    view.refuse(error, made)
    for problem in error.fields:
        unknown = unknown_places(sent.text(problem.field), kind) if "." in problem.field else []
        if unknown:
            names = ", ".join("{" + name + "}" for name in unknown)
            known = ", ".join("{" + name + "}" for name in SORTS[kind].places)
            text = made.t("Nothing stands for %(names)s. There are %(known)s.", names=names, known=known)
            view.problems[problem.field] = text


def _kind(request: Request) -> Kind:
    try:
        return Kind(request.path_params["kind"])
    except ValueError as error:
        raise HTTPException(404) from error


def _language(text: str, event: Event) -> Language:
    return "ko" if text == "ko" else "en" if text == "en" else event.language
