"""First visit, signing in and out, and what to do about a forgotten password."""

from __future__ import annotations

import contextlib
import re
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from webinar.base.errors import Conflict, Gone, Invalid, TooManyRequests, Unauthenticated
from webinar.base.patterns import EMAIL
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import NEXT, Screen, address, close_session, go, open_session, safe_next
from webinar.pages.visit import visit
from webinar.people.model import MIN_PASSWORD, SESSION_COOKIE


class AccountScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/setup/{token}", self.show_setup),
            Route("/setup/{token}", self.set_up, methods=["POST"]),
            Route("/sign-in", self.show_sign_in),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/forgot", self.show_forgot),
            Route("/forgot", self.forgot, methods=["POST"]),
            Route("/sign-out", self.ask_nothing),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/in/{token}", self.use_link),
        ]

    async def show_setup(self, request: Request) -> Response:
        if not await self.platform.people.setup_link_valid(request.path_params["token"]):
            self.knock(self.doors.links, request)
            if await self.platform.people.owner() is not None:
                raise Conflict("This installation has an owner already. Sign in instead.", code="owner_exists")
            raise Gone("This link was used already or has expired.", code="setup_link_used")
        return self._setup_page(request, FormView())

    async def set_up(self, request: Request) -> Response:
        sent = await self.form(request)
        self.knock(self.doors.links, request)
        try:
            account = await self.platform.people.set_up_owner(
                request.path_params["token"], sent.text("name"), sent.text("email"), sent.secret("password")
            )
        except Invalid as error:
            view = FormView({"name": sent.text("name"), "email": sent.text("email")})
            view.refuse(error, visit(request))
            return self._setup_page(request, view, 422)
        open_session(request, await self.platform.people.open_session(account.id))
        return go(request, "/", Notice.WELCOME)

    def _setup_page(self, request: Request, view: FormView, status: int = 200) -> Response:
        return page(request, "account/setup.html", {"form": view, "min_password": MIN_PASSWORD}, status)

    async def show_sign_in(self, request: Request) -> Response:
        target = safe_next(request.query_params.get(NEXT, "/"))
        if await self.account(request) is not None:
            return go(request, target)
        return self._sign_in_page(request, FormView({NEXT: target}))

    async def sign_in(self, request: Request) -> Response:
        sent = await self.form(request)
        target, email = safe_next(sent.text(NEXT)), sent.text("email")
        try:
            _, secret = await self.platform.people.sign_in(email, sent.secret("password"), address(request))
        except (Unauthenticated, TooManyRequests) as error:
            view = FormView({"email": email, NEXT: target})
            view.refuse(error, visit(request))
            response = self._sign_in_page(request, view, error.status)
            if error.retry_after_s is not None:
                response.headers["Retry-After"] = str(error.retry_after_s)
            return response
        open_session(request, secret)
        return go(request, target)

    def _sign_in_page(self, request: Request, view: FormView, status: int = 200) -> Response:
        return page(request, "account/sign_in.html", {"form": view}, status)

    async def show_forgot(self, request: Request) -> Response:
        return self._forgot_page(request, FormView())

    async def forgot(self, request: Request) -> Response:
        """Answers alike, and in like time, for an address with an account and one without."""
        sent = await self.form(request)
        if not self.platform.letters.on:
            return self._forgot_page(request, FormView())
        self.knock(self.doors.forgotten, request)
        email = sent.text("email").strip()
        view = FormView({"email": email})
        if not re.fullmatch(EMAIL, email) or len(email) > 254:
            view.problems["email"] = visit(request).t("Write an e-mail address like name@example.org.")
            return self._forgot_page(request, view, 422)
        with contextlib.suppress(TooManyRequests):  # an address that is mailed enough gets no more, and nobody is told
            self.doors.forgotten_addresses.take(email.lower(), time.monotonic())
            await self.platform.people.hosts.forgot(email, visit(request).language)
        return self._forgot_page(request, view, done=True)

    def _forgot_page(self, request: Request, view: FormView, status: int = 200, *, done: bool = False) -> Response:
        context = {"form": view, "on": self.platform.letters.on, "done": done}
        return page(request, "account/forgot.html", context, status)

    async def ask_nothing(self, request: Request) -> Response:
        """Where "Open the page again" leads after a refused sign-out: only a form signs out."""
        return go(request, "/")

    async def sign_out(self, request: Request) -> Response:
        await self.form(request)
        secret = request.cookies.get(SESSION_COOKIE)
        if secret:
            await self.platform.people.sign_out(secret)
        close_session(request)
        return go(request, "/", Notice.SIGNED_OUT)

    async def use_link(self, request: Request) -> Response:
        """A one-time link of the terminal. Who is signed in already just goes on."""
        if request.method == "HEAD":
            return PlainTextResponse("")  # a preview must not use the link up
        target = safe_next(request.query_params.get(NEXT, "/"))
        try:
            _, secret = await self.platform.people.use_sign_in_link(request.path_params["token"])
        except Gone:
            if await self.account(request) is not None:
                return go(request, target)
            self.knock(self.doors.links, request)
            raise
        open_session(request, secret)
        return go(request, target)
