"""Who comes by a link to an event that was deleted reads so, and when: from what is left of it, which names nobody."""

from __future__ import annotations

import uuid

from starlette.requests import Request

from webinar.base.db import AWAY
from webinar.base.errors import DeadFile, DeadLink, WebinarError
from webinar.events.receipts import EventDeleted, Receipt
from webinar.people.model import SESSION_COOKIE, Role
from webinar.platform import Platform


async def told(platform: Platform, request: Request, error: Exception) -> Exception:
    """`EventDeleted` where that is why; else `error` as it is, also while PostgreSQL is away."""
    if not isinstance(error, WebinarError):
        return error
    try:
        receipt = await _receipt(platform, request, error)
    except AWAY:
        return error
    return error if receipt is None else EventDeleted(receipt)


async def _receipt(platform: Platform, request: Request, error: WebinarError) -> Receipt | None:
    if isinstance(error, DeadLink | DeadFile):
        return await platform.destruction.of_event(error.event)
    if error.code != "event_not_found":
        return None
    match request.path_params:
        case {"slug": str(slug)}:
            return await platform.destruction.of_page(slug)
        case {"event_id": str(text)}:
            return await _of_host(platform, request, text)
    return None


async def _of_host(platform: Platform, request: Request, text: str) -> Receipt | None:
    """A host's page: told to whom the receipts show it."""
    account = await platform.people.session(request.cookies.get(SESSION_COOKIE))
    if account is None:
        return None
    owner = account.role is Role.OWNER
    return await platform.destruction.of_event(uuid.UUID(text).bytes, None if owner else account.id)
