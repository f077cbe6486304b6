"""One visit: what a request says of its reader (language, theme), what the next page needs (form token, notice)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final, Literal, cast
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from webinar.base import i18n
from webinar.base.errors import Forbidden, WebinarError
from webinar.base.i18n import Catalogue, Language
from webinar.base.tokens import Purpose, Tokens
from webinar.pages.in_app import InApp, recognised
from webinar.pages.notices import Notice

Theme = Literal["light", "dark", "auto"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark", "auto")

VISIT_COOKIE: Final = "wb_visit"
LANG_COOKIE: Final = "lang"
THEME_COOKIE: Final = "theme"
NOTICE_COOKIE: Final = "wb_notice"
_SCOPE_KEY: Final = "webinar.visit"
_YEAR_S: Final = 365 * 24 * 3600
_FORM_TTL_S: Final = 12 * 3600


@dataclass(slots=True)
class Cookies:
    """Cookies to set with the answer, in the order they were asked for."""

    secure: bool
    jar: SimpleCookie = field(default_factory=SimpleCookie)

    def set(self, name: str, value: str, *, max_age_s: int | None = None, http_only: bool = True) -> None:
        self.jar[name] = value
        morsel = self.jar[name]
        morsel["path"] = "/"
        morsel["samesite"] = "Lax"
        if max_age_s is not None:
            morsel["max-age"] = max_age_s
        if http_only:
            morsel["httponly"] = True
        if self.secure:
            morsel["secure"] = True

    def drop(self, name: str) -> None:
        self.set(name, "", max_age_s=0)

    def write(self, headers: MutableHeaders) -> None:
        for morsel in self.jar.values():
            headers.append("Set-Cookie", morsel.OutputString())


class Visit:
    """Made once a request by the middleware; `visit(request)` gives it."""

    def __init__(
        self, request: HTTPConnection, tokens: Tokens, catalogues: dict[Language, Catalogue], *, secure: bool
    ) -> None:
        self._request = request
        self._tokens = tokens
        self._catalogues = catalogues
        self.cookies = Cookies(secure)
        self._id = request.cookies.get(VISIT_COOKIE, "")
        self.theme: Theme = self._choose_theme()
        self._event_language: str | None = None
        self._remember_language()

    @property
    def path(self) -> str:
        return self._request.url.path

    @property
    def here(self) -> str:
        """Path and query of this page, as they stand in an address."""
        url = self._request.url
        return quote(url.path) + (f"?{url.query}" if url.query else "")

    @property
    def in_app(self) -> InApp | None:
        """The app whose own browser shows the page, if it is one."""
        return recognised(self._request.headers.get("user-agent", ""))

    @property
    def language(self) -> Language:
        query = self._request.query_params.get("lang")
        return i18n.choose(
            (query, self._request.cookies.get(LANG_COOKIE)),
            self._request.headers.get("accept-language", ""),
            self._event_language,
        )

    def prefer(self, language: str | None) -> None:
        """The event's language: taken when the visitor shows no wish of their own."""
        self._event_language = language

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogues[self.language]

    def t(self, message: str, **values: object) -> str:
        """`message` in the reader's language, `%(name)s` filled in."""
        text = self.catalogue.gettext(message)
        return text % values if values else text

    def switch(self, **wishes: str) -> str:
        """This page's address with another `lang` or `theme`; a query of the page's own stays."""
        url = self._request.url.remove_query_params(["lang", "theme"]).include_query_params(**wishes)
        return f"{url.path}?{url.query}"

    def form_token(self) -> str:
        """What a form carries in `csrf`: signed, 12 h, and of no use without this visit's cookie."""
        if not 20 <= len(self._id) <= 64:
            self._id = secrets.token_urlsafe(24)
            self.cookies.set(VISIT_COOKIE, self._id)
        return self._tokens.sign(Purpose.CSRF, {"visit": _digest(self._id)}, _FORM_TTL_S)

    def check_form(self, token: str) -> None:
        """Raises `Forbidden` unless `token` was put into a form of this very visit."""
        try:
            claims = self._tokens.read(Purpose.CSRF, token)
        except WebinarError as error:
            raise Forbidden("This form is no longer valid. Open the page again.", code="form_expired") from error
        if not self._id or not hmac.compare_digest(str(claims.get("visit", "")), _digest(self._id)):
            raise Forbidden("This form is no longer valid. Open the page again.", code="form_expired")

    def renew(self) -> None:
        """A new visit after signing in or out: forms opened before lose their validity."""
        self._id = secrets.token_urlsafe(24)
        self.cookies.set(VISIT_COOKIE, self._id)

    def leave_notice(self, notice: Notice, count: int | None = None) -> None:
        """Shown once, by the next page of this browser."""
        self.cookies.set(NOTICE_COOKIE, notice.value if count is None else f"{notice.value}.{count}", max_age_s=60)

    def take_notice(self) -> tuple[Notice, int] | None:
        value = self._request.cookies.get(NOTICE_COOKIE)
        if value is None:
            return None
        if NOTICE_COOKIE not in self.cookies.jar:
            self.cookies.drop(NOTICE_COOKIE)
        name, _, count = value.partition(".")
        if name not in Notice.__members__.values():
            return None
        return Notice(name), int(count) if count.isascii() and count.isdigit() and len(count) < 7 else 0

    def _choose_theme(self) -> Theme:
        wish = self._request.query_params.get("theme")
        if wish in THEMES:
            self.cookies.set(THEME_COOKIE, wish, max_age_s=_YEAR_S, http_only=False)
            return wish
        kept = self._request.cookies.get(THEME_COOKIE)
        return kept if kept in THEMES else "auto"

    def _remember_language(self) -> None:
        wish = i18n.known(self._request.query_params.get("lang"))
        if wish is not None:
            self.cookies.set(LANG_COOKIE, wish, max_age_s=_YEAR_S)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]


def attach(request: HTTPConnection, made: Visit) -> None:
    request.scope[_SCOPE_KEY] = made


def visit(request: HTTPConnection) -> Visit:
    """The visit of a request that came through `webinar.pages.middleware`."""
    return cast("Visit", request.scope[_SCOPE_KEY])
