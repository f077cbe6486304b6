"""Links by role of an event: made, shown with a QR code, revoked; and `/h/{token}`, a co-host's way in."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Final

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Invalid, Unauthenticated
from webinar.events.role_model import LinkRole, RoleLink
from webinar.pages.confirm import WORDS, Question, ask
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import COHOST_COOKIE, Account, Role

_KNOWN_FOR: Final = timedelta(days=30)
_PRIVATE: Final = {"Cache-Control": "private, no-store"}


class LinksScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        links = "/events/{event_id}/links"
        return [
            Route("/h/{token}", self.cohost),
            Route(links, self.show),
            Route(links, self.make, methods=["POST"]),
            Route(links + "/{link_id}/revoke", self.ask_revoke),
            Route(links + "/{link_id}/revoke", self.revoke, methods=["POST"]),
            Route(links + "/{link_id}/qr.svg", self.code),
        ]

    async def cohost(self, request: Request) -> Response:
        """The browser is remembered for this one event, for as long as the link holds."""
        try:
            link = await self.platform.roles.by_token(request.path_params["token"], LinkRole.COHOST)
        except Unauthenticated as error:
            self.wrong_link(request, error)
            raise
        cookie = self.platform.access.cohost_cookie(link, _KNOWN_FOR)
        name = f"{COHOST_COOKIE}{link.event_id.hex}"
        visit(request).cookies.set(name, cookie, max_age_s=int(_KNOWN_FOR.total_seconds()))
        return go(request, f"/events/{link.event_id}")

    async def show(self, request: Request) -> Response:
        return await self._page(request, await self.host(request), FormView({"role": LinkRole.PRESENTER.value}))

    async def make(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        role = sent.text("role")
        if role not in self._may_make(account):
            raise HTTPException(403)
        try:
            await self.platform.roles.make(event.id, LinkRole(role), sent.text("name"), _cohost(account))
        except (Invalid, Conflict) as error:
            view = FormView({"role": role, "name": sent.text("name")})
            view.refuse(error, visit(request))
            return await self._page(request, account, view, error.status)
        return go(request, f"/events/{event.id}/links", Notice.ROLE_LINK_MADE)

    async def ask_revoke(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        link = await self._link(request, account)
        back = f"/events/{event.id}/links"
        return ask(request, account, event, Question.REVOKE_ROLE_LINK, back=back, about=link.name)

    async def revoke(self, request: Request) -> Response:
        account = await self.host(request)
        await self.form(request)
        link = await self._link(request, account)
        await self.platform.roles.revoke(link.event_id, link.id)
        return go(request, f"/events/{link.event_id}/links", Notice.ROLE_LINK_REVOKED)

    async def code(self, request: Request) -> Response:
        link = await self._link(request, await self.host(request))
        out = io.BytesIO()
        made = segno.make_qr(self.platform.links.role(link), error="m")
        made.save(out, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False)
        return Response(out.getvalue(), headers=_PRIVATE, media_type="image/svg+xml")

    async def _link(self, request: Request, account: Account) -> RoleLink:
        """A working link of this event; co-hosts are a host's alone."""
        try:
            wanted = uuid.UUID(request.path_params["link_id"])
        except ValueError as error:
            raise HTTPException(404) from error
        found = await self.platform.roles.holds(wanted)
        if found is None or found.event_id != event_id(request) or found.role.value not in self._may_make(account):
            raise HTTPException(404)
        return found

    @staticmethod
    def _may_make(account: Account) -> tuple[str, ...]:
        """A co-host makes no co-hosts, and sees none of their links."""
        roles = (LinkRole.PRESENTER.value, LinkRole.MODERATOR.value)
        return roles if account.role is Role.COHOST else (LinkRole.COHOST.value, *roles)

    async def _page(self, request: Request, account: Account, form: FormView, status: int = 200) -> Response:
        event = await self.platform.events.get(event_id(request))
        roles = self._may_make(account)
        links = [link for link in await self.platform.roles.all(event.id) if link.role.value in roles]
        context = {
            "account": account,
            "event": event,
            "tab": "overview",
            "roles": roles,
            "role_links": [(link, self.platform.links.role(link)) for link in links],
            "words": WORDS[Question.REVOKE_ROLE_LINK],
            "form": form,
        }
        return page(request, "host/links.html", context, status)


def _cohost(account: Account) -> uuid.UUID | None:
    """The link of a co-host: what they make goes with it."""
    return account.id if account.role is Role.COHOST else None
