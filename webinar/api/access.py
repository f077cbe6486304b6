"""Who is calling: bearer credentials of the API, and the tokens that pages hand to their scripts."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from webinar.base.errors import Gone, Unauthenticated
from webinar.base.settings import Settings
from webinar.base.tokens import Purpose, Tokens
from webinar.events.model import Event, Moderator
from webinar.events.role_model import LinkRole, RoleLink
from webinar.people.service import PeopleService
from webinar.registration.model import Attendee
from webinar.registration.short_form import seen_as

TOKEN_TTL: Final = timedelta(hours=12)
CHAT_TTL: Final = timedelta(seconds=120)
# A longer credential is no token of ours; not hashed, not parsed.
_LONGEST: Final = 4096

StudioRole = Literal["host", "presenter"]
ChatRole = Literal["attendee", "moderator", "host", "presenter"]


class Caller(enum.StrEnum):
    """Kinds of callers; each operation of the API lists those it serves."""

    HOST = "host"  # an API token
    STUDIO = "studio"  # a studio page of one event
    MODERATOR = "moderator"  # a console by the moderators' link, of one event
    VIEWER = "viewer"  # one attendee of one event


HOST: Final = frozenset({Caller.HOST})
HOST_OR_STUDIO: Final = frozenset({Caller.HOST, Caller.STUDIO})
STAFF: Final = frozenset({Caller.HOST, Caller.STUDIO, Caller.MODERATOR})
VIEWER: Final = frozenset({Caller.VIEWER})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, and which event they are bound to (None: every event)."""

    caller: Caller
    event_id: uuid.UUID | None = None
    role: str = "host"
    person: str = ""  # attendee id, "host:<account>", "presenter", "moderator:<id>", "api:<token>"
    name: str = ""
    version: int = 0  # of the link that this access came from
    visit: str = ""  # of a viewer: which of their pages, as `webinar.api.places` stamps it
    link: uuid.UUID | None = None  # a link by role: this access is void with it
    number: int = 0  # of a viewer: as `Attendee.number`

    @property
    def account(self) -> uuid.UUID | None:
        """The host's whose page calls; None for everybody else."""
        kind, _, number = self.person.partition(":")
        return uuid.UUID(number) if self.caller is Caller.STUDIO and kind == "host" and number else None


class Access:
    """Makes and reads the tokens of pages, players and studios."""

    def __init__(self, settings: Settings, tokens: Tokens, people: PeopleService) -> None:
        self._settings = settings
        self._tokens = tokens
        self._people = people

    # -- made for pages ------------------------------------------------------------------------------------------

    def viewer_token(self, attendee: Attendee, visit: str = "") -> str:
        """For one approved attendee: playback and WHEP of their event, 12 h, void when their link is renewed.

        One with a `visit` is of a page: it takes the person's place, and loses it to their next page.
        """
        claims = {
            "event": str(attendee.event_id),
            "attendee": str(attendee.id),
            "name": attendee.name,
            "n": attendee.number,
            "v": attendee.link_version,
        }
        if visit:
            claims["visit"] = visit
        return self._tokens.sign(Purpose.VIEWER, claims, TOKEN_TTL.total_seconds())

    def studio_token(self, event: Event, role: StudioRole, account: uuid.UUID | None = None, name: str = "") -> str:
        """For one studio page: the calls it makes for its event, 12 h. A presenter's is void with their link."""
        person = f"host:{account}" if role == "host" and account is not None else role
        claims: dict[str, Any] = {"event": str(event.id), "role": role, "person": person, "name": name}
        if role == "presenter":
            claims["v"] = event.presenter_link_version
        return self._tokens.sign(Purpose.STUDIO, claims, TOKEN_TTL.total_seconds())

    def role_token(self, link: RoleLink) -> str:
        """For the page that a link by role opened: studio, console, or a co-host's; void with the link."""
        claims: dict[str, Any] = {"event": str(link.event_id), "name": link.name, "link": str(link.id)}
        if link.role is LinkRole.MODERATOR:
            return self._tokens.sign(
                Purpose.CONSOLE, {**claims, "moderator": str(link.id), "v": 0}, TOKEN_TTL.total_seconds()
            )
        role: StudioRole = "host" if link.role is LinkRole.COHOST else "presenter"
        return self._tokens.sign(
            Purpose.STUDIO, {**claims, "role": role, "person": link.person}, TOKEN_TTL.total_seconds()
        )

    def cohost_cookie(self, link: RoleLink, ttl: timedelta) -> str:
        """What a co-host's browser keeps: void with the link."""
        return self._tokens.sign(Purpose.COHOST, {"link": str(link.id)}, ttl.total_seconds())

    def cohost(self, cookie: str) -> uuid.UUID | None:
        """The link of such a cookie; None for any other text. It may have been revoked."""
        try:
            return uuid.UUID(str(self._tokens.read(Purpose.COHOST, cookie)["link"]))
        except (Gone, Unauthenticated):
            return None

    def console_token(self, moderator: Moderator, ttl: timedelta = TOKEN_TTL) -> str:
        """For one moderator's console: the calls it makes for its event; void when the link is renewed."""
        claims = {
            "event": str(moderator.event_id),
            "moderator": str(moderator.id),
            "name": moderator.name,
            "v": moderator.link_version,
        }
        return self._tokens.sign(Purpose.CONSOLE, claims, ttl.total_seconds())

    def moderator(self, token: str, event_id: uuid.UUID) -> uuid.UUID | None:
        """Whose console token that is, of this event; None for any other text. Their link may have been renewed."""
        try:
            claims = self._tokens.read(Purpose.CONSOLE, token)
        except (Gone, Unauthenticated):
            return None
        return uuid.UUID(str(claims["moderator"])) if claims["event"] == str(event_id) else None

    def chat_of_guest(self, event: Event, viewer: Principal) -> dict[str, str]:
        """As `chat`, under the name by which the event's guests see this one. The full name is not in it."""
        name = seen_as(viewer.name, viewer.number, event.language, names_shown=event.names_shown)
        return self.chat(event.id, viewer.person, "attendee", name, names_shown=event.names_shown)

    def chat(
        self, event_id: uuid.UUID, person: str, role: ChatRole, name: str, *, names_shown: bool | None = None
    ) -> dict[str, str]:
        """`{url, ticket}` of the chat service; the ticket opens a socket within 120 s. With `names_shown` only as long
        as that is the event's setting: `name` was chosen by it.
        """
        claims: dict[str, Any] = {"event": str(event_id), "person": person, "role": role, "name": name}
        if names_shown is not None:
            claims["names"] = names_shown
        return {
            "url": self._settings.chat_url,
            "ticket": self._tokens.sign(Purpose.CHAT, claims, CHAT_TTL.total_seconds()),
        }

    # -- read from requests --------------------------------------------------------------------------------------

    async def principal(self, authorization: str | None) -> Principal:
        """Who a bearer credential (RFC 6750) belongs to. Raises `Unauthenticated`."""
        token = bearer(authorization)
        api_token = await self._people.api_token(token)
        if api_token is not None:
            return Principal(Caller.HOST, person=f"api:{api_token.id}", name=api_token.name)
        expired = False
        for purpose, read in _READERS.items():
            try:
                claims = self._tokens.read(purpose, token)
            except Gone:
                expired = True
            except Unauthenticated:
                continue
            else:
                return read(claims)
        if expired:
            raise Unauthenticated("This token has expired. Open the page or your link again.", code="token_expired")
        raise Unauthenticated("This token is not valid.", code="token_invalid")

    def viewer(self, authorization: str | None) -> Principal:
        """The same for a viewer's token only, without PostgreSQL. Raises `Unauthenticated`."""
        try:
            return _viewer(self._tokens.read(Purpose.VIEWER, bearer(authorization)))
        except Gone as error:
            raise Unauthenticated("This token has expired. Open your link again.", code="token_expired") from error


def bearer(authorization: str | None) -> str:
    """The credential of an `Authorization: Bearer …` header. Raises `Unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send `Authorization: Bearer` with a token.", code="token_missing")
    if len(token) > _LONGEST or not token.isascii():
        raise Unauthenticated("This token is not valid.", code="token_invalid")
    return token


def _studio(claims: dict[str, Any]) -> Principal:
    return Principal(
        Caller.STUDIO,
        event_id=uuid.UUID(str(claims["event"])),
        role=str(claims["role"]),
        person=str(claims.get("person") or claims["role"]),
        name=str(claims.get("name", "")),
        version=int(claims.get("v", 0)),
        link=_link(claims),
    )


def _link(claims: dict[str, Any]) -> uuid.UUID | None:
    return uuid.UUID(str(claims["link"])) if "link" in claims else None


def _viewer(claims: dict[str, Any]) -> Principal:
    return Principal(
        Caller.VIEWER,
        event_id=uuid.UUID(str(claims["event"])),
        role="attendee",
        person=str(claims["attendee"]),
        name=str(claims["name"]),
        version=int(claims.get("v", 0)),
        visit=str(claims.get("visit", "")),
        number=int(claims.get("n", 0)),
    )


def _moderator(claims: dict[str, Any]) -> Principal:
    return Principal(
        Caller.MODERATOR,
        event_id=uuid.UUID(str(claims["event"])),
        role="moderator",
        person=f"moderator:{claims['moderator']}",
        name=str(claims["name"]),
        version=int(claims["v"]),
        link=_link(claims),
    )


_READERS: Final[Mapping[Purpose, Callable[[dict[str, Any]], Principal]]] = {
    Purpose.STUDIO: _studio,
    Purpose.CONSOLE: _moderator,
    Purpose.VIEWER: _viewer,
}
