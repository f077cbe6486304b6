"""Our own words for each kind of letter. English here; other languages are in the catalogues (`mail.po`).

A line that is nothing but `{link}` becomes a button. Above the words stands what the event is and when; below them why
this letter came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from webinar.mail.model import Kind, Shown


def _(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class Own:
    """Subject, text, and what the button says."""

    subject: str
    text: str
    button: str = ""


_ENTER: Final = _("Enter the event")
_PAGE: Final = _("To the event page")
_OWN_LINK: Final = _("Open my link")

OWN: Final[Mapping[Kind, Own]] = {
    Kind.CONFIRMED: Own(
        _("You are registered: {title}"),
        _(
            "Hello {name},\n\nyour seat is reserved.\n\n{link}\n\nThis is your personal way in: please do not pass it"
            " on. You need no account and no app. The calendar entry is attached."
        ),
        _ENTER,
    ),
    Kind.PENDING: Own(
        _("We have your registration: {title}"),
        _(
            "Hello {name},\n\nthank you for registering. The host looks at each registration; you get another mail as"
            " soon as yours is decided.\n\n{link}"
        ),
        _("See my registration"),
    ),
    Kind.WAITING: Own(
        _("You are on the waiting list: {title}"),
        _(
            "Hello {name},\n\nall seats are taken just now. You are number {place} on the waiting list. As soon as a"
            " seat becomes free for you, we write to you.\n\n{link}"
        ),
        _("See my registration"),
    ),
    Kind.APPROVED: Own(
        _("You have a seat: {title}"),
        _(
            "Hello {name},\n\ngood news: a seat is reserved for you.\n\n{link}\n\nThis is your personal way in: please"
            " do not pass it on. You need no account and no app. The calendar entry is attached."
        ),
        _ENTER,
    ),
    Kind.DECLINED: Own(
        _("About your registration: {title}"),
        _("Hello {name},\n\nwe are sorry: the host could not give you a seat this time. Thank you for your interest."),
        _PAGE,
    ),
    Kind.INVITED: Own(
        _("You are invited: {title}"),
        _(
            "Hello {name},\n\nyou are invited, and a seat is reserved for you. There is nothing to fill in.\n\n{link}"
            "\n\nThis is your personal way in: please do not pass it on. You need no account and no app. If you cannot"
            " come, cancel on the same page, and somebody else gets the seat."
        ),
        _ENTER,
    ),
    Kind.CANCELLED: Own(
        _("Your registration is cancelled: {title}"),
        _(
            "Hello {name},\n\nyour registration is cancelled and your seat is free for somebody else. If that was a"
            " mistake, register again on the event page.\n\n{link}"
        ),
        _PAGE,
    ),
    Kind.LINK: Own(
        _("Your link: {title}"),
        _(
            "Hello {name},\n\nhere is your personal link once more. If you did not ask for it, you need not do"
            " anything.\n\n{link}"
        ),
        _ENTER,
    ),
    Kind.CHANGED: Own(
        _("Changed: {title}"),
        _(
            "Hello {name},\n\nplease note what has changed. From now on this holds:\n\n{title}\n{when}\n\n{link}\n\n"
            "Your link stays the same. If the event is in your calendar, the new entry takes the place of the earlier"
            " one."
        ),
        _ENTER,
    ),
    Kind.CALLED_OFF: Own(
        _("Called off: {title}"),
        _(
            "Hello {name},\n\nwe are sorry: this event does not take place. The calendar entry that is attached removes"
            " it from your calendar."
        ),
    ),
    Kind.DAY: Own(
        _("Reminder: {title}"),
        _("Hello {name},\n\nthe event is near: {when}.\n\n{link}\n\nYou can open the link now and test your sound."),
        _ENTER,
    ),
    Kind.HOUR: Own(
        _("Soon: {title}"),
        _("Hello {name},\n\nthe event starts soon: {when}.\n\n{link}"),
        _ENTER,
    ),
    Kind.SOON: Own(
        _("Starting now: {title}"),
        _("Hello {name},\n\nit is about to start. Come in: we are waiting for you.\n\n{link}"),
        _ENTER,
    ),
    Kind.THANKS: Own(
        _("Thank you for coming: {title}"),
        _("Hello {name},\n\nthank you for being there.\n\n{recording}\n\n{link}"),
        _OWN_LINK,
    ),
    Kind.MISSED: Own(
        _("We missed you: {title}"),
        _("Hello {name},\n\nyou were registered but could not be there.\n\n{recording}\n\n{link}"),
        _OWN_LINK,
    ),
    Kind.CERTIFICATE: Own(
        _("Your certificate: {title}"),
        _("Hello {name},\n\nyour certificate of attendance is ready.\n\n{link}"),
        _("Get the certificate"),
    ),
}

# What `{recording}` stands for in follow-ups; and what their button says where it can be watched.
RECORDING: Final[Mapping[Shown, str]] = {
    Shown.NOT: "",
    Shown.SOON: _("The recording is being made ready. In a while you can watch it by this link:"),
    Shown.NOW: _("You can watch the recording by this link:"),
}
WATCH: Final = _("Watch the recording")

# Below the words of each letter.
WHY: Final = _("You get this mail because you are registered for this event with this address.")
WHY_INVITED: Final = _("You get this mail because the host invited you with this address.")
WHY_TEST: Final = _("This is a test: what you see is an example of what people get.")
OWN_DATA: Final = _("See, correct, cancel or delete my registration")
NO_MORE: Final = _("No more mail about this event")
EVENT_PAGE: Final = _("Event page")
EXAMPLE_NAME: Final = _("Hana Kim")

# As the host's page names them, and when each goes out.
NAMES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.CONFIRMED: (_("Registration confirmed"), _("At once, to who registers and gets a seat")),
    Kind.PENDING: (_("Registration received"), _("At once, when you approve each registration")),
    Kind.WAITING: (_("On the waiting list"), _("At once, when all seats are taken")),
    Kind.APPROVED: (_("Approved or moved up"), _("When you approve, or a seat becomes free")),
    Kind.DECLINED: (_("Not approved"), _("When you decline a registration")),
    Kind.INVITED: (_("Invitation"), _("When you add or invite people")),
    Kind.CANCELLED: (_("Registration cancelled"), _("When a person or you cancel a registration")),
    Kind.LINK: (_("Personal link again"), _("When somebody asks for it on the event page")),
    Kind.CHANGED: (_("Changed time or title"), _("A minute after you change them, with the calendar entry")),
    Kind.CALLED_OFF: (_("Called off"), _("When you delete an event before it takes place")),
    Kind.DAY: (_("First reminder"), _("Before the start")),
    Kind.HOUR: (_("Second reminder"), _("Before the start")),
    Kind.SOON: (_("Last reminder"), _("Before the start")),
    Kind.THANKS: (_("To those who came"), _("After the end")),
    Kind.MISSED: (_("To those who did not come"), _("After the end")),
    Kind.CERTIFICATE: (_("Certificate"), _("When you issue certificates")),
}
