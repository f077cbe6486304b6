"""What a page says once after something was done (a toast). Only names travel in the cookie, never text."""

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
    GUEST_KNOWN = "guest_known"
    GUEST_APPROVED = "guest_approved"
    GUEST_DECLINED = "guest_declined"
    GUEST_CANCELLED = "guest_cancelled"
    LINK_RENEWED = "link_renewed"
    PRESENTER_LINK_RENEWED = "presenter_link_renewed"
    MODERATOR_LINK_RENEWED = "moderator_link_renewed"
    STREAM_KEY_RENEWED = "stream_key_renewed"
    EVENT_CHANGED = "event_changed"
    EVENT_DELETED = "event_deleted"


def _(message: str) -> str:
    return message


TEXTS: Final[Mapping[Notice, str]] = {
    Notice.WELCOME: _("Your account is ready. Welcome!"),
    Notice.SIGNED_IN: _("You are signed in."),
    Notice.SIGNED_OUT: _("You are signed out."),
    Notice.EVENT_CREATED: _("Your event is ready. Share its page, or add guests yourself."),
    Notice.EVENT_ENDED: _("The event has ended for everyone."),
    Notice.GUEST_ADDED: _("The guest was added. Send them their personal link."),
    Notice.GUEST_KNOWN: _("This person is on the list already."),
    Notice.GUEST_APPROVED: _("Approved. Their personal link works now."),
    Notice.GUEST_DECLINED: _("Declined. They cannot enter."),
    Notice.GUEST_CANCELLED: _("Cancelled. The seat is free again."),
    Notice.LINK_RENEWED: _("A new personal link was made. The old one no longer works."),
    Notice.PRESENTER_LINK_RENEWED: _("A new presenter link was made. The old one no longer works."),
    Notice.MODERATOR_LINK_RENEWED: _("A new moderator link was made. The old one no longer works."),
    Notice.STREAM_KEY_RENEWED: _("A new stream key was made. The old one no longer works."),
    Notice.EVENT_CHANGED: _("Your changes are saved."),
    Notice.EVENT_DELETED: _("The event was deleted."),
}
