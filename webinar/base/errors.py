"""The error tree of the platform. Each has a stable `code`, an HTTP status and a message that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of a bad body and what is wrong with it."""

    field: str
    message: str


class WebinarError(Exception):
    """Root of all errors that a person is meant to read."""

    status = 500
    code = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Sequence[FieldProblem] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = tuple(fields)
        self.retry_after_s = retry_after_s


class BadSetting(WebinarError):
    """The environment cannot be used as it is; the process does not start."""

    code = "bad_setting"


class CannotStart(WebinarError):
    """A port is taken, a folder cannot be written, a database is newer than this program…"""

    code = "cannot_start"


class BadRequest(WebinarError):
    status = 400
    code = "bad_request"


class Invalid(WebinarError):
    """The body was understood, but some fields cannot be taken; `fields` says which."""

    status = 422
    code = "invalid"


class Unauthenticated(WebinarError):
    status = 401
    code = "unauthenticated"


class DeadLink(Unauthenticated):
    """A link of ours that opens nothing any more: whom or what it was for is gone. Answered like a wrong one, unless
    somebody knows more of its event.

    `event`: the bytes that the event's id begins with; none where the link does not say.
    """

    code = "link_invalid"

    def __init__(self, event: bytes) -> None:
        super().__init__("This link is not valid.")
        self.event = event


class Forbidden(WebinarError):
    status = 403
    code = "forbidden"


class NotFound(WebinarError):
    status = 404
    code = "not_found"


class DeadFile(NotFound):
    """The same of a link to a file: its signature is good, and the file is not there any more."""

    def __init__(self, message: str, event: bytes, *, code: str) -> None:
        super().__init__(message, code=code)
        self.event = event


class Conflict(WebinarError):
    status = 409
    code = "conflict"


class Gone(WebinarError):
    """It was there once: a revoked or expired link, an ended event."""

    status = 410
    code = "gone"


class UnsupportedMedia(WebinarError):
    status = 415
    code = "unsupported_media_type"


class TooManyRequests(WebinarError):
    status = 429
    code = "too_many_requests"


class Unavailable(WebinarError):
    """Try again: another service is down, or there is no room."""

    status = 503
    code = "unavailable"
