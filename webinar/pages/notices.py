"""What a page says once after something was done (a toast). Only a name travels in the cookie, and a number."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Notice(enum.StrEnum):
    WELCOME = "welcome"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    EVENT_CREATED = "event_created"
    EVENT_ENDED = "event_ended"
    GUEST_ADDED = "guest_added"
    GUEST_INVITED = "guest_invited"
    GUEST_KNOWN = "guest_known"
    GUEST_APPROVED = "guest_approved"
    GUEST_DECLINED = "guest_declined"
    GUEST_CANCELLED = "guest_cancelled"
    LINK_RENEWED = "link_renewed"
    PRESENTER_LINK_RENEWED = "presenter_link_renewed"
    MODERATOR_LINK_RENEWED = "moderator_link_renewed"
    STREAM_KEY_RENEWED = "stream_key_renewed"
    EVENT_CHANGED = "event_changed"
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_ENABLED = "webhook_enabled"
    WEBHOOK_RESENT = "webhook_resent"
    HOST_REMOVED = "host_removed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a notice
    EMAIL_ASKED = "email_asked"
    EMAIL_CHANGED = "email_changed"
    ROLE_LINK_MADE = "role_link_made"
    ROLE_LINK_REVOKED = "role_link_revoked"
    EVENT_DELETED = "event_deleted"
    CERTIFICATES_ISSUED = "certificates_issued"
    CERTIFICATE_REVOKED = "certificate_revoked"
    MY_DATA_SAVED = "my_data_saved"
    GUESTS_APPROVED = "guests_approved"
    GUESTS_DECLINED = "guests_declined"
    GUESTS_LEFT = "guests_left"
    GUESTS_WAITING = "guests_waiting"
    GUEST_WAITING = "guest_waiting"
    NO_SEAT = "no_seat"
    GUESTS_INVITED = "guests_invited"
    GUEST_FORGOTTEN = "guest_forgotten"
    LINK_SENT = "link_sent"
    LINKS_SENT = "links_sent"
    NOBODY_CHOSEN = "nobody_chosen"
    RULES_SAVED = "rules_saved"
    QUESTION_ADDED = "question_added"
    QUESTION_CHANGED = "question_changed"
    QUESTION_REMOVED = "question_removed"
    EVENT_DUPLICATED = "event_duplicated"
    EVENT_PUBLISHED = "event_published"
    EVENT_HIDDEN = "event_hidden"
    SERIES_MADE = "series_made"
    SERIES_EXTENDED = "series_extended"
    SERIES_CHANGED = "series_changed"
    ATTENDANCE_CORRECTED = "attendance_corrected"
    ATTENDANCE_RULES_SAVED = "attendance_rules_saved"
    FOLLOWUP_SENT = "followup_sent"
    FOLLOWUP_KNOWN = "followup_known"
    PAST_CREATED = "past_created"
    PAST_CHANGED = "past_changed"
    SEATS_KEPT = "seats_kept"
    CUT_ASKED = "cut_asked"
    CUT_DROPPED = "cut_dropped"
    CHAPTERS_SAVED = "chapters_saved"
    REPLAY_CHANGED = "replay_changed"
    CAPTIONS_SAVED = "captions_saved"
    CAPTIONS_REMOVED = "captions_removed"
    MAIL_SAVED = "mail_saved"
    MAIL_TESTED = "mail_tested"
    MAIL_AGAIN = "mail_again"


def _(message: str) -> str:
    return message


TEXTS: Final[Mapping[Notice, str]] = {
    Notice.WELCOME: _("Your account is ready. Welcome!"),
    Notice.SIGNED_IN: _("You are signed in."),
    Notice.SIGNED_OUT: _("You are signed out."),
    Notice.EVENT_CREATED: _("Your event is ready. Share its page, or add guests yourself."),
    Notice.EVENT_ENDED: _("The event has ended for everyone."),
    Notice.GUEST_ADDED: _("The guest was added. Send them their personal link."),
    Notice.GUEST_INVITED: _("The guest was added. A mail to them is on its way."),
    Notice.GUEST_KNOWN: _("This person is on the list already."),
    Notice.GUEST_APPROVED: _("Approved. Their personal link works now."),
    Notice.GUEST_DECLINED: _("Declined. They cannot enter."),
    Notice.GUEST_CANCELLED: _("Cancelled. The seat is free again."),
    Notice.LINK_RENEWED: _("A new personal link was made. The old one no longer works."),
    Notice.PRESENTER_LINK_RENEWED: _("A new presenter link was made. The old one no longer works."),
    Notice.MODERATOR_LINK_RENEWED: _("A new moderator link was made. The old one no longer works."),
    Notice.STREAM_KEY_RENEWED: _("A new stream key was made. The old one no longer works."),
    Notice.WEBHOOK_DELETED: _("The webhook is deleted. It is told nothing more."),
    Notice.WEBHOOK_ENABLED: _("The webhook is told again from now on."),
    Notice.WEBHOOK_RESENT: _("The message is sent once more."),
    Notice.HOST_REMOVED: _("The host was removed. Their events are yours now."),
    Notice.PASSWORD_CHANGED: _("Your password is changed. Every other browser is signed out."),
    Notice.EMAIL_ASKED: _("A letter is on its way to the new address. The link in it makes the change."),
    Notice.EMAIL_CHANGED: _("Your e-mail address is changed. Sign in with it from now on."),
    Notice.ROLE_LINK_MADE: _("The link is ready. Copy it, and give it to that person alone."),
    Notice.ROLE_LINK_REVOKED: _("The link was revoked. What it opened is closed."),
    Notice.EVENT_CHANGED: _("Your changes are saved."),
    Notice.EVENT_DELETED: _("The event was deleted."),
    Notice.CERTIFICATES_ISSUED: _("The certificates are issued."),
    Notice.CERTIFICATE_REVOKED: _("The certificate is void from now on."),
    Notice.MY_DATA_SAVED: _("Your changes are saved."),
    Notice.GUESTS_APPROVED: _("Approved. Their personal links work now."),
    Notice.GUESTS_DECLINED: _("Declined. They cannot enter."),
    Notice.GUESTS_LEFT: _("Done as far as seats were left. Some stay where they were."),
    Notice.GUESTS_WAITING: _("Done as far as seats were left. The others are on the waiting list."),
    Notice.GUEST_WAITING: _("No seat is left: they are number %(count)s of the waiting list."),
    Notice.NO_SEAT: _("No seat is left. Raise the number of seats, or free one."),
    Notice.GUESTS_INVITED: _("The guests were added."),
    Notice.GUEST_FORGOTTEN: _("The person's data was deleted."),
    Notice.LINK_SENT: _("The personal link is on its way by mail."),
    Notice.LINKS_SENT: _("The personal links are on their way by mail."),
    Notice.NOBODY_CHOSEN: _("Choose somebody first."),
    Notice.RULES_SAVED: _("Your changes are saved."),
    Notice.QUESTION_ADDED: _("The question is on the form now."),
    Notice.QUESTION_CHANGED: _("The question was changed."),
    Notice.QUESTION_REMOVED: _("The question is off the form. What was answered stays with the people."),
    Notice.EVENT_DUPLICATED: _("The copy is a draft. Change what you like, then publish it."),
    Notice.EVENT_PUBLISHED: _("Published. Everybody with the link can see the page now."),
    Notice.EVENT_HIDDEN: _("The event is a draft again. Only hosts see it."),
    Notice.SERIES_EXTENDED: _("The dates are added. Each is an event of its own."),
    Notice.SERIES_MADE: _("The series is made. Each date is an event of its own."),
    Notice.SERIES_CHANGED: _("This event and those after it are changed."),
    Notice.ATTENDANCE_RULES_SAVED: _("The rules are saved, and everybody is judged by them."),
    Notice.ATTENDANCE_CORRECTED: _("The correction is noted, with your name and the reason."),
    Notice.FOLLOWUP_SENT: _("The follow-up mails are on their way. %(count)s people get one."),
    Notice.PAST_CREATED: _("The event was made, but its date is over. Change it in the settings if that is a slip."),
    Notice.PAST_CHANGED: _("Your changes are saved. The date is over: change it if that is a slip."),
    Notice.SEATS_KEPT: _("Your changes are saved. %(count)s have a seat, and nobody loses theirs."),
    Notice.FOLLOWUP_KNOWN: _("No mail was sent: everybody has theirs already."),
    Notice.CUT_ASKED: _("The recording is being cut. This page shows how far it is."),
    Notice.CUT_DROPPED: _("The whole recording is given out again."),
    Notice.CHAPTERS_SAVED: _("The chapters are saved."),
    Notice.REPLAY_CHANGED: _("Who may watch the replay is saved."),
    Notice.CAPTIONS_SAVED: _("The captions are there now."),
    Notice.CAPTIONS_REMOVED: _("The captions were removed."),
    Notice.MAIL_SAVED: _("This letter is saved as you want it."),
    Notice.MAIL_TESTED: _("The test is on its way to your own address."),
    Notice.MAIL_AGAIN: _("The letter goes out once more."),
}
