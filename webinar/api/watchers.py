"""Whose the WHEP sessions of this process are, so that who loses their seat or their place loses the picture too."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from webinar.base import log
from webinar.base.bus import Bus
from webinar.registration.service import out_subject

_log = log.get(__name__)


class Watchers:
    """One a web process. Knows the sessions that are there, which are as many as the process has seats at most."""

    def __init__(self, close: Callable[[str], None]) -> None:
        """`close(resource)` ends a session; of one that has ended already it does nothing."""
        self._close = close
        self._persons: dict[str, str] = {}  # by resource
        # By person: their sessions, oldest first, with the visit of each.
        self._sessions: dict[str, dict[str, str]] = {}

    async def listen(self, bus: Bus) -> None:
        await bus.subscribe(out_subject("*"), self._on_out)

    def began(self, resource: str, person: uuid.UUID | str, visit: str = "") -> None:
        """`visit` as `webinar.api.places` stamps it; sessions of programs have none."""
        self._persons[resource] = str(person)
        self._sessions.setdefault(str(person), {})[resource] = visit

    def left(self, resource: str) -> None:
        """It has ended, in whatever way; repeating it does nothing."""
        person = self._persons.pop(resource, None)
        if person is None:
            return
        theirs = self._sessions[person]
        del theirs[resource]
        if not theirs:
            del self._sessions[person]

    def end(self, resource: str) -> None:
        """Of one that has ended already nothing happens."""
        self._end([resource])

    def give_way(self, person: str, visit: str) -> None:
        """Ends the sessions of the person's visits before this one."""
        self._end([r for r, theirs in self._sessions.get(person, {}).items() if "" < theirs < visit])

    def make_room(self, person: str) -> bool:
        """When all seats are taken: whoever holds the most gives one up for `person`, if that leaves them no fewer.

        So one token, opened again and again, takes no seat that somebody else needs. Whoever is refused comes again
        every few seconds: this looks once at each person, never at each session.
        """
        most = max(self._sessions.values(), key=len, default={})
        if len(most) < len(self._sessions.get(person, {})) + 2:
            return False
        _log.info("a seat of a person with several is given to another", sessions=len(most))
        self._end([next(iter(most))])
        return True

    def _end(self, resources: list[str]) -> None:
        for resource in resources:
            self.left(resource)
            self._close(resource)

    async def _on_out(self, payload: bytes) -> None:
        person = str(json.loads(payload).get("person", ""))
        mine = list(self._sessions.get(person, {}))
        self._end(mine)
        if mine:
            _log.info("sessions of a person without a seat closed", person=person, sessions=len(mine))
