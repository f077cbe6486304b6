"""HTML: one file a screen, thin. They read forms, ask the services, and render; rules stand in the subjects.

`routes(platform)` are the screens and `/static`; `middleware(platform)` must stand around the whole app: it gives
every request its visit (language, theme, form token) and writes the security headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.pages.errors import error_page, for_machines
from webinar.pages.middleware import PagesMiddleware
from webinar.pages.render import Renderer, renderer

if TYPE_CHECKING:
    from webinar.app import Platform

__all__ = ["error_page", "for_machines", "middleware", "routes"]


def middleware(platform: Platform) -> Middleware:
    """To be the outermost of the app's middleware."""
    return Middleware(
        PagesMiddleware, settings=platform.settings, renderer=Renderer(platform.settings, platform.tokens)
    )


async def _static(request: Request) -> Response:
    assets = renderer(request).assets
    return await assets.get_response(request.path_params["path"], request.scope)


def routes(platform: Platform) -> list[BaseRoute]:
    """Every screen, and `/static`."""
    return [Route("/static/{path:path}", _static, name="static")]
