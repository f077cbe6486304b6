"""One place a person: the page opened last watches, the one before it gives way, on whichever web process each is.

A page's token carries its *visit*, a stamp of when it was made; the greatest one counts, in whatever order processes
hear of it. Who wants the place back opens the page anew. Tokens without a visit, as programs have them, take no place.
What the bus loses is told again within ten seconds.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from webinar.api.access import Principal
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.errors import Conflict

SUBJECT: Final = "web.places"
TELL_EVERY_S: Final = 10.0
_MOST_PEOPLE: Final = 20_000
_AT_ONCE: Final = 2000

_log = log.get(__name__)
T = TypeVar("T")


def new_visit() -> str:
    """Greater than what was made a millisecond before: the time, and what tells two of one millisecond apart."""
    return f"{time.time_ns() // 1_000_000:013d}{secrets.token_hex(4)}"


class Elsewhere(Conflict):
    """The person watches on another device now."""

    code = "elsewhere"


class Places:
    """One a web process; of more people than it keeps, those heard of longest ago are forgotten."""

    def __init__(self, give_way: Callable[[str, str], None]) -> None:
        """`give_way(person, visit)` ends the media of the person's visits before `visit`."""
        self._give_way = give_way
        self._visits: OrderedDict[str, str] = OrderedDict()  # by person
        self._news: dict[str, str] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._bus: Bus | None = None

    async def listen(self, bus: Bus) -> None:
        self._bus = bus
        await bus.subscribe(SUBJECT, self._on_told)

    async def take(self, viewer: Principal) -> None:
        """The person's place for this visit. Raises `Elsewhere` when a later one has it."""
        self.check(viewer)
        if not viewer.visit:
            return
        self._news[viewer.person] = viewer.visit
        if self._note(viewer.person, viewer.visit) and self._bus is not None:
            await self._bus.publish_json(SUBJECT, {"places": [[viewer.person, viewer.visit]]})

    def check(self, viewer: Principal) -> None:
        """Raises `Elsewhere` when a later visit has the place."""
        if viewer.visit and viewer.visit < self._visits.get(viewer.person, ""):
            raise Elsewhere("You are watching on another device now.")

    async def while_held(self, viewer: Principal, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns. Raises `Elsewhere` as soon as a later visit takes the place, with `work` cancelled."""
        lost = asyncio.Event()
        self._waiting.setdefault(viewer.person, set()).add(lost)
        working = asyncio.create_task(work, name="work for a viewer")
        losing = asyncio.create_task(self._until_lost(viewer, lost), name="place is lost")
        try:
            await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
            self.check(viewer)
            return await working
        finally:
            for task in (working, losing):
                task.cancel()
            await asyncio.gather(working, losing, return_exceptions=True)
            waiting = self._waiting[viewer.person]
            waiting.discard(lost)
            if not waiting:
                del self._waiting[viewer.person]

    async def _until_lost(self, viewer: Principal, lost: asyncio.Event) -> None:
        while not viewer.visit or viewer.visit >= self._visits.get(viewer.person, ""):
            await lost.wait()
            lost.clear()

    def _note(self, person: str, visit: str) -> bool:
        """Whether that is later than what was known."""
        known = self._visits.pop(person, "")
        self._visits[person] = max(known, visit)
        if len(self._visits) > _MOST_PEOPLE:
            self._visits.popitem(last=False)
        if visit <= known:
            return False
        if known:
            _log.info("another device takes the place", person=person)
            self._give_way(person, visit)
        for lost in self._waiting.get(person, ()):
            lost.set()
        return True

    # The bus

    async def keep_telling(self, bus: Bus) -> None:
        """Runs for the life of the process."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            rows = [[person, visit] for person, visit in self._news.items()]
            self._news = {}
            for first in range(0, len(rows), _AT_ONCE):
                await bus.publish_json(SUBJECT, {"places": rows[first : first + _AT_ONCE]})

    async def _on_told(self, payload: bytes) -> None:
        for person, visit in json.loads(payload)["places"]:
            self._note(str(person), str(visit))
