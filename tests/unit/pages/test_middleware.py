"""What stands around every request, as a bare ASGI application."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from webinar.base.settings import Settings
from webinar.base.tokens import Tokens
from webinar.pages.middleware import PagesMiddleware
from webinar.pages.render import Renderer
from webinar.pages.visit import Visit

_VISIT = "webinar.visit"


async def through(tmp_path: Path, path: str) -> tuple[Scope, dict[bytes, bytes]]:
    """The scope that the application sees for a path, and the headers of the answer."""
    settings = Settings.read(data_dir=tmp_path, public_url="https://example.org")
    seen: list[Scope] = []
    headers: dict[bytes, bytes] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers.update(message["headers"])

    tokens = Tokens("a secret of at least thirty-two characters")
    middleware = PagesMiddleware(app, settings=settings, renderer=Renderer(settings, tokens))
    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"lang=en", "headers": [],
        "server": ("localhost", 8000), "scheme": "http",
    }  # fmt: skip
    await middleware(scope, receive, send)
    return seen[0], headers


@pytest.mark.parametrize("path", ["/hls/p/720p/1.0.m4s", "/static/player.js", "/api/v1/playback", "/whep/e"])
async def test_a_visit_is_made_for_people_only(tmp_path: Path, path: str) -> None:
    scope, headers = await through(tmp_path, path)
    assert _VISIT not in scope
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"strict-transport-security"].startswith(b"max-age=")
    assert b"set-cookie" not in headers


async def test_a_page_gets_its_visit_and_its_cookies(tmp_path: Path) -> None:
    scope, headers = await through(tmp_path, "/e/talk")
    assert isinstance(scope[_VISIT], Visit)
    assert b"lang=en" in headers[b"set-cookie"]
    assert headers[b"referrer-policy"] == b"no-referrer"
