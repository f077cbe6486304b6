"""`/events/{id}/certificates`: what they say, who gets one, taking one back; downloads that prove attendance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from webinar.api.records import CSV, JSON, PDF, XLSX, ZIP, named, streamed
from webinar.base.errors import FieldProblem, Invalid
from webinar.certificates import Candidate, Standing, unprintable
from webinar.credits.certificate import State, Terms, TermsChange
from webinar.events.model import Event, EventState
from webinar.pages.confirm import Question, ask
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.paging import paged
from webinar.pages.render import page, renderer
from webinar.pages.screen import Screen, as_uuid, attendee_id, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.report import open_until

_PER_PAGE: Final = 100
_LONGEST: Final = 100
_TERMS: Final = ("heading", "issuer", "signer", "credits", "prefix")


def _(message: str) -> str:
    return message


STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.READY: _("Ready to issue"),
    Standing.ISSUED: _("Issued"),
    Standing.CHANGED: _("Changed since"),
    Standing.REVOKED: _("Taken back"),
    Standing.NOT_MET: _("Rule not met"),
    Standing.OPEN: _("Still open"),
}
_WRONG: Final = {
    "prefix": _("Use at most 20 letters, digits and . _ / - without spaces."),
}
_HEADING: Final = _("Certificate of attendance")
_WRONG_LINE: Final = _("Write at most 100 characters in one line.")


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list. `unknown`: letters of the name that cannot be printed."""

    candidate: Candidate
    unknown: str


class CertificatesScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        event = "/events/{event_id}"
        all_, one = f"{event}/certificates", f"{event}/certificates/{{certificate_id}}"
        return [
            Route(f"{event}/attendance.{{kind}}", self.table),
            Route(f"{all_}.zip", self.archive),
            Route(all_, self.show),
            Route(all_, self.save, methods=["POST"]),
            Route(f"{all_}/sample.pdf", self.sample),
            Route(f"{all_}/issue", self.ask_issue),
            Route(f"{all_}/issue", self.issue, methods=["POST"]),
            Route(f"{all_}/people/{{attendee_id}}", self.back),
            Route(f"{all_}/people/{{attendee_id}}", self.issue_one, methods=["POST"]),
            Route(f"{one}.pdf", self.pdf),
            Route(f"{one}/revoke", self.ask_revoke),
            Route(f"{one}/revoke", self.revoke, methods=["POST"]),
        ]

    # -- downloads -----------------------------------------------------------------------------------------------

    async def table(self, request: Request) -> Response:
        """`attendance.csv`, `.xlsx` in the reader's language; `.json`; `.bundle`, which is a .zip."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        records, made = self.platform.records, visit(request)
        word = made.t("Attendance")
        match request.path_params["kind"]:
            case "csv":
                headers = named(event.title, f" {word}.csv")
                return StreamingResponse(
                    records.csv(event, made.language), headers=headers, media_type=f"{CSV}; charset=utf-8"
                )
            case "json":
                return StreamingResponse(
                    records.json(event), headers=named(event.title, f" {word}.json"), media_type=JSON
                )
            case "xlsx":
                book = await records.xlsx(event, made.language)
                return streamed(book, XLSX, named(event.title, f" {word}.xlsx"))
            case "bundle":
                return streamed(await records.bundle(event), ZIP, named(event.title, f" {word}.zip"))
        raise HTTPException(404)

    async def archive(self, request: Request) -> Response:
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        name = named(event.title, f" {visit(request).t('Certificates')}.zip")
        return streamed(await self.platform.records.certificates.archive(event), ZIP, name)

    async def sample(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        data = await self.platform.records.certificates.sample(event, account.name)
        return Response(data, headers={"Cache-Control": "no-store", "Content-Disposition": "inline"}, media_type=PDF)

    async def pdf(self, request: Request) -> Response:
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        found = await self.platform.credits.get(event.id, as_uuid(request.path_params["certificate_id"]))
        name = named(event.title, f" {found.number.replace('/', '_')}.pdf")
        return Response(await self.platform.records.certificates.pdf(event, found), headers=name, media_type=PDF)

    # -- the page ------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        terms = await self.platform.credits.terms(event.id)
        view = _as_stored(terms)
        if terms == Terms():  # nothing was saved yet
            view.values["issuer"] = event.organizer[:_LONGEST]
        return await self._page(request, account, event, terms, view)

    async def back(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/certificates")

    async def save(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        try:
            await self.platform.credits.change_terms(event.id, _change(sent))
        except Invalid as error:
            view = FormView({name: sent.text(name) for name in (*_TERMS, "offered")})
            view.refuse(error, visit(request))
            terms = await self.platform.credits.terms(event.id)
            return await self._page(request, account, event, terms, view, error.status)
        return go(request, f"/events/{event.id}/certificates", Notice.EVENT_CHANGED)

    async def _page(
        self, request: Request, account: Account, event: Event, terms: Terms, view: FormView, status: int = 200
    ) -> Response:
        everybody = await self.platform.records.certificates.candidates(event)
        counts = {standing: sum(c.standing is standing for c in everybody) for standing in Standing}
        wanted = request.query_params.get("show", "")
        shown = [c for c in everybody if not wanted or c.standing.value == wanted]
        part = paged(request, shown, _PER_PAGE)
        unknown = await asyncio.to_thread(unprintable, [c.person.name for c in part.items])
        context = {
            "account": account,
            "event": event,
            "tab": "report",
            "part": "certificates",
            "terms": terms,
            "paper_heading": terms.heading or renderer(request).catalogues[event.language].gettext(_HEADING),
            "brand": await self.platform.images.brand(event),
            "form": view,
            "rules": [
                need.words(visit(request).t) for need in (await self.platform.records.roll.needs(event)).values()
            ],
            "rows": [Row(one, letters) for one, letters in zip(part.items, unknown, strict=True)],
            "counts": {standing.value: count for standing, count in counts.items()},
            "total": len(everybody),
            "standings": {standing.value: text for standing, text in STANDINGS.items()},
            "wanted": wanted if wanted in {s.value for s in Standing} else "",
            "shown": part,
            "key": self.platform.credits.key.public,
            "over": event.state is EventState.ENDED,
            "letters_on": self.platform.letters.on,
            "open_until": open_until(event, datetime.now(UTC)),
        }
        return page(request, "host/certificates.html", context, status)

    # -- acts ----------------------------------------------------------------------------------------------------

    async def ask_issue(self, request: Request) -> Response:
        """The question before certificates are issued while results may still change."""
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        back = f"/events/{event.id}/certificates"
        if event.state is not EventState.ENDED:
            return go(request, back)
        return ask(request, account, event, Question.ISSUE_CERTIFICATES, back=back)

    async def issue(self, request: Request) -> Response:
        """To everybody who is ready; with `again` also in place of those that changed since."""
        await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        if sent.text("again") != "yes":
            await self.platform.records.certificates.issue(event)
        else:
            changed = [
                c.person.attendee_id
                for c in await self.platform.records.certificates.candidates(event)
                if c.standing is Standing.CHANGED and c.person.passed
            ]
            await self.platform.records.certificates.issue(event, changed, again=True)
        return go(request, f"/events/{event.id}/certificates", Notice.CERTIFICATES_ISSUED)

    async def issue_one(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.events.get(event_id(request))
        await self.platform.records.certificates.issue(event, [attendee_id(request)], again=True)
        return go(request, f"/events/{event.id}/certificates", Notice.CERTIFICATES_ISSUED)

    async def ask_revoke(self, request: Request) -> Response:
        return await self._revoking(request, FormView())

    async def _revoking(self, request: Request, view: FormView, status: int = 200) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        found = await self.platform.credits.get(event.id, as_uuid(request.path_params["certificate_id"]))
        if found.state is not State.VALID:
            return go(request, f"/events/{event.id}/certificates")
        context = {
            "account": account,
            "event": event,
            "tab": "report",
            "part": "certificates",
            "certificate": found,
            "form": view,
        }
        return page(request, "host/certificate_revoke.html", context, status)

    async def revoke(self, request: Request) -> Response:
        await self.host(request)
        sent = await self.form(request)
        event = event_id(request)
        try:
            certificate = as_uuid(request.path_params["certificate_id"])
            await self.platform.credits.revoke(event, certificate, sent.text("reason"))
        except Invalid as error:
            view = FormView({"reason": sent.text("reason")})
            view.refuse(error, visit(request))
            return await self._revoking(request, view, error.status)
        return go(request, f"/events/{event}/certificates", Notice.CERTIFICATE_REVOKED)


def _as_stored(terms: Terms) -> FormView:
    return FormView({**{name: str(getattr(terms, name)) for name in _TERMS}, "offered": "yes" if terms.offered else ""})


def _change(sent: Sent) -> TermsChange:
    """Raises `Invalid`."""
    fields: dict[str, object] = {name: sent.text(name) for name in _TERMS}
    try:
        return TermsChange.model_validate({**fields, "offered": sent.text("offered") == "yes"})
    except ValidationError as error:
        names = dict.fromkeys(str(found["loc"][0]) for found in error.errors(include_url=False))
        problems = [FieldProblem(name, _WRONG.get(name, _WRONG_LINE)) for name in names]
        raise Invalid("Some fields need another look.", fields=problems) from error
