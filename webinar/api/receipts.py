"""Receipts: events that were destroyed with all that they knew of people."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base import cursor as cursors


class ReceiptQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None, Field(default=None, pattern=cursors.PATTERN, description="`next` of the page before.")
    ]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]


class ReceiptReply(Reply):
    """An event that was destroyed with all that it knew of people."""

    event_id: uuid.UUID
    title: str
    timezone: str = Field(description="Of the event; the times here are UTC.")
    ended_at: Time | None
    destroyed_at: Time
    why: Literal["date", "host"]
    counts: dict[str, int] = Field(description="How many people, messages, recordings, … there were.")
    log_head: str | None = Field(description="Hash of the last entry of its attendance log.")


class ReceiptList(Reply):
    items: list[ReceiptReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


async def receipts(call: Call) -> ReceiptList:
    query = call.query(ReceiptQuery)
    after = None if query.cursor is None else cursors.read(query.cursor)
    found = await call.platform.destruction.receipts(None, after, query.limit + 1)
    items = [ReceiptReply.model_validate(one, from_attributes=True) for one in found[: query.limit]]
    following = cursors.write(items[-1].destroyed_at, items[-1].event_id) if len(found) > len(items) else None
    return ReceiptList(items=items, next=following)


RECEIPTS: Final = (
    Operation(
        name="listReceipts",
        method="GET",
        path="/receipts",
        summary="Events that were destroyed, newest first",
        tag="events",
        callers=HOST,
        handler=receipts,
        query=ReceiptQuery,
        reply=ReceiptList,
    ),
)
