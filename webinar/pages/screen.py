"""What every screen stands on: the platform, who is signed in, where to go next."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse

from webinar.base.errors import Unauthenticated
from webinar.pages.forms import MAX_FIELDS, Sent, read_form
from webinar.pages.notices import Notice
from webinar.pages.uploads import Upload, read_upload
from webinar.pages.visit import visit
from webinar.people.model import SESSION_COOKIE, SESSION_TTL, Account
from webinar.people.throttle import Throttle
from webinar.platform import Platform

NEXT: Final = "next"


class SignInNeeded(Unauthenticated):
    """A page of the host's, asked for by nobody we know: sign in, then come back."""

    code = "sign_in_needed"


@dataclass(frozen=True, slots=True)
class Doors:
    """Rate limits of this process, by network address. A whole conference may sit behind one address."""

    registration: Throttle
    links: Throttle  # wrong one-time links

    @classmethod
    def new(cls) -> Doors:
        return cls(registration=Throttle(burst=200, refill_s=1.0), links=Throttle(burst=20, refill_s=10.0))


def address(request: Request) -> str:
    """The caller's address as the server gives it (proxies are believed there, by the setting)."""
    return request.client.host if request.client is not None else "unknown"


class Screen:
    """Base of the screens: one a process and file, without state of its own."""

    def __init__(self, platform: Platform, doors: Doors) -> None:
        self.platform = platform
        self.doors = doors

    async def account(self, request: Request) -> Account | None:
        return await self.platform.people.session(request.cookies.get(SESSION_COOKIE))

    async def host(self, request: Request) -> Account:
        """Raises `SignInNeeded`."""
        account = await self.account(request)
        if account is None:
            raise SignInNeeded("This page is for the host. Sign in to see it.")
        return account

    async def form(self, request: Request, most_fields: int = MAX_FIELDS) -> Sent:
        return await read_form(request, self.platform.settings.public_origin, most_fields)

    async def upload(self, request: Request, most_bytes: int) -> Upload:
        """A form with a file, both as they were sent."""
        return await read_upload(request, self.platform.settings.public_origin, most_bytes)

    def knock(self, door: Throttle, request: Request) -> None:
        """Raises `TooManyRequests`."""
        door.take(address(request), time.monotonic())


def event_id(request: Request) -> uuid.UUID:
    """The `{event_id}` of the path; 404 for what is no id."""
    return _uuid(request.path_params["event_id"])


def attendee_id(request: Request) -> uuid.UUID:
    return _uuid(request.path_params["attendee_id"])


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise HTTPException(404) from error


def go(request: Request, path: str, notice: Notice | None = None) -> RedirectResponse:
    """See other: after a form was done (RFC 9110, section 15.4.4)."""
    if notice is not None:
        visit(request).leave_notice(notice)
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def open_session(request: Request, secret: str) -> None:
    made = visit(request)
    made.renew()
    made.cookies.set(SESSION_COOKIE, secret, max_age_s=int(SESSION_TTL.total_seconds()))


def close_session(request: Request) -> None:
    made = visit(request)
    made.renew()
    made.cookies.drop(SESSION_COOKIE)


def safe_next(value: str) -> str:
    """Where to go after signing in: a path of ours, or the home page. `//x`, `/\\x` and schemes are not ours."""
    ok = value.startswith("/") and not value.startswith(("//", "/\\")) and len(value) <= 500 and value.isprintable()
    return value if ok else "/"
