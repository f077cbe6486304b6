"""Forms: read within bounds, believed only from our own pages, shown again with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from webinar.base.errors import BadRequest, Forbidden, Invalid, UnsupportedMedia, WebinarError
from webinar.pages.visit import Visit, visit

MAX_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 60
_UNREADABLE: Final = "The form could not be read. Open the page again."


class TooLarge(WebinarError):
    status = 413
    code = "too_large"

    def __init__(self, message: str, name: str = "") -> None:
        """`name`: of the file, as it was sent."""
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of a form that was sent, as typed."""

    fields: Mapping[str, str]
    pairs: Sequence[tuple[str, str]] = ()

    def many(self, name: str) -> list[str]:
        """All values of a name that may come more than once, as ticked boxes do."""
        return [value for given, value in self.pairs if given == name]

    def text(self, name: str) -> str:
        """Without the spaces around; line ends as `\\n`."""
        return self.fields.get(name, "").replace("\r\n", "\n").strip()

    def secret(self, name: str) -> str:
        """A password: exactly as typed."""
        return self.fields.get(name, "")


@dataclass(slots=True)
class FormView:
    """What a template shows: values, and what is wrong with which field, in the reader's language."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    message: str = ""  # about the form as a whole

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        return self.problems.get(name, "")

    def refuse(self, error: WebinarError, made: Visit) -> None:
        """Takes over what a service said about the fields, or about the whole."""
        if isinstance(error, Invalid) and error.fields:
            self.problems.update({f.field: made.t(f.message) for f in error.fields})
        else:
            self.message = made.t(error.message)


async def read_form(request: Request, public_origin: str, most_fields: int = MAX_FIELDS) -> Sent:
    """The form of a POST. Every POST of a page goes through here, or with a file through `uploads.read_upload`.

    Raises `Forbidden` (not from one of our pages, or its form token is wrong or old), `UnsupportedMedia`, `TooLarge`,
    `BadRequest`.
    """
    check_origin(request, public_origin)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UnsupportedMedia("Only forms are taken here.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge("This is too long. Shorten it and send it again.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most_fields, errors="strict")
    except ValueError as error:
        raise BadRequest(_UNREADABLE) from error
    check_text(pairs)
    sent = Sent(dict(pairs), pairs)
    visit(request).check_form(sent.fields.get("csrf", ""))
    return sent


def check_text(pairs: Sequence[tuple[str, str]]) -> None:
    """Raises `BadRequest` for what no keyboard writes and no text of PostgreSQL holds."""
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise BadRequest(_UNREADABLE)


def check_origin(request: Request, public_origin: str) -> None:
    """Raises `Forbidden` for a POST that another site's page made, before anything of it is read.

    Our pages send no referrer, so that browsers write `Origin: null` on their forms: that alone proves nothing and
    `Sec-Fetch-Site` and the form token decide.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "null")
    ours = {public_origin, f"{urlsplit(public_origin).scheme}://{request.headers.get('host', '')}"}
    if site not in ("same-origin", "none") or (origin != "null" and origin not in ours):
        raise Forbidden("This form was sent from another site.", code="form_expired")
