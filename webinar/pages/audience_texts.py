"""What the scripts of the doors and of announcements say, in the console, the studio and the overview."""

from __future__ import annotations

from typing import Final

from webinar.pages.room_texts import Table


def _(message: str) -> str:
    return message


DOORS: Final[Table] = {
    "door_open": _("The doors are open."),
    "door_locked": _("The doors are locked: newcomers wait."),
    "lock_door": _("Lock the doors"),
    "open_door": _("Open the doors"),
    "let_in": _("Let in"),
    "let_in_whom": _("Let {name} in"),
    "did_lock_door": _("The doors are locked. Who is inside stays."),
    "did_open_door": _("The doors are open again."),
    "did_let_in": _("{name} may come in."),
    "did_let_all_in": _("All who waited may come in."),
    "door_failed": _("That was not possible just now. Try again in a moment."),
}

ANNOUNCING: Final[Table] = {
    "did_announce": _("Announced to everybody."),
    "announce_failed": _("The announcement did not go out. Try again in a moment."),
}
