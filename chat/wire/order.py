"""What every `mod` message is; the kinds of it are in `client_mod` and `client_mod_asking`."""

from __future__ import annotations

from dataclasses import dataclass

from chat.wire.parse import ClientMessage


@dataclass(frozen=True, slots=True)
class Mod(ClientMessage):
    """An order. `cid` is None only for `lock` and `unlock`, which are neither logged nor acknowledged."""

    op: str
    cid: str | None
