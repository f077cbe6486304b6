"""Forms that carry a file: read within bounds, believed only from our own pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from webinar.base.errors import BadRequest, UnsupportedMedia
from webinar.pages.forms import MAX_BYTES, MAX_FIELDS, Sent, TooLarge, check_origin, check_text
from webinar.pages.visit import visit

_AROUND: Final = 4096  # what a browser writes around the parts
_AHEAD: Final = 64 * 1024
_NAMED: Final = re.compile(rb'(?i)^content-disposition:[^\r\n]{0,200}?;\s*filename="([^"\r\n]{1,500})"', re.MULTILINE)
_TOO_LARGE: Final = "This file is too large. Make it smaller and send it again."


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: the fields as typed, and the one file; no bytes when none was chosen."""

    sent: Sent
    name: str
    data: bytes


async def read_upload(request: Request, public_origin: str, most_bytes: int) -> Upload:
    """The form of a POST with one file or text of at most `most_bytes`; a larger one is refused by its name, before it
    is read.

    Raises `Forbidden` (not from one of our pages, or its form token is wrong or old), `UnsupportedMedia`, `TooLarge`,
    `BadRequest`.
    """
    check_origin(request, public_origin)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMedia("Only forms are taken here.")
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or len(length) > 12:
        raise BadRequest("The form could not be read. Open the page again.")
    if int(length) > most_bytes + MAX_BYTES + _AROUND:
        raise TooLarge(_TOO_LARGE, await _name_ahead(request))
    try:
        async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=max(most_bytes, MAX_BYTES)) as form:
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            check_text(list(fields.items()))
            visit(request).check_form(fields.get("csrf", ""))
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            data = await files[0].read() if files else b""
            name = (files[0].filename or "") if files else ""
    except HTTPException as error:  # what Starlette makes of a body that is no form
        raise BadRequest("The form could not be read. Open the page again.") from error
    if len(data) > most_bytes:
        raise TooLarge(_TOO_LARGE, name)
    return Upload(Sent(fields), name, data)


async def _name_ahead(request: Request) -> str:
    """The name of the first file of a form of which the rest is not read; empty where it does not come at once.

    As browsers write it: in UTF-8, with `%22` for a quotation mark (HTML, "multipart form data").
    """
    begun = bytearray()
    async for piece in request.stream():
        begun += piece
        found = _NAMED.search(begun)
        if found is not None:
            return found[1].decode("utf-8", "replace").replace("%22", '"')
        if len(begun) > _AHEAD:
            break
    return ""
