"""`/events/{id}/invite`: a list of people from a spreadsheet, looked at first, then invited."""

from __future__ import annotations

import csv
import io
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.pages.forms import FormView
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.registration.invitations import MOST_BYTES, MOST_LINES, People, read, read_text
from webinar.registration.model import NewAttendee, Status

# The list travels with the form between the two steps: in UTF-8, where a file of another encoding grows.
_MOST_AGAIN: Final = 3 * MOST_BYTES
# Lines without a problem that the host looks at; those with one are all shown.
_SHOWN: Final = 50


class InviteScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/events/{event_id}/invite", self.show),
            Route("/events/{event_id}/invite", self.look, methods=["POST"]),
            Route("/events/{event_id}/invite/send", self.back),
            Route("/events/{event_id}/invite/send", self.invite, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._page(request, account, event, FormView())

    async def back(self, request: Request) -> Response:
        """Who opens the address of a form gets the page it stands on."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}/invite")

    async def _page(
        self, request: Request, account: Account, event: Event, view: FormView, status: int = 200, **more: object
    ) -> Response:
        context = {
            "account": account,
            "event": event,
            "tab": "people",
            "part": "invite",
            "form": view,
            "most": MOST_LINES,
            "seats": await self.platform.registration.seats(event.id),
            "questions": await self.platform.registration_form.questions(event.id),
            "mail_on": self.platform.letters.on,
            "found": None,
            "done": None,
            **more,
        }
        return page(request, "host/invite.html", context, status)

    async def look(self, request: Request) -> Response:
        """What the list holds, and what is wrong on which line. Nobody is invited yet."""
        account = await self.host(request)
        sent = await self.upload(request, MOST_BYTES)
        event = await self.platform.events.get(event_id(request))
        if sent.sent.text("op") == "other":  # another list: what was pasted is there to be changed
            return await self._page(request, account, event, FormView({"list": sent.sent.text("pasted")}))
        asked = [question.text for question in await self.platform.registration_form.questions(event.id)]
        try:
            if sent.data:
                found = read(sent.data, asked)
            elif sent.sent.text("list"):
                found = read_text(sent.sent.text("list"), asked)
            elif sent.name:
                raise Invalid("This file is empty. Choose another one.")
            else:
                raise Invalid("Choose a file, or paste a list.")
        except Invalid as error:
            view = FormView({"list": sent.sent.text("list")})
            view.refuse(error, visit(request))
            return await self._page(request, account, event, view, error.status)
        listed = await self.platform.registration.known(event.id, [person.email for person in found.good])
        # Who waits for the host, was declined or has cancelled is invited now.
        known = {email for email, one in listed.items() if one.status in (Status.APPROVED, Status.WAITLISTED)}
        fine = [line for line in found.lines if not line.problem]
        return await self._page(
            request,
            account,
            event,
            FormView(),
            found=found,
            shown=[*found.bad, *fine[:_SHOWN]],
            more=max(0, len(fine) - _SHOWN),
            known=known,
            fresh=len(found.good) - len(known),
            again=_again(found),
            file=sent.name,
            pasted="" if sent.data else sent.sent.text("list"),
        )

    async def invite(self, request: Request) -> Response:
        account = await self.host(request)
        sent = (await self.upload(request, _MOST_AGAIN)).sent
        event = await self.platform.events.get(event_id(request))
        asked = [question.text for question in await self.platform.registration_form.questions(event.id)]
        try:
            people = read_text(sent.text("list"), asked).good
            done = await self.platform.registration.invite(event.id, [_spoken_to(person, event) for person in people])
        except (Invalid, Conflict) as error:
            view = FormView()
            view.refuse(error, visit(request))
            return await self._page(request, account, event, view, error.status)
        seated = sum(attendee.status is Status.APPROVED for attendee in done.added)
        return await self._page(request, account, event, FormView(), done=done, seated=seated)


def _spoken_to(person: NewAttendee, event: Event) -> NewAttendee:
    return person if person.language else person.model_copy(update={"language": event.language})


def _again(found: People) -> str:
    """The people who can be invited, as a list again."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Email", "Name", "Language", *found.columns])
    for person in found.good:
        answers = [person.answers.get(text, "") for text in found.columns]
        writer.writerow([person.email, person.name, person.language or "", *answers])
    return out.getvalue()
