"""`/account`: what somebody who hosts changes of their own; `/email/{token}`: their new address, by a mailed link."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Gone, Invalid
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, close_session, go, open_session
from webinar.pages.visit import visit
from webinar.people.addresses import NEW_ADDRESS
from webinar.people.model import MIN_PASSWORD, Account, new_secret


class OwnAccountScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        changes = {
            "/account/name": self.rename,
            "/account/email": self.change_email,
            "/account/password": self.change_password,
            "/account/sessions": self.sign_out_everywhere,
        }
        return [
            Route("/account", self.show),
            *(Route(path, self.back) for path in changes),
            *(Route(path, change, methods=["POST"]) for path, change in changes.items()),
            Route("/email/{token}", self.show_new_address),
            Route("/email/{token}", self.confirm_new_address, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return self._page(request, await self.host(request))

    async def back(self, request: Request) -> Response:
        """Where a form that was refused leads."""
        await self.host(request)
        return go(request, "/account")

    async def rename(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        try:
            await self.platform.people.addresses.rename(account, sent.text("name"))
        except Invalid as error:
            view = FormView({"name": sent.text("name")})
            view.refuse(error, visit(request))
            return self._page(request, account, error.status, name_form=view)
        return go(request, "/account", Notice.EVENT_CHANGED)

    async def change_email(self, request: Request) -> Response:
        """At once without a mail server; with one, by a link to the new address."""
        account = await self.host(request)
        sent = await self.form(request)
        self.knock(self.doors.forgotten, request, "address")  # each is a guess at the password
        email, mailed = sent.text("email").strip(), self.platform.letters.on
        addresses = self.platform.people.addresses
        try:
            wanted = await addresses.wanted(account, email, sent.secret("email_password"))
            if mailed:
                self.doors.forgotten_addresses.take(wanted, time.monotonic())
                asked = new_secret()
                secret = self.platform.tokens.mailed(NEW_ADDRESS, asked)
                await addresses.ask(account, wanted, visit(request).language, asked, secret)
            else:
                await addresses.change(account, wanted)
        except (Invalid, Conflict) as error:
            view = FormView({"email": email})
            view.refuse(error, visit(request))
            return self._page(request, account, error.status, email_form=view)
        return go(request, "/account", Notice.EMAIL_ASKED if mailed else Notice.EMAIL_CHANGED)

    async def change_password(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        try:
            await self.platform.people.hosts.change_password(account, sent.secret("current"), sent.secret("password"))
        except Invalid as error:
            view = FormView()
            view.refuse(error, visit(request))
            return self._page(request, account, error.status, form=view)
        open_session(request, await self.platform.people.open_session(account.id))
        return go(request, "/account", Notice.PASSWORD_CHANGED)

    async def sign_out_everywhere(self, request: Request) -> Response:
        account = await self.host(request)
        await self.form(request)
        await self.platform.people.hosts.sign_out_everywhere(account.id)
        close_session(request)
        return go(request, "/", Notice.SIGNED_OUT)

    def _page(
        self,
        request: Request,
        account: Account,
        status: int = 200,
        *,
        name_form: FormView | None = None,
        email_form: FormView | None = None,
        form: FormView | None = None,
    ) -> Response:
        context = {
            "account": account,
            "name_form": name_form or FormView({"name": account.name}),
            "email_form": email_form or FormView(),
            "form": form or FormView(),
            "min_password": MIN_PASSWORD,
            "mailed": self.platform.letters.on,
        }
        return page(request, "account/own.html", context, status)

    # -- a new address, by the link that was mailed to it ----------------------------------------------------------

    async def show_new_address(self, request: Request) -> Response:
        """Changes nothing: mail programs open links to look at them."""
        whose, email = await self._waiting(request)
        return page(request, "account/new_address.html", {"whose": whose, "email": email})

    async def confirm_new_address(self, request: Request) -> Response:
        await self.form(request)
        await self._waiting(request)
        await self.platform.people.addresses.confirm(request.path_params["token"])
        return go(request, "/account", Notice.EMAIL_CHANGED)

    async def _waiting(self, request: Request) -> tuple[Account, str]:
        try:
            return await self.platform.people.addresses.waiting(request.path_params["token"])
        except Gone:
            self.knock(self.doors.links, request)
            raise
