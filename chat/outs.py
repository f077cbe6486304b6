"""Who was sent out of a room: their sockets are closed, and tickets from before that open none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

_MOST: Final = 10_000  # people remembered; a ticket opens for two minutes only


class Outs:
    """Of one room in one process."""

    def __init__(self) -> None:
        self._doors: dict[str, asyncio.Future[str]] = {}  # of people who are here
        self._at: OrderedDict[str, float] = OrderedDict()

    def door(self, person: str) -> asyncio.Future[str]:
        """Done, with the code of the bye, when this person is sent out: one for all of their sockets."""
        if person not in self._doors:
            self._doors[person] = asyncio.get_running_loop().create_future()
        return self._doors[person]

    def left(self, person: str) -> None:
        """Their last socket is closed."""
        self._doors.pop(person, None)

    def send_out(self, person: str, at: float) -> None:
        """`at` is when their access became void, Unix time, s."""
        self._at.pop(person, None)
        self._at[person] = at
        if len(self._at) > _MOST:
            self._at.popitem(last=False)
        self.close(person, "revoked")

    def close(self, person: str, code: str) -> None:
        """Sends those away who are here, and nobody who comes later."""
        door = self._doors.pop(person, None)
        if door is not None:
            door.set_result(code)

    def refuses(self, person: str, issued_at: int) -> bool:
        """Whether a ticket of that (whole) second is from before they were sent out; one of the same second is."""
        return person in self._at and issued_at <= self._at[person]
