"""Who asks for the floor in a room: limits on questions, votes and hands, and everybody's own hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from chat import wire
from chat.entry import Entry
from chat.limits import Window
from chat.live_room import LiveRoom

QUESTIONS: Final = (5, 60.0)  # of one person over all their tabs, in so many seconds
BALLOTS: Final = (30, 10.0)  # votes and answers to polls
HANDS: Final = (6, 30.0)  # up or down
_FORGET_S: Final = 10.0


class Floor:
    """A feature of a `LiveRoom`."""

    def __init__(self, room: LiveRoom) -> None:
        self._room = room
        self.questions, self.ballots, self.hands = Window(*QUESTIONS), Window(*BALLOTS), Window(*HANDS)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_FORGET_S)
            now = asyncio.get_running_loop().time()
            for window in (self.questions, self.ballots, self.hands):
                window.forget_idle(now)

    def took(self, entry: Entry) -> None:
        if entry.type == "hand" and "of" not in entry.content:
            # The event does not say whose hand it is: their other tabs learn it so.
            self._room.tell_you(entry.person)

    def you(self, person: str) -> Mapping[str, object]:
        return {"hand": self._room.state.hands.of(person)}

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        return ()

    async def settle(self) -> None:
        """Nothing of it is stored."""
