"""What every screen stands on: the platform, who is signed in, where to go next."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse

from webinar.base.errors import DeadLink, Forbidden, Gone, NotFound, Unauthenticated
from webinar.events.model import Event
from webinar.pages.errors import SeatCancelled
from webinar.pages.forms import MAX_FIELDS, Sent, read_form
from webinar.pages.notices import Notice
from webinar.pages.uploads import Upload, read_upload
from webinar.pages.visit import visit
from webinar.people.model import COHOST_COOKIE, SESSION_COOKIE, SESSION_TTL, Account, Role
from webinar.people.throttle import Throttle, network_of
from webinar.platform import Platform
from webinar.registration.model import Attendee, may_join

NEXT: Final = "next"


class SignInNeeded(Unauthenticated):
    """A page of the host's, asked for by nobody we know: sign in, then come back."""

    code = "sign_in_needed"


@dataclass(frozen=True, slots=True)
class Doors:
    """Rate limits of this process, by network address. A whole conference may sit behind one address."""

    registration: Throttle  # by event and network: each sends a letter to whatever address was typed
    registered_addresses: Throttle  # by address, over all events
    passcodes: Throttle  # wrong ones of an event
    links: Throttle  # wrong one-time links
    resends: Throttle  # personal links that are asked for once more
    resend_addresses: Throttle  # the same, by event and address
    forgotten: Throttle  # links for another password
    forgotten_addresses: Throttle  # the same, by address

    @classmethod
    def new(cls) -> Doors:
        return cls(
            registration=Throttle(burst=350, refill_s=6.0),
            registered_addresses=Throttle(burst=10, refill_s=600.0),
            passcodes=Throttle(burst=20, refill_s=30.0),
            links=Throttle(burst=20, refill_s=10.0),
            resends=Throttle(burst=30, refill_s=10.0),
            resend_addresses=Throttle(burst=3, refill_s=600.0),
            forgotten=Throttle(burst=10, refill_s=30.0),
            forgotten_addresses=Throttle(burst=3, refill_s=600.0),
        )


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
        """Who may host: any account, and on a page of an event those of that event, co-hosts too.

        Raises `SignInNeeded`; and `NotFound` for somebody else's event, as for one that does not exist.
        """
        account = await self.account(request)
        if "event_id" in request.path_params:
            event = event_id(request)
            key = request.cookies.get(f"{COHOST_COOKIE}{event.hex}")
            found = await self.platform.staff.host_of(event, account, [] if key is None else [key])
            if found is not None:
                return found
        if account is None:
            raise SignInNeeded("This page is for the host. Sign in to see it.")
        if "event_id" in request.path_params:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        return account

    async def keeper(self, request: Request) -> Account:
        """A host who may give the event to others and delete it: no co-host. Raises as `host`, and `Forbidden`."""
        account = await self.host(request)
        if account.role is Role.COHOST:
            raise Forbidden("Only the host of this event may do this.", code="host_only")
        return account

    async def stage_pass(self, event: Event, account: Account) -> tuple[str, str]:
        """(token of the calls, stream key) of a host's studio or console; a co-host's are void with their link."""
        platform = self.platform
        if account.role is Role.COHOST:
            link = await platform.roles.holds(account.id)
            if link is None:  # just now
                raise Unauthenticated("This link was revoked. Ask the host for another one.", code="link_withdrawn")
            return platform.access.role_token(link), platform.roles.stream_key(link.id)
        token = platform.access.studio_token(event, "host", account.id, account.name)
        return token, platform.events.stream_key(event)

    async def form(self, request: Request, most_fields: int = MAX_FIELDS) -> Sent:
        return await read_form(request, self.platform.settings.public_origin, most_fields)

    async def upload(self, request: Request, most_bytes: int) -> Upload:
        """A form with a file, both as they were sent."""
        return await read_upload(request, self.platform.settings.public_origin, most_bytes)

    async def person(self, request: Request, *, cancelled_too: bool = False) -> Attendee:
        """Whose personal link `{token}` is. Raises as `by_join_link` (`by_own_link`), `SeatCancelled`
        for who cancelled, and `TooManyRequests`.

        Wrong links are counted, right ones are not: a conference may sit behind one address.
        """
        registration, token = self.platform.registration, request.path_params["token"]
        try:
            return await (registration.by_own_link(token) if cancelled_too else registration.by_join_link(token))
        except Unauthenticated as error:
            self.wrong_link(request, error)
            raise
        except Gone as error:
            if error.code != SeatCancelled.code:
                raise
            event = await self.platform.events.get((await registration.by_own_link(token)).event_id)
            visit(request).prefer(event.language)
            raise SeatCancelled(f"/e/{quote(event.slug)}") from error

    async def guest(self, request: Request) -> Attendee:
        """Whose personal link `{token}` is, who holds a seat and is not before a locked door. Raises as `person`, and
        `Forbidden`.
        """
        guest = await self.person(request)
        may_join(guest)
        await self.platform.doorway.check(guest.event_id, guest.id)
        return guest

    def wrong_link(self, request: Request, error: Unauthenticated) -> None:
        """Counts one that somebody may have guessed; one of ours whose event was deleted nobody guesses."""
        if not isinstance(error, DeadLink):
            self.knock(self.doors.links, request)

    def knock(self, door: Throttle, request: Request, of: str = "") -> None:
        """Counts a try of the caller's network, `of` one thing or of all. Raises `TooManyRequests`."""
        door.take(f"{of} {network_of(address(request))}", time.monotonic())


def event_id(request: Request) -> uuid.UUID:
    """The `{event_id}` of the path; 404 for what is no id."""
    return as_uuid(request.path_params["event_id"])


def attendee_id(request: Request) -> uuid.UUID:
    return as_uuid(request.path_params["attendee_id"])


def as_uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise HTTPException(404) from error


def go(request: Request, path: str, notice: Notice | None = None, count: int | None = None) -> RedirectResponse:
    """See other: after a form was done (RFC 9110, section 15.4.4). `count`: of a notice that says one."""
    if notice is not None:
        visit(request).leave_notice(notice, count)
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
