"""What people do in a room, in tests of the chat over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.chat_client import ChatClient, Json

if TYPE_CHECKING:
    from tests.chat_stage import ChatProcess, Stage

LUNCH: Json = {"question": "Lunch?", "kind": "single", "options": ["soup", "rice"]}


async def ask(client: ChatClient, body: str = "why?", **fields: Any) -> int:
    answer = await client.ask("ask", body=body, **fields)
    assert answer["type"] == "ack", answer
    return int(answer["seq"])


async def ordered(client: ChatClient, op: str, **fields: Any) -> int:
    answer = await client.order(op, **fields)
    assert answer["type"] == "ack", answer
    return int(answer["seq"])


async def poll_of(moderator: ChatClient, **definition: Any) -> int:
    """An open one."""
    poll = await ordered(moderator, "poll_save", **{**LUNCH, **definition})
    await ordered(moderator, "poll", poll=poll, state="open")
    return poll


def events(client: ChatClient, type_: str) -> list[Json]:
    return [event for event in client.shown if event["type"] == type_]


async def two_processes(stage: Stage) -> tuple[ChatProcess, ChatProcess]:
    return await stage.chat(), await stage.chat(1)
