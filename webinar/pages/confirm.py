"""Questions before what cannot be taken back. A page of their own; with scripts the same words stand in a dialog."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from webinar.events.model import Event
from webinar.pages.render import page
from webinar.people.model import Account


class Question(enum.StrEnum):
    END_EVENT = "end_event"
    DELETE_EVENT = "delete_event"
    HIDE_EVENT = "hide_event"
    RENEW_PRESENTER_LINK = "renew_presenter_link"
    RENEW_MODERATOR_LINK = "renew_moderator_link"
    RENEW_STREAM_KEY = "renew_stream_key"
    REVOKE_ROLE_LINK = "revoke_role_link"
    CANCEL_GUEST = "cancel_guest"
    DECLINE_GUEST = "decline_guest"
    RENEW_LINK = "renew_link"
    CANCEL_OWN = "cancel_own"
    FORGET_ME = "forget_me"
    FORGET_GUEST = "forget_guest"
    ISSUE_CERTIFICATES = "issue_certificates"


@dataclass(frozen=True, slots=True)
class Words:
    """A title that asks, what will happen, and a button that says it."""

    title: str
    text: str
    button: str
    kind: str = "danger"


def _(message: str) -> str:
    return message


WORDS: Final[Mapping[Question, Words]] = {
    Question.END_EVENT: Words(
        _("End the event for everyone?"),
        _("The picture stops for all viewers, and the event cannot be started again. The recording follows at once."),
        _("End for everyone"),
    ),
    Question.DELETE_EVENT: Words(
        _("Delete this event?"),
        _(
            "Its people, chat, recording and files for guests are deleted for good, and all of its links stop working."
            " Certificates can still be checked, but their check page no longer has the name."
        ),
        _("Delete the event"),
    ),
    Question.HIDE_EVENT: Words(
        _("Make this event a draft again?"),
        _(
            "Nobody but hosts sees its page until you publish it. Who is on the list keeps their seat and their link;"
            " reminders and news of another time wait until then."
        ),
        _("Make it a draft"),
        "primary",
    ),
    Question.RENEW_PRESENTER_LINK: Words(
        _("Make a new presenter link?"),
        _("The link you gave out before stops working. Presenters need the new one."),
        _("Make a new link"),
    ),
    Question.RENEW_MODERATOR_LINK: Words(
        _("Make a new moderator link?"),
        _("The link you gave out before stops working, and consoles opened by it are closed."),
        _("Make a new link"),
    ),
    Question.RENEW_STREAM_KEY: Words(
        _("Make a new stream key?"),
        _("OBS and other programs that use the old key must be given the new one."),
        _("Make a new key"),
    ),
    Question.REVOKE_ROLE_LINK: Words(
        _("Revoke this link?"),
        _("It stops working at once, and what it opened is closed: the page, the chat, the stream if it is on air."),
        _("Revoke the link"),
    ),
    Question.CANCEL_GUEST: Words(
        _("Cancel this person's seat?"),
        _("Their personal link stops working, and the first of the waiting list gets the seat."),
        _("Cancel the seat"),
    ),
    Question.DECLINE_GUEST: Words(
        _("Decline this person?"),
        _("They cannot enter. You can still approve them later."),
        _("Decline"),
    ),
    Question.RENEW_LINK: Words(
        _("Make a new personal link?"),
        _("The old link stops working, for who is inside with it too. Send the person the new one."),
        _("Make a new link"),
    ),
    Question.CANCEL_OWN: Words(
        _("Cancel your registration?"),
        _("Your seat becomes free for somebody else. You can register again while there are seats."),
        _("Cancel my registration"),
    ),
    Question.FORGET_ME: Words(
        _("Delete your data?"),
        _(
            "Your name, your address, your answers and what you wrote are deleted for good, your seat becomes free, and"
            " your link stops working. This cannot be taken back."
        ),
        _("Delete my data"),
    ),
    Question.FORGET_GUEST: Words(
        _("Delete this person's data?"),
        _(
            "Their name, address, answers and what they wrote are deleted for good, their seat becomes free, and their"
            " link stops working. This cannot be taken back."
        ),
        _("Delete their data"),
    ),
    Question.ISSUE_CERTIFICATES: Words(
        _("Issue the certificates?"),
        _(
            "For three days after the end devices that were offline may still tell what was watched. Whose result"
            " changes then needs a new certificate."
        ),
        _("Issue the certificates"),
        "primary",
    ),
}


def ask(
    request: Request, account: Account | None, event: Event, question: Question, *, back: str, about: str = ""
) -> Response:
    """The page that asks; its form is sent to its own address."""
    context = {"account": account, "event": event, "words": WORDS[question], "back": back, "about": about}
    return page(request, "host/confirm.html" if account else "event/confirm.html", context, language=event.language)
