"""What every `mod` message is; the kinds of it are in `client_mod` and `client_mod_asking`."""

from __future__ import annotations

from dataclasses import dataclass

from chat.wire.parse import ClientMessage


@dataclass(frozen=True, slots=True)
class Mod(ClientMessage):
    """An order that becomes an event of the log."""

    op: str
    cid: str


@dataclass(frozen=True, slots=True)
class Lock(ClientMessage):
    """`lock` or `unlock`: somebody looks at the event with this seq. Neither logged nor acknowledged."""

    op: str
    target: int
