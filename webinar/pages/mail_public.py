"""What people do about mail without an account: get their link again, take the event into their calendar, stop."""

from __future__ import annotations

import contextlib
import re
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import NotFound, TooManyRequests
from webinar.base.patterns import EMAIL
from webinar.events.model import Event, EventState
from webinar.pages.forms import FormView
from webinar.pages.render import page
from webinar.pages.screen import Screen
from webinar.pages.visit import visit
from webinar.recordings.model import content_disposition, file_name
from webinar.registration.model import Status, may_join

_ONE_CLICK: Final = 500  # bytes


class MailPublicScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/e/{slug}/link", self.ask_link),
            Route("/e/{slug}/link", self.send_link, methods=["POST"]),
            Route("/e/{slug}/event.ics", self.event_entry),
            Route("/j/{token}/event.ics", self.own_entry),
            Route("/mail/stop/{token}", self.ask_stop),
            Route("/mail/stop/{token}", self.stop, methods=["POST"]),
        ]

    async def _event(self, request: Request, *, drafts: bool = False) -> Event:
        event = await self.platform.events.by_slug(request.path_params["slug"], drafts=drafts)
        if event.state is EventState.DRAFT and not (await self.platform.registration.seats(event.id)).any:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        visit(request).prefer(event.language)
        return event

    async def ask_link(self, request: Request) -> Response:
        return await self._link_page(request, await self._event(request, drafts=True), FormView())

    async def send_link(self, request: Request) -> Response:
        """Answers alike for an address that is registered and one that is not."""
        event = await self._event(request, drafts=True)
        sent = await self.form(request)
        self.knock(self.doors.resends, request)
        email = sent.text("email").lower()
        if not re.match(EMAIL, email) or len(email) > 254:
            view = FormView({"email": sent.text("email")})
            view.problems["email"] = visit(request).t("Write an e-mail address like name@example.org.")
            return await self._link_page(request, event, view, status=422)
        with contextlib.suppress(TooManyRequests):  # an address that is mailed enough gets no more, and nobody is told
            self.doors.resend_addresses.take(f"{event.id} {email}", time.monotonic())
            attendee = await self.platform.registration.by_email(event.id, email)
            if attendee is not None and attendee.status in (Status.APPROVED, Status.PENDING, Status.WAITLISTED):
                await self.platform.letters.link(event, attendee)
        return await self._link_page(request, event, FormView({"email": email}), done=True)

    async def _link_page(
        self, request: Request, event: Event, view: FormView, *, status: int = 200, done: bool = False
    ) -> Response:
        context = {
            "event": event,
            "path": f"/e/{quote(event.slug)}",
            "form": view,
            "done": done,
            "on": self.platform.letters.on,
            "brand": await self.platform.images.brand(event),
        }
        return page(request, "event/link.html", context, status, language=event.language)

    async def event_entry(self, request: Request) -> Response:
        """For whoever is interested; it leads to the event page."""
        event = await self._event(request)
        return await self._entry(event, self.platform.links.event(event))

    async def own_entry(self, request: Request) -> Response:
        """With the person's own way in. Raises `Forbidden` for who has no seat yet; who lost it strikes it out."""
        attendee = await self.person(request, cancelled_too=True)
        event = await self.platform.events.get(attendee.event_id)
        visit(request).prefer(event.language)
        off = attendee.status in (Status.CANCELLED, Status.DECLINED)
        if not off:
            may_join(attendee)
        return await self._entry(event, self.platform.links.join(attendee), off=off)

    async def _entry(self, event: Event, url: str, *, off: bool = False) -> Response:
        told = await self.platform.mail.told(event.id)
        body = self.platform.writer.entry_file(event, url, told.sequence if told else 0, datetime.now(UTC), off=off)
        disposition = content_disposition(file_name(event.title, ".ics"))
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return Response(body, headers=headers, media_type="text/calendar; charset=utf-8; method=PUBLISH")

    async def ask_stop(self, request: Request) -> Response:
        return await self._stop_page(request, done=False)

    async def stop(self, request: Request) -> Response:
        """Also the one click of a mail program (RFC 8058), which knows no form token: the link itself says who."""
        if not await _one_click(request):
            await self.form(request)
        attendee = await self.person(request, cancelled_too=True)
        await self.platform.mail.refuse(attendee.id)
        return await self._stop_page(request, done=True)

    async def _stop_page(self, request: Request, *, done: bool) -> Response:
        attendee = await self.person(request, cancelled_too=True)
        event = await self.platform.events.get(attendee.event_id)
        visit(request).prefer(attendee.language)
        done = done or await self.platform.mail.refused(attendee.id)
        context = {
            "event": event,
            "attendee": attendee,
            "path": f"/e/{quote(event.slug)}",
            "done": done,
            "brand": await self.platform.images.brand(event),
        }
        return page(request, "event/no_mail.html", context, language=attendee.language)


async def _one_click(request: Request) -> bool:
    """Whether this is the whole of what a mail program posts, as a form or in parts."""
    length = request.headers.get("content-length", "")
    if not (length.isdigit() and int(length) <= _ONE_CLICK):
        return False
    body = await request.body()
    return b"List-Unsubscribe" in body and b"One-Click" in body and b"csrf" not in body
