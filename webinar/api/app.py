"""Routes of everything that programs call, each behind one wrapper that turns errors into problem documents."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from webinar.api import downloads, media, openapi
from webinar.api.operation import Operation
from webinar.api.operations import OPERATIONS
from webinar.api.problems import answer

if TYPE_CHECKING:
    from webinar.platform import Platform

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(platform: Platform) -> list[BaseRoute]:
    """`/api/v1`, `/whip`, `/whep`, `/recordings`."""
    return [
        Mount("/api/v1", app=Guarded(_api_routes(platform))),
        Mount("/whip", app=Guarded(media.whip_routes(platform), cross_origin=True)),
        Mount("/whep", app=Guarded(media.whep_routes(platform), cross_origin=True)),
        *downloads.routes(platform),
    ]


class Guarded:
    """A router whose every error, unknown path and wrong method included, is a problem document."""

    def __init__(self, routes: list[Route], *, cross_origin: bool = False) -> None:
        self._router = Router(routes, redirect_slashes=False)
        self._cross_origin = cross_origin

    @property
    def routes(self) -> list[BaseRoute]:
        """As Starlette's `Mount` shows them: for whoever walks the whole application."""
        return self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            if self._cross_origin and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *media.CORS]}
            await send(message)

        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            await self._router(scope, receive, watched)
        except Exception as error:
            if started:
                raise
            await answer(request, error)(scope, receive, watched)


@cache
def _described() -> Mapping[str, object]:
    """The document of the one table there is, but for its address: half a second of work, done once a process."""
    return openapi.document(OPERATIONS, "")


def _api_routes(platform: Platform) -> list[Route]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    described = {**_described(), "servers": [{"url": platform.links.absolute("/api/v1")}]}
    document = json.dumps(described, ensure_ascii=False).encode()

    async def describe(request: Request) -> Response:
        return Response(document, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return [
        Route("/openapi.json", describe, methods=["GET"]),
        *(Route(path, _endpoint(platform, methods), methods=list(ALL_METHODS)) for path, methods in by_path.items()),
    ]


ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")


def _endpoint(platform: Platform, methods: dict[str, Operation]) -> Endpoint:
    allow = sorted({*methods, *(["HEAD"] if "GET" in methods else [])})

    async def serve(request: Request) -> Response:
        operation = methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            raise HTTPException(405, headers={"Allow": ", ".join(allow)})
        return await operation.run(platform, request)

    return serve
