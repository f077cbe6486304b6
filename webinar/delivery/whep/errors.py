"""What a WHEP request can be answered with besides an answer. SDP that cannot be used is `base.rtc.SdpError` (400)."""

from __future__ import annotations

from webinar.base.errors import WebinarError


class WhepError(WebinarError):
    """Root of this package's errors."""

    code = "whep"


class NotLive(WhepError):
    """Nothing is sent of this event now: the lobby, or after the end."""

    status = 409
    code = "not_live"


class NoSeat(WhepError):
    """Above the configured seats: the player takes LL-HLS."""

    status = 503
    code = "no_room"


class UnknownResource(WhepError):
    """The playback session ended already or never was."""

    status = 404
    code = "unknown_resource"


class UnknownRendition(WhepError):
    """The event has no rendition of that name; the message lists those it has."""

    status = 400
    code = "unknown_rendition"
