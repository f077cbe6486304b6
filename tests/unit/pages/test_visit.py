from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from webinar.base import i18n
from webinar.base.errors import Forbidden
from webinar.base.tokens import Purpose, Tokens
from webinar.pages.forms import check_origin
from webinar.pages.notices import TEXTS, Notice
from webinar.pages.screen import safe_next
from webinar.pages.visit import VISIT_COOKIE, Visit

TOKENS = Tokens("a secret of at least thirty-two characters")
CATALOGUES = i18n.load_all()


def request(query: str = "", cookies: dict[str, str] | None = None, **headers: str) -> Request:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if cookies:
        lines.append((b"cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()).encode()))
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/e/talk", "query_string": query.encode(), "headers": lines,
        "server": ("localhost", 8000), "scheme": "http",
    }  # fmt: skip
    return Request(scope)


def visit(query: str = "", cookies: dict[str, str] | None = None, *, secure: bool = False, **headers: str) -> Visit:
    return Visit(request(query, cookies, **headers), TOKENS, CATALOGUES, secure=secure)


def test_a_form_token_opens_only_with_the_cookie_it_was_made_for() -> None:
    first = visit()
    token = first.form_token()
    cookie = first.cookies.jar[VISIT_COOKIE].value
    visit(cookies={VISIT_COOKIE: cookie}).check_form(token)
    for other in (visit(), visit(cookies={VISIT_COOKIE: "x" * 32}), visit(cookies={VISIT_COOKIE: ""})):
        with pytest.raises(Forbidden):
            other.check_form(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\u0000", "é" * 100])
def test_what_is_no_form_token_is_refused(token: str) -> None:
    with pytest.raises(Forbidden):
        visit(cookies={VISIT_COOKIE: "x" * 32}).check_form(token)


def test_a_token_of_another_purpose_is_no_form_token() -> None:
    first = visit()
    first.form_token()
    token = TOKENS.sign(Purpose.VIEWER, {"visit": "anything"}, 60)
    with pytest.raises(Forbidden):
        visit(cookies={VISIT_COOKIE: first.cookies.jar[VISIT_COOKIE].value}).check_form(token)


def test_an_expired_form_token_is_refused() -> None:
    first = visit()
    first.form_token()
    cookie = first.cookies.jar[VISIT_COOKIE].value
    claims = TOKENS.read(Purpose.CSRF, first.form_token())
    expired = TOKENS.sign(Purpose.CSRF, {"visit": claims["visit"]}, -1)
    with pytest.raises(Forbidden):
        visit(cookies={VISIT_COOKIE: cookie}).check_form(expired)


def test_a_second_form_of_a_visit_keeps_the_cookie() -> None:
    again = visit(cookies={VISIT_COOKIE: "y" * 32})
    again.form_token()
    assert VISIT_COOKIE not in again.cookies.jar


def test_signing_in_makes_older_forms_invalid() -> None:
    first = visit()
    token = first.form_token()
    first.renew()
    with pytest.raises(Forbidden):
        visit(cookies={VISIT_COOKIE: first.cookies.jar[VISIT_COOKIE].value}).check_form(token)


def test_cookies_are_closed_to_scripts_and_other_sites_and_secure_on_https() -> None:
    made = visit(secure=True)
    made.form_token()
    line = made.cookies.jar[VISIT_COOKIE].OutputString()
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(line.split("; "))
    assert "Secure" not in visit("lang=en").cookies.jar["lang"].OutputString()


def test_language_and_theme_of_the_address_are_remembered() -> None:
    made = visit("lang=en&theme=dark", accept_language="ko")
    assert (made.language, made.theme) == ("en", "dark")
    assert (made.cookies.jar["lang"].value, made.cookies.jar["theme"].value) == ("en", "dark")


def test_nonsense_in_address_and_cookies_is_not_taken() -> None:
    made = visit(
        "lang=<script>&theme=url(x)", {"lang": "xx", "theme": "pink", "wb_notice": "<b>"}, accept_language="en"
    )
    assert (made.language, made.theme) == ("en", "auto")
    assert set(made.cookies.jar) <= {"wb_notice"}
    assert made.take_notice() is None


def test_the_events_language_is_for_who_shows_no_wish() -> None:
    silent, spoken = visit(), visit(accept_language="ko")
    silent.prefer("en")
    spoken.prefer("en")
    assert (silent.language, spoken.language) == ("en", "ko")


def test_a_switch_keeps_the_rest_of_the_address() -> None:
    assert visit("status=pending&lang=ko").switch(lang="en") == "/e/talk?status=pending&lang=en"


def test_a_notice_is_shown_once() -> None:
    made = visit(cookies={"wb_notice": Notice.EVENT_CREATED.value})
    assert made.take_notice() == (Notice.EVENT_CREATED, 0)
    assert made.cookies.jar["wb_notice"]["max-age"] == 0
    assert set(TEXTS) == set(Notice)
    assert visit(cookies={"wb_notice": "guest_waiting.12"}).take_notice() == (Notice.GUEST_WAITING, 12)
    assert visit(cookies={"wb_notice": "guest_waiting.-1"}).take_notice() == (Notice.GUEST_WAITING, 0)
    assert visit(cookies={"wb_notice": "12.guest_waiting"}).take_notice() is None


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nb",
        "/" + "x" * 600,
    ],
)
def test_signing_in_never_leads_elsewhere(target: str) -> None:
    assert safe_next(target) == "/"


def test_signing_in_leads_back() -> None:
    assert safe_next("/events/1?status=pending") == "/events/1?status=pending"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "origin": "null"},
        {"sec_fetch_site": "same-site", "origin": "http://localhost:8000"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8000.evil.example"},
        {"origin": ""},
    ],
)
def test_a_post_from_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        check_origin(request("", None, host="localhost:8000", **headers), "http://localhost:8000")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin", "origin": "null"},
        {"sec_fetch_site": "same-origin", "origin": "http://localhost:8000"},
        {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"},
        {},
    ],
)
def test_a_post_of_our_own_page_is_taken(headers: dict[str, str]) -> None:
    check_origin(request("", None, **headers), "http://localhost:8000")
