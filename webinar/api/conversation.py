"""`GET /events/{id}/chat`, `/questions`, `/polls`: what was said, in pages and as tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from webinar.api.access import STAFF
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.conversation.model import TABLES, part, to_csv, utc
from webinar.recordings.model import content_disposition, file_name

CSV: Final = "text/csv"

R = TypeVar("R", bound=BaseModel)


class ConversationQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None, Field(default=None, pattern=r"^[0-9]{1,15}$", description="`next` of the page before.")
    ]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]


class MessageReply(Reply):
    seq: int = Field(description="Its number in the log of the room.")
    at: Time
    type: Literal["message", "announcement"]
    person: str
    name: str
    role: str
    body: str = Field(description="Plain text, as it was written.")
    reply_to: int | None
    state: Literal["shown", "deleted", "held", "rejected"]
    full_name: str | None = Field(description="Whoever `name` was shown for; null of who had their data deleted.")


class QuestionReply(Reply):
    """Of an anonymous one `person`, `name` and `role` are null."""

    seq: int
    at: Time
    person: str | None
    name: str | None
    role: str | None
    body: str
    state: Literal["new", "queue", "screen", "answered", "dismissed", "deleted", "held", "rejected"]
    votes: int
    answer: str | None = Field(description="What was answered in writing.")
    answered_at: Time | None
    into: int | None = Field(description="The question that this one was merged into.")
    full_name: str | None = Field(description="As of a message; null of an anonymous one.")


class PollReply(Reply):
    """`counts`: of each option, of a rating of each mark from 1 to 5; null while nobody has counted."""

    poll: int
    at: Time
    question: str
    kind: Literal["single", "multiple", "rating"]
    options: list[str]
    correct: list[int] = Field(description="Places in `options` that are right, of a quiz.")
    anonymous: bool
    state: Literal["draft", "open", "closed", "shared"]
    counts: list[int] | None
    answers: int | None = Field(description="People who answered.")
    live: bool = Field(description="Everybody sees the bars while it is open.")


class MessageList(Reply):
    items: list[MessageReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class QuestionList(Reply):
    items: list[QuestionReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class PollList(Reply):
    items: list[PollReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


def _page(name: str, reply: type[R]) -> Callable[[Call], Awaitable[R]]:
    async def page(call: Call) -> R:
        event = await call.platform.events.get(call.event_id)
        query = call.query(ConversationQuery)
        after = None if query.cursor is None else int(query.cursor)
        transcript = await call.platform.full_names.transcript(event.id)
        found = part(TABLES[name], transcript, after=after, limit=query.limit)
        items: list[dict[str, Any]] = [asdict(item) for item in found.items]
        return reply.model_validate({"items": items, "next": None if found.next is None else str(found.next)})

    return page


def _table(name: str) -> Callable[[Call], Awaitable[Response]]:
    async def table(call: Call) -> Response:
        event = await call.platform.events.get(call.event_id)
        body = to_csv(TABLES[name], await call.platform.full_names.transcript(event.id), time=utc)
        named = content_disposition(file_name(event.title, f" {name}.csv"))
        return Response(body, media_type=f"{CSV}; charset=utf-8", headers={"Content-Disposition": named})

    return table


def _operations() -> tuple[Operation, ...]:
    lists: tuple[tuple[str, str, type[BaseModel], str], ...] = (
        ("chat", "Chat", MessageList, "Messages and announcements, removed ones too"),
        ("questions", "Questions", QuestionList, "Questions with their votes and answers"),
        ("polls", "Polls", PollList, "Polls with their results"),
    )
    made = []
    for name, word, reply, summary in lists:
        path = f"/events/{{event_id}}/{name}"
        made.append(
            Operation(
                name=f"list{word}",
                path=path,
                summary=summary,
                handler=_page(name, reply),
                query=ConversationQuery,
                reply=reply,
                method="GET",
                tag="conversation",
                callers=STAFF,
            )
        )
        made.append(
            Operation(
                name=f"download{word}",
                path=f"{path}.csv",
                summary=f"{summary}, as a table",
                handler=_table(name),
                file=CSV,
                method="GET",
                tag="conversation",
                callers=STAFF,
            )
        )
    return tuple(made)


CONVERSATION: Final = _operations()
