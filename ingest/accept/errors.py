"""Why an offer is refused. The codes are those of the bus and of the WHIP answer."""

from __future__ import annotations

from webinar.base.errors import WebinarError


class WhipError(WebinarError):
    """Root of this package's errors."""

    status = 400
    code = "bad_sdp"


class BadSdp(WhipError):
    """The offer cannot be used; the message says what it lacks."""


class OnAir(WhipError):
    """Somebody else presents this event, and taking over was not asked for."""

    status = 409
    code = "on_air"


class NoRoom(WhipError):
    """This process has as many presenters as it may have."""

    status = 503
    code = "no_room"


class NoSuchResource(WhipError):
    """The stream has ended, or never was."""

    status = 404
    code = "unknown_resource"


class AnotherIceSession(WhipError):
    """A PATCH for an ICE session that has been replaced (RFC 9725, 4.3.1)."""

    status = 412
    code = "precondition_failed"
