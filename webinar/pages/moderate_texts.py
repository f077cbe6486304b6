"""What the scripts of the moderators' console say; `{name}` is theirs to fill in."""

from __future__ import annotations

from typing import Final

from webinar.pages.room_texts import Table


def _(message: str) -> str:
    return message


_ACTS: Final[Table] = {
    "approve": _("Approve"),
    "bring_back": _("Bring back"),
    "refuse": _("Refuse"),
    "delete": _("Delete"),
    "mute": _("Mute this person"),
    "unmute": _("Lift the mute"),
    "ban": _("Ban"),
    "unban": _("Lift the ban"),
    "pin": _("Pin"),
    "unpin": _("Unpin"),
    "reply": _("Reply"),
    "mute_whom": _("Mute {name}?"),
    "ban_whom": _("Ban {name} from the chat?"),
    "delete_all": _("Remove all of their messages"),
    "did_approve": _("Approved a message of {name}."),
    "did_restore": _("Brought back a message of {name}."),
    "did_reject": _("Refused a message of {name}."),
    "did_delete": _("Deleted a message of {name}."),
    "did_delete_person": _("Removed all messages of {name}."),
    "did_mute": _("{name} is muted."),
    "did_unmute": _("{name} may write again."),
    "did_ban": _("{name} is banned."),
    "did_unban": _("The ban of {name} is lifted."),
    "did_pin": _("Pinned a message of {name}."),
    "did_unpin": _("Unpinned the message of {name}."),
    "did_settings": _("The setting holds now."),
    "nothing_to_undo": _("There is nothing to undo."),
    "undone": _("Taken back: {what}"),
}

_ROWS: Final[Table] = {
    "anonymous": _("Anonymous"),
    "role_host": _("Host"),
    "role_presenter": _("Speaker"),
    "role_moderator": _("Moderator"),
    "no_text": _("(no text)"),
    "is_question": _("Question"),
    "is_announcement": _("Announcement"),
    "is_banned": _("Banned"),
    "is_muted": _("Muted"),
    "is_pinned": _("Pinned"),
    "is_removed": _("Removed"),
    "removed_by": _("Removed by {name}"),
    "why_word": _("Has a blocked word"),
    "looks_at_this": _("{name} is looking at this"),
    "new_messages": _("New messages ({n})"),
    "held_waits": _("A message waits for review."),
    "people": _("{n} in the chat"),
    "people_total": _("{n} people"),
    "is_here": _("Here"),
    "is_away": _("Away"),
    "muted_until": _("Muted until {time}"),
    "hand_is_up": _("Hand raised"),
    "called": _("Called"),
    "call": _("Call"),
    "hand_down": _("Take the hand down"),
    "did_hand_called": _("{name} was called."),
    "did_hand_down": _("The hand of {name} is down."),
}

_QUESTIONS: Final[Table] = {
    "votes": _("{n} votes"),
    "to_queue": _("Into the queue"),
    "to_screen": _("On screen"),
    "to_answered": _("Answered"),
    "to_new": _("Back to new"),
    "merge": _("Merge into another"),
    "merge_here": _("Merge into this one"),
    "dismiss": _("Dismiss"),
    "question_new": _("New"),
    "question_queue": _("In the queue"),
    "question_screen": _("On screen"),
    "question_answered": _("Answered"),
    "question_dismissed": _("Dismissed"),
    "question_merged": _("Merged into another"),
    "did_question_new": _("The question is new again."),
    "did_question_queue": _("The question is in the queue."),
    "did_question_screen": _("The question is on screen."),
    "did_question_answered": _("The question is answered."),
    "did_question_dismissed": _("The question is dismissed."),
    "did_merge": _("The questions are one now."),
}

_POLLS: Final[Table] = {
    "poll_edit": _("Edit"),
    "poll_open": _("Open the poll"),
    "poll_again": _("Open again"),
    "poll_close": _("Close the poll"),
    "poll_share": _("Show results"),
    "poll_hide": _("Hide results"),
    "poll_remove": _("Remove"),
    "poll_is_draft": _("Draft"),
    "poll_is_open": _("Open now"),
    "poll_is_closed": _("Closed"),
    "poll_is_shared": _("Results shown"),
    "poll_anonymous": _("Anonymous"),
    "poll_answers": _("{n} answers"),
    "option_n": _("Option {n}"),
    "is_correct": _("This is correct"),
    "drop_option": _("Remove this option"),
    "poll_needs_question": _("Write what you ask."),
    "poll_needs_options": _("Write at least two options."),
    "poll_one_correct": _("Only one of these can be correct."),
    "did_poll_save": _("The poll is kept."),
    "did_poll_open": _("The poll is open."),
    "did_poll_closed": _("The poll is closed."),
    "did_poll_shared": _("Everybody sees the results."),
    "did_poll_removed": _("The poll is removed."),
}

_ROOM: Final[Table] = {
    "connecting": _("Connecting…"),
    "reconnecting": _("Reconnecting… you do not have to do anything."),
    "mode_ended": _("The event has ended"),
    "mode_frozen": _("Frozen"),
    "mode_hosts": _("Hosts only"),
    "mode_questions": _("Questions only"),
    "mode_review": _("Held for review"),
    "mode_slow": _("Slow: {n} s"),
    "nak_forbidden": _("You may not do this."),
    "nak_ended": _("The event has ended: the chat can only be read."),
    "nak_bad_target": _("This is not there any more."),
    "nak_limit": _("There are too many of these already."),
    "nak_rate": _("That was too quick. Try again in a moment."),
    "nak_too_long": _("This message is too long."),
    "nak_down": _("The chat did not answer. Try again when it is back."),
    "nak_other": _("That was not possible."),
    "bye_gone": _("The chat of this event is closed."),
    "bye_revoked": _("This link is not valid any more."),
    "bye_other": _("The chat is closed on this page. Reload the page to open it again."),
}

CONSOLE: Final[Table] = {**_ACTS, **_ROWS, **_QUESTIONS, **_POLLS, **_ROOM}
