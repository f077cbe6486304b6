"""Stands around every request: its visit and the renderer, headers and cookies, and a page for every error."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webinar.base.settings import Settings
from webinar.pages import render, visit
from webinar.pages.errors import error_page, for_machines
from webinar.pages.headers import SecurityHeaders


class PagesMiddleware:
    """For programs' paths (API, media, static) only the headers; their errors are left to their own handlers."""

    def __init__(self, app: ASGIApp, *, settings: Settings, renderer: render.Renderer) -> None:
        self._app = app
        self._renderer = renderer
        self._security = SecurityHeaders(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if for_machines(scope["path"]):
            await self._machines(scope, receive, send)
        else:
            await self._people(scope, receive, send)

    async def _machines(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No visit is made: a viewer's player comes here several times a second."""
        render.attach(Request(scope), self._renderer)  # for the files of `/static`

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._security.write(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    async def _people(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        made = self._renderer.visit(request)
        visit.attach(request, made)
        render.attach(request, self._renderer)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                self._security.write(headers)
                made.cookies.write(headers)
            await send(message)

        try:
            if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
                raise HTTPException(404)  # what no text of ours holds, and PostgreSQL takes for an error
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            # After the first byte there is no other page to show: the connection is cut and the server logs it.
            if started:
                raise
            await error_page(request, error)(scope, receive, send_with_headers)
