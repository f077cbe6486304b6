"""Who answers which message of a client: one function a class of message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from chat import talk, wire
from chat.visit import Visit

Handler = Callable[[Visit, Any], Awaitable[None]]

HANDLERS: Final[Mapping[type[wire.ClientMessage], Handler]] = {
    wire.Send: talk.send,
    wire.History: talk.history,
    wire.Ping: talk.ping,
    wire.Refused: talk.refused,
}
