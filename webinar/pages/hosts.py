"""`/hosts`: people who host, for the owner; `/invite` and `/reset`: a password by a link."""

from __future__ import annotations

import uuid

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Forbidden, Gone, Invalid
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, go, open_session
from webinar.pages.visit import visit
from webinar.people.model import MIN_PASSWORD, Account, LinkPurpose, Role


class HostsScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        one = "/hosts/{account_id}"
        return [
            Route("/hosts", self.show),
            Route("/hosts", self.invite, methods=["POST"]),
            Route(one + "/link", self.back),
            Route(one + "/link", self.link, methods=["POST"]),
            Route(one + "/remove", self.back),
            Route(one + "/remove", self.remove, methods=["POST"]),
            Route("/invite/{token}", self.show_choosing),
            Route("/invite/{token}", self.choose, methods=["POST"]),
            Route("/reset/{token}", self.show_choosing),
            Route("/reset/{token}", self.choose, methods=["POST"]),
        ]

    async def owner(self, request: Request) -> Account:
        """Raises `SignInNeeded`, and `Forbidden` for any other host."""
        account = await self.host(request)
        if account.role is not Role.OWNER:
            raise Forbidden("Only the owner of this installation may do this.", code="owner_only")
        return account

    # -- people who host -----------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        return await self._page(request, await self.owner(request), FormView())

    async def back(self, request: Request) -> Response:
        """Where a form that was refused leads."""
        await self.owner(request)
        return go(request, "/hosts")

    async def invite(self, request: Request) -> Response:
        account = await self.owner(request)
        sent = await self.form(request)
        try:
            made = await self.platform.people.hosts.invite(sent.text("name"), sent.text("email"))
        except (Invalid, Conflict) as error:
            view = FormView({"name": sent.text("name"), "email": sent.text("email")})
            view.refuse(error, visit(request))
            return await self._page(request, account, view, error.status)
        return await self._with_link(request, account, made.id)

    async def link(self, request: Request) -> Response:
        """A new one, by which this host chooses a password."""
        account = await self.owner(request)
        await self.form(request)
        return await self._with_link(request, account, _account_id(request))

    async def remove(self, request: Request) -> Response:
        await self.owner(request)
        await self.form(request)
        await self.platform.staff.remove(_account_id(request))
        return go(request, "/hosts", Notice.HOST_REMOVED)

    async def _with_link(self, request: Request, account: Account, whose: uuid.UUID) -> Response:
        """The list, and the link: shown this once."""
        purpose, secret = await self.platform.people.hosts.choosing_link(whose)
        url = self.platform.links.absolute(f"/{purpose}/{secret}")
        return await self._page(request, account, FormView(), fresh=(whose, url))

    async def _page(
        self,
        request: Request,
        account: Account,
        form: FormView,
        status: int = 200,
        *,
        fresh: tuple[uuid.UUID, str] | None = None,
    ) -> Response:
        people = await self.platform.people.hosts.all()
        context = {"account": account, "people": people, "form": form, "fresh": fresh}
        return page(request, "account/hosts.html", context, status)

    # -- a password by a link ------------------------------------------------------------------------------------

    async def show_choosing(self, request: Request) -> Response:
        return self._choosing(request, await self._whose(request), FormView())

    async def choose(self, request: Request) -> Response:
        sent = await self.form(request)
        whose = await self._whose(request)
        try:
            account = await self.platform.people.hosts.choose(
                _purpose(request), request.path_params["token"], sent.secret("password")
            )
        except Invalid as error:
            view = FormView()
            view.refuse(error, visit(request))
            return self._choosing(request, whose, view, 422)
        open_session(request, await self.platform.people.open_session(account.id))
        return go(request, "/", Notice.SIGNED_IN)

    async def _whose(self, request: Request) -> Account:
        try:
            return await self.platform.people.hosts.chooses(_purpose(request), request.path_params["token"])
        except Gone:
            self.knock(self.doors.links, request)
            raise

    def _choosing(self, request: Request, whose: Account, form: FormView, status: int = 200) -> Response:
        context = {"whose": whose, "form": form, "min_password": MIN_PASSWORD}
        return page(request, "account/choose.html", context, status)


def _purpose(request: Request) -> LinkPurpose:
    return LinkPurpose(request.url.path.split("/")[1])


def _account_id(request: Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params["account_id"])
    except ValueError as error:
        raise HTTPException(404) from error
