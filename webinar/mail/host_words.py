"""Our own words of letters to people who host. English here; other languages are in the catalogues (`mail.po`)."""

from __future__ import annotations

from typing import Final

from webinar.mail.words import Own


def _(message: str) -> str:
    return message


FORGOTTEN_TITLE: Final = _("Choose a new password")
FORGOTTEN: Final = Own(
    _("Choose a new password"),
    _(
        "Hello {name},\n\nsomebody asked for a new password for the account {email}.\n\n{link}\n\nThe link works once,"
        " for one hour. Whoever is signed in with this account is signed out when you choose the new password.\n\nIf it"
        " was not you, there is nothing to do: your password stays as it is."
    ),
    _("Choose a new password"),
)
WHY_FORGOTTEN: Final = _("You get this mail because somebody typed this address under “Forgot your password?”.")

NEW_ADDRESS_TITLE: Final = _("Your new e-mail address")
NEW_ADDRESS: Final = Own(
    _("Confirm your new e-mail address"),
    _(
        "Hello {name},\n\nthe account {old} is to have the address {email} from now on.\n\n{link}\n\nThe link works"
        " once, for 24 hours. Until you confirm it, everything stays as it is.\n\nIf it was not you, there is nothing"
        " to do."
    ),
    _("Confirm this address"),
)
WHY_NEW_ADDRESS: Final = _("You get this mail because somebody typed this address as their new one.")

ADDRESS_ASKED_TITLE: Final = _("Another address for your account")
ADDRESS_ASKED: Final = Own(
    _("Your e-mail address is about to change"),
    _(
        "Hello {name},\n\nsomebody who is signed in as you asked for another address of the account {old}: {email}. It"
        " changes as soon as the link in the letter there is opened and confirmed.\n\nIf it was not you,"
        " choose another password now: that link is void then, and everybody else is signed out.\n\n{link}"
    ),
    _("Open my account"),
)
WHY_ADDRESS_ASKED: Final = _("You get this mail because this is the address of your account until now.")

DESTROYED: Final = Own(
    _("Deleted on {day}: {title}"),
    _(
        "Hello {name},\n\non {at} everything of this event is deleted for good, as its guests were promised:\n\n{what}"
        "\n\nTake along before that what you want to keep: the report has the recording, attendance, questions and all"
        " other lists to download.\n\n{link}\n\nAfterwards nobody can bring anything back. Only a receipt without names"
        " stays. Certificates that you gave out can still be checked; they name nobody then."
    ),
    _("Open the report"),
)
WHY_DESTROYED: Final = _("You get this mail because this is your event. It is sent once, a week before.")

_STILL_LIVE_TITLE: Final = _("Still on air: {title}")
_STILL_LIVE_BUTTON: Final = _("Open the event")
STILL_LIVE: Final = Own(
    _STILL_LIVE_TITLE,
    _(
        "Hello {name},\n\nthe planned end of this event has passed, and nobody has ended it. It ends by itself on {at}"
        " unless somebody sends again or you plan a later end. Until then it goes on being recorded.\n\nIf it is over,"
        " press End for everyone: report and replay are there at once.\n\n{link}"
    ),
    _STILL_LIVE_BUTTON,
)
# Where only a later end helps: an event has its longest time.
CUT_OFF: Final = Own(
    _STILL_LIVE_TITLE,
    _(
        "Hello {name},\n\nthe planned end of this event has passed, and nobody has ended it. It ends by itself on {at},"
        " also while somebody sends, unless you plan a later end. Until then it goes on being recorded.\n\nIf it is"
        " over, press End for everyone: report and replay are there at once.\n\n{link}"
    ),
    _STILL_LIVE_BUTTON,
)
WHY_STILL_LIVE: Final = _(
    "You get this mail because this is your event. It is sent when an event that nobody ends is about to end by itself."
)

ENDED_ITSELF: Final = Own(
    _("Ended by itself: {title}"),
    _(
        "Hello {name},\n\nthis event was to end at {planned}, and nobody ended it. So it ended by itself at {at}, for"
        " everyone.\n\nReport and recording are there. The recording holds everything until then, also what came after"
        " the talks: on its page you choose the part that your guests see.\n\n{link}"
    ),
    _("Open the recording"),
)
WHY_ENDED_ITSELF: Final = _(
    "You get this mail because this is your event. It is sent once, when an event that nobody ended has ended by"
    " itself."
)

# What is deleted, with its number, in this order.
COUNTED: Final = (
    ("people", _("People with their registrations and answers: %(n)s")),
    ("log_entries", _("Attendance: %(n)s entries in the log")),
    ("messages", _("Chat messages: %(n)s")),
    ("questions", _("Questions: %(n)s")),
    ("polls", _("Polls: %(n)s")),
    ("recordings", _("Recordings: %(n)s")),
    ("pictures", _("Pictures: %(n)s")),
    ("files", _("Files for guests: %(n)s")),
)
EVERYTHING_ELSE: Final = _("The event itself, its page, letters and links")
