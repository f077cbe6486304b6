"""What a subject adds to a room at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chat import wire
from chat.entry import Entry


class Feature(Protocol):
    """What a subject adds to a room at work, beside its part of the state."""

    async def run(self) -> None:
        """What it does for as long as the room lives; cancelled at its end."""

    def took(self, entry: Entry) -> None:
        """An entry that became readable here, each once and in order. Never waits."""

    def you(self, person: str) -> Mapping[str, object]:
        """Its fields of the `you` frame of one person."""

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        """What somebody who comes in has to know of it, beside the state."""

    async def settle(self) -> None:
        """Returns when what was given to it is stored."""
