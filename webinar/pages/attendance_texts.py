"""What the scripts of attendance say; `{name}` is theirs to fill in."""

from __future__ import annotations

from typing import Final

from webinar.pages.room_texts import Table


def _(message: str) -> str:
    return message


ATTENDANCE: Final[Table] = {
    "attend_counting": _("Attendance"),
    "attend_present": _("Present {n} min"),
    "attend_needs_share": _("{n}% needed"),
    "attend_needs_minutes": _("{n} min needed"),
    "attend_not_reached": _("Not reached"),
    "attend_passed": _("Attendance complete · {n} min"),
    "attend_head": _("What counts as attendance"),
    "attend_whole": _("The whole event"),
    "attend_no_rules": _("The host asks for nothing in particular. Your minutes are recorded."),
    "attend_share": _("Watched {have}% of it live, {n}% needed"),
    "attend_minutes": _("Watched {have} min of it live, {n} min needed"),
    "attend_entered": _("Checked in"),
    "attend_must_enter": _("Check in when the button is there"),
    "attend_left": _("Checked out"),
    "attend_must_leave": _("Check out at the end, with the button"),
    "attend_confirm": _("Answered {have} of {of} prompts, {n}% needed"),
    "attend_replay": _("Watched again: {n} min, counted apart"),
    "attend_honest": _("Counted is when the picture or the sound plays here, not what you look at."),
    "attend_kept": _("Kept on this device until the server answers"),
    "attend_enter": _("Check in"),
    "attend_leave": _("Check out"),
    "attend_enter_done": _("Checked in at {t}"),
    "attend_leave_done": _("Checked out at {t}"),
    "attend_enter_open": _("Check in before {t}"),
    "attend_leave_open": _("Check out before the event ends"),
    "attend_enter_missing": _("Check-in is missing"),
    "attend_leave_missing": _("Check-out is missing"),
    "attend_confirm_missing": _("Answered {have} of {of} prompts"),
    "attend_enter_later": _("Check-in opens at {t}"),
    "attend_asked": _("Are you still there?"),
    "attend_here": _("I'm here"),
    "attend_time_left": _("{t} left"),
    "attend_thanks": _("Thank you, noted."),
}
