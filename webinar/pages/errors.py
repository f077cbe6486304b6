"""Whatever goes wrong on a page ends on one page: what happened, what is safe, one thing to do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from webinar.base import db, log, times
from webinar.base.errors import Gone, Unavailable, WebinarError
from webinar.events.receipts import EventDeleted, Receipt
from webinar.pages.render import page
from webinar.pages.visit import visit

_log = log.get(__name__)

# Paths whose callers are programs: their errors are JSON, made by `webinar.api`.
MACHINE_PATHS: Final = ("/api/", "/whip/", "/whep/", "/hls/", "/static/", "/healthz", "/readyz", "/metrics")


def _(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class ErrorView:
    """What the page shows. `message` None: the error's own message is shown."""

    title: str
    message: str | None
    action: str
    href: str  # "": this page again
    picture: str = "alert"


class SeatCancelled(Gone):
    """A personal link of who cancelled; `href` leads to where they can register again."""

    code = "cancelled"

    def __init__(self, href: str) -> None:
        super().__init__("This registration was cancelled. Register again on the event page.")
        self.href = href


_AGAIN: Final = _("Try again")
_START: Final = _("Go to the start page")
_EVENT: Final = _("See the event page")
_BY_HOST: Final = _(
    "The host deleted “%(title)s” and all its data on %(day)s. If you need something of it, write to whoever invited"
    " you."
)
_BY_DATE: Final = _(
    "“%(title)s” and all its data were deleted on %(day)s, as its guests had been told. If you need something of it,"
    " write to whoever invited you."
)

BY_CODE: Final = {
    "form_expired": ErrorView(
        _("This form is no longer valid"),
        _("It was open for too long, or came from somewhere else. Nothing was changed. Open the page again."),
        _("Open the page again"),
        "",
        "clock",
    ),
    "link_invalid": ErrorView(
        _("This link does not work"),
        _("Part of it may be missing, it was replaced, or the event was deleted. Ask the host for your newest link."),
        _START,
        "/",
        "link",
    ),
    "link_revoked": ErrorView(
        _("This link was replaced"),
        _("The host made a new link, and only that one works. Ask them for it."),
        _START,
        "/",
        "link",
    ),
    "link_withdrawn": ErrorView(
        _("The host has withdrawn this link"),
        _("It opens nothing any more. If you still need one, ask the host for another."),
        _START,
        "/",
        "link",
    ),
    "link_used": ErrorView(
        _("This link was already used or has expired"),
        _("Links for signing in work once. Sign in with your address and password."),
        _("Sign in"),
        "/sign-in",
        "link",
    ),
    "cancelled": ErrorView(
        _("This registration was cancelled"),
        _("Your seat was given back. To come after all, register again on the event page."),
        _START,
        "/",
        "ticket",
    ),
    "full": ErrorView(
        _("No seat is left"),
        _("Raise the number of seats in the settings, or cancel another seat. Nothing was changed."),
        _("Open the page again"),
        "",
        "users",
    ),
    "setup_link_used": ErrorView(
        _("This setup link no longer works"),
        _("It works once and for one day. Start the server again: it prints a new link on its terminal."),
        _START,
        "/",
        "link",
    ),
    "owner_exists": ErrorView(
        _("This installation is set up already"),
        _("Its owner has an account. If it is yours, sign in."),
        _("Sign in"),
        "/sign-in",
        "check",
    ),
    "event_hidden": ErrorView(
        _("This event is not public at the moment"),
        _("If you have registered, nothing changes for you: your personal link works as before."),
        _START,
        "/",
        "eye-off",
    ),
    EventDeleted.code: ErrorView(_("This event was deleted"), None, _START, "/", "trash"),
    "event_not_found": ErrorView(
        _("We do not know this event"),
        _("The address may be mistyped, or the host deleted the event. Check the link in your invitation."),
        _START,
        "/",
        "search",
    ),
}

BY_STATUS: Final = {
    400: ErrorView(
        _("We could not read this"), _("Something is missing. Nothing was changed."), _("Open the page again"), ""
    ),
    401: ErrorView(
        _("Please sign in"), _("This page is for the host. Sign in to see it."), _("Sign in"), "/sign-in", "lock"
    ),
    403: ErrorView(_("This page is not open to you"), None, _START, "/", "lock"),
    404: ErrorView(
        _("There is nothing here"), _("The address may be mistyped or old. Check the link."), _START, "/", "search"
    ),
    405: ErrorView(
        _("There is nothing here"), _("The address may be mistyped or old. Check the link."), _START, "/", "search"
    ),
    409: ErrorView(_("This is not possible right now"), None, _("Open the page again"), ""),
    410: ErrorView(_("This is over"), None, _START, "/", "clock"),
    413: ErrorView(
        _("This is too long"),
        _("Shorten the text, then send it again. Nothing was changed."),
        _("Open the page again"),
        "",
    ),
    422: ErrorView(_("Something is not right yet"), None, _("Open the page again"), ""),
    429: ErrorView(
        _("One moment, please"),
        _("There were many tries from your network. Wait a minute, then try again."),
        _AGAIN,
        "",
        "clock",
    ),
    500: ErrorView(
        _("Something broke on our side"),
        _("What you saved before is safe. Try again; if it happens again, tell the host the number below."),
        _AGAIN,
        "",
    ),
    503: ErrorView(
        _("Back in a moment"),
        _("Part of the service is restarting. Nothing is lost, and this page tries again by itself."),
        _AGAIN,
        "",
        "refresh",
    ),
}


def _deleted(request: Request, receipt: Receipt) -> str:
    made = visit(request)
    on = times.day(times.local(receipt.destroyed_at, receipt.timezone), made.language)
    words = _BY_HOST if receipt.by_host else _BY_DATE
    return made.t(words, title=receipt.title, day=on)


def for_machines(path: str) -> bool:
    return path.startswith(MACHINE_PATHS)


def error_page(request: Request, error: Exception) -> Response:
    """The page for an error: ours, Starlette's, the database's absence, or a fault of the program (500, logged)."""
    if isinstance(error, WebinarError) and error.code == "sign_in_needed" and request.method in ("GET", "HEAD"):
        back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
        return RedirectResponse(f"/sign-in?next={back}", 303, {"Cache-Control": "no-store"})
    headers: dict[str, str] = {}
    incident = ""
    own_message = ""
    match error:
        case EventDeleted():
            status, code, own_message = error.status, error.code, _deleted(request, error.receipt)
        case WebinarError():
            status, code, own_message = error.status, error.code, visit(request).t(error.message)
            if error.retry_after_s is not None:
                headers["Retry-After"] = str(error.retry_after_s)
        case HTTPException():
            status, code = error.status_code, ""
            headers.update(error.headers or {})
        case _ if db.is_down(error):
            _log.warning("database is away", path=visit(request).path, error=type(error).__name__)
            status, code = Unavailable.status, Unavailable.code
        case _:
            status, code, incident = 500, "internal", secrets.token_hex(4)
            _log.error("page failed", path=visit(request).path, incident=incident, exc_info=error)
    view = BY_CODE.get(code) or BY_STATUS.get(status) or BY_STATUS[500 if status >= 500 else 400]
    if isinstance(error, SeatCancelled):
        view = replace(view, action=_EVENT, href=error.href)
    if status == 503:
        headers.setdefault("Retry-After", "5")
    # A form that was sent is not sent again by "Try again": the action is a link to the page it stood on.
    context = {
        "view": view,
        "status": status,
        "code": code,
        "incident": incident,
        "message": view.message or own_message or BY_STATUS[400].message,
        "href": view.href or visit(request).path,
    }
    return page(request, "errors/error.html", context, status, headers=headers)
