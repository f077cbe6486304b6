"""`/verify`: whether a certificate is genuine, and whether a signed bundle is; the keys that say so. For anybody."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.api.records import PDF, named
from webinar.base.errors import NotFound, WebinarError
from webinar.credits.certificate import long, masked, short
from webinar.credits.check import Report, Verdict, check
from webinar.credits.keys import published
from webinar.credits.model import need_of, utc
from webinar.events.model import Event, EventState
from webinar.pages.forms import FormView
from webinar.pages.render import page
from webinar.pages.screen import Screen, go
from webinar.pages.visit import visit
from webinar.platform import Platform
from webinar.registration.model import Attendee

_LARGEST: Final = 8 * 1024 * 1024  # of a bundle that is looked at here; `webinar verify` takes larger ones
_UNPACKED: Final = 64 * 1024 * 1024


def _(message: str) -> str:
    return message


# Of a bundle, by the code of what does not fit.
PROBLEMS: Final[Mapping[str, str]] = {
    "unreadable": _("This file is not a signed attendance bundle, or it is not whole."),
    "unknown_key": _("It was signed with a key that is not ours."),
    "key_id": _("The key's id is not that of the key."),
    "no_key": _("It names no key."),
    "bad_signature": _("The signature does not fit: the manifest or the signature was changed."),
    "double_file": _("A file is in it twice."),
    "no_files": _("It names no files."),
    "extra_file": _("There is a file that was not signed."),
    "missing_file": _("A file is missing."),
    "changed_file": _("A file was changed."),
    "log_entry": _("The log holds something that is no entry."),
    "log_order": _("Entries of the log were removed, added or moved."),
    "log_changed": _("An entry of the log was changed."),
    "log_end": _("The log was cut at its end."),
}


class VerifyScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/verify", self.start),
            Route("/verify", self.check_bundle, methods=["POST"]),
            Route("/verify/{id}", self.show),
            Route("/.well-known/webinar-keys.json", self.keys),
            Route("/j/{token}/certificate.pdf", self.mine),
        ]

    async def start(self, request: Request) -> Response:
        """Where to write the code of a certificate, or give a bundle."""
        typed = request.query_params.get("code", "").strip()
        if not typed:
            return self._start(request, FormView())
        found = long(typed.rstrip("/").rpartition("/")[2])  # the whole address may be pasted
        if found is not None:
            return go(request, f"/verify/{short(found)}")
        view = FormView({"code": typed[:200]})
        view.problems["code"] = visit(request).t("Write the code from the end of the address beside the QR code.")
        return self._start(request, view, 422)

    def _start(self, request: Request, view: FormView, status: int = 200, report: Report | None = None) -> Response:
        valid = report is not None and report.verdict is Verdict.VALID
        context = {
            "form": view,
            "report": report,
            "valid": valid,
            # Ours, as it is signed.
            "made_at": datetime.fromisoformat(report.made_at) if report and valid else None,
            "problems": [(PROBLEMS[p.code], p.file) for p in report.problems] if report else [],
            "key": self.platform.credits.key.public,
        }
        return page(request, "verify/start.html", context, status)

    async def check_bundle(self, request: Request) -> Response:
        """Only bundles that this installation signed are called valid here."""
        self.knock(self.doors.links, request)
        try:
            sent = await self.upload(request, _LARGEST)
        except WebinarError as error:
            if error.status not in (413, 400):
                raise
            view = FormView()
            view.problems["bundle"] = visit(request).t(error.message)
            return self._start(request, view, error.status)
        if not sent.data:
            view = FormView()
            view.problems["bundle"] = visit(request).t("Choose the .zip file first.")
            return self._start(request, view, 422)
        ours = frozenset(key.text for key, _ in await self.platform.credits.keys())
        report = await asyncio.to_thread(check, io.BytesIO(sent.data), ours, largest=_UNPACKED)
        return self._start(request, FormView(), report=report)

    async def show(self, request: Request) -> Response:
        """Unknown ids and texts that are none answer alike, and are counted: ids cannot be tried out."""
        found_id = long(request.path_params["id"])
        certificate = None if found_id is None else await self.platform.credits.find(found_id)
        if certificate is None:
            self.knock(self.doors.links, request)
            return page(request, "verify/certificate.html", {"certificate": None, "key": None, "state": "unknown"}, 404)
        key = await self.platform.credits.signed_by(certificate)
        newer = None
        if certificate.replaced_by is not None:
            newer = await self.platform.credits.find(certificate.replaced_by)
        said = certificate.said
        context = {
            "certificate": certificate,
            "said": said,
            "starts_at": datetime.fromisoformat(said["event"]["starts_at"]),
            "state": certificate.state.value if key is not None else "forged",
            "name": None if certificate.name is None else masked(certificate.name),
            "rules": [(need_of(r["need"]).words(visit(request).t), r["minutes"], r["percent"]) for r in said["rules"]],
            "key": key,
            "current_key": key is not None and key.id == self.platform.credits.key.public.id,
            "newer": None if newer is None else newer.number,
        }
        return page(request, "verify/certificate.html", context, language=said["language"])

    async def keys(self, request: Request) -> Response:
        """Every key that ever signed here, for whoever checks a bundle elsewhere."""
        known = [(key, utc(since)) for key, since in await self.platform.credits.keys()]
        body = json.dumps(published(known, self.platform.credits.key.public.id), indent=1)
        headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
        return Response(body, headers=headers, media_type="application/jwk-set+json")

    async def mine(self, request: Request) -> Response:
        """The person's own certificate, by their personal link, once the host gives them out."""
        attendee = await self.person(request, cancelled_too=True)
        event = await self.platform.events.get(attendee.event_id)
        visit(request).prefer(event.language)
        found = await self.platform.records.certificates.mine(event, attendee.id)
        if found is None:
            raise NotFound("There is no certificate for you yet. The host issues them after the event.")
        name = named(event.title, f" {found.number.replace('/', '_')}.pdf")
        return Response(await self.platform.records.certificates.pdf(event, found), headers=name, media_type=PDF)


async def certificate_path(platform: Platform, event: Event, attendee: Attendee | None, mine: str) -> str | None:
    """Where a person downloads their certificate, below their personal address `mine`; None while there is none."""
    if attendee is None or event.state is not EventState.ENDED:
        return None
    found = await platform.records.certificates.mine(event, attendee.id)
    return None if found is None else f"{mine}/certificate.pdf"
