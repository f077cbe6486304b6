"""Cursors of lists: the place behind one row, as 32 URL-safe characters. Every such string is one."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from webinar.base.errors import BadRequest

PATTERN: Final = r"^[A-Za-z0-9_-]{32}$"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


def write(at: datetime, row: uuid.UUID) -> str:
    """The place behind the row with this time and id."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(max(0, microseconds).to_bytes(8, "big") + row.bytes).decode()


def read(cursor: str) -> tuple[datetime, uuid.UUID]:
    """(time, id). Raises `BadRequest` for another form."""
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadRequest("The cursor is not one of ours: start the list again.", code="bad_cursor") from error
    if len(raw) != 24:
        raise BadRequest("The cursor is not one of ours: start the list again.", code="bad_cursor")
    microseconds = int.from_bytes(raw[:8], "big")
    # A time that never was: behind everything.
    at = (
        _LAST
        if microseconds > (_LAST - _EPOCH) // timedelta(microseconds=1)
        else _EPOCH + timedelta(0, 0, microseconds)
    )
    return at, uuid.UUID(bytes=raw[8:])
