"""Whose the WHEP sessions of this process are, so that who loses their seat or their place loses the picture too."""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.registration.service import out_subject

_log = log.get(__name__)
# More sessions than a process has seats; what was begun longest ago is forgotten first.
_MOST: Final = 10_000


class Watchers:
    """One a web process. Knows of sessions that were begun; those that have ended since do no harm."""

    def __init__(self, close: Callable[[str], None]) -> None:
        """`close(resource)` ends a session; of one that has ended already it does nothing."""
        self._close = close
        self._persons: OrderedDict[str, tuple[str, str]] = OrderedDict()  # by resource: person and visit

    async def listen(self, bus: Bus) -> None:
        await bus.subscribe(out_subject("*"), self._on_out)

    def began(self, resource: str, person: uuid.UUID | str, visit: str = "") -> None:
        """`visit` as `webinar.api.places` stamps it; sessions of programs have none."""
        self._persons[resource] = (str(person), visit)
        if len(self._persons) > _MOST:
            self._persons.popitem(last=False)

    def left(self, resource: str) -> None:
        self._persons.pop(resource, None)

    def give_way(self, person: str, visit: str) -> None:
        """Ends the sessions of the person's visits before this one."""
        self._end([r for r, (who, theirs) in self._persons.items() if who == person and "" < theirs < visit])

    def make_room(self, person: str, alive: Callable[[str], bool]) -> bool:
        """When all seats are taken: whoever holds the most gives one up for `person`, if that leaves them no fewer.

        So one token, opened again and again, takes no seat that somebody else needs. `alive(resource)`: still there.
        """
        held: dict[str, list[str]] = {}
        for resource, (who, _) in self._persons.items():
            if alive(resource):
                held.setdefault(who, []).append(resource)
        most = max(held.values(), key=len, default=[])
        if len(most) < len(held.get(person, [])) + 2:
            return False
        self._end(most[:1])
        _log.info("a seat of a person with several is given to another", sessions=len(most))
        return True

    def _end(self, resources: list[str]) -> None:
        for resource in resources:
            self.left(resource)
            self._close(resource)

    async def _on_out(self, payload: bytes) -> None:
        person = str(json.loads(payload).get("person", ""))
        mine = [resource for resource, (who, _) in self._persons.items() if who == person]
        self._end(mine)
        if mine:
            _log.info("sessions of a person without a seat closed", person=person, sessions=len(mine))
