"""A person at a browser without scripts: keeps cookies, reads the form token of the page before it posts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import httpx
from starlette.routing import BaseRoute, Route

from tests.web_stage import NO_TLS, Web
from webinar import pages

# An offer of WebRTC, as a program posts it: no browser sends that for another site without asking, and nothing is kept.
NO_FORM = "/test/path"
PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Person:
    """`async with Person(web) as person`."""

    def __init__(self, web: Web, **headers: str) -> None:
        self.web = web
        self.http = httpx.AsyncClient(
            base_url=web.url, timeout=30, headers={"Accept-Language": "en", **headers}, verify=NO_TLS
        )

    async def __aenter__(self) -> Person:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def token(self, path: str) -> str:
        """The form token of a page."""
        reply = await self.http.get(path)
        found = TOKEN.search(reply.text)
        assert found is not None, f"{path}: {reply.status_code}, no form"
        return found.group(1)

    async def send(self, path: str, fields: dict[str, str] | None = None, *, page: str = "") -> httpx.Response:
        """Posts the form that stands on `page` (by default at the same address)."""
        token = await self.token(page or path)
        return await self.http.post(path, data={**(fields or {}), "csrf": token})

    async def become_owner(self) -> Person:
        secret = await self.web.platform.people.setup_link()
        assert secret is not None
        fields = {"name": "김하늘", "email": "owner@example.org", "password": PASSWORD}
        reply = await self.send(f"/setup/{secret}", fields)
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
        return self


def page_routes(web: Web) -> Iterable[tuple[str, str]]:
    """(method, path pattern) of every screen."""
    routes: list[BaseRoute] = pages.routes(web.platform)
    for route in routes:
        if isinstance(route, Route) and not route.path.startswith("/static"):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path


def fill(pattern: str, **values: Any) -> str:
    """A path pattern with its places filled; what is not given becomes something that exists nowhere."""
    nowhere = {
        "event_id": "00000000-0000-4000-8000-000000000000",
        "attendee_id": "00000000-0000-4000-8000-000000000001",
    }
    kind = "confirmed" if "/mails/" in pattern else "cover" if "/look/" in pattern else "csv"
    known = {**nowhere, "slug": "nowhere", "token": "x" * 50, "verb": "renew", "name": "chat", "kind": kind, **values}

    def value(name: str) -> str:
        return str(known.get(name, nowhere["attendee_id"] if name.endswith("_id") else "nowhere"))

    return re.sub(r"{(\w+)(?::\w+)?}", lambda match: value(match.group(1)), pattern)
