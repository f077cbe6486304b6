"""Who is in a room, over all processes. Pure: the caller brings the clock and carries what is said.

Each process says every few seconds who came and who left there since it spoke last, numbered. One that misses a number,
or is new, asks for the whole list. So a person who is in two processes counts once, and the list is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from chat.entry import STAFF

SILENT_S: Final = 10.0  # a process that has not spoken for so long has nobody
_PART: Final = 4000  # people of one message: far below what a bus carries


class Person(NamedTuple):
    id: str
    name: str
    role: str


@dataclass(slots=True)
class _Other:
    """Another process. `people` is None until it has told all of them."""

    at: float
    number: int
    count: int
    people: dict[str, Person] | None = None


@dataclass(slots=True)
class Roster:
    process: str
    _mine: dict[str, Person] = field(default_factory=dict)
    _came: dict[str, Person] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    _number: int = 0
    _others: dict[str, _Other] = field(default_factory=dict)
    staff: dict[str, Person] = field(default_factory=dict)  # whoever of them has been here, in any process
    staff_version: int = 0

    def enter(self, person: Person) -> None:
        """A socket of theirs was opened here; the newest name stands."""
        if self._mine.get(person.id) != person:
            self._mine[person.id] = self._came[person.id] = person
            self._left.discard(person.id)
            self._note_staff(person)

    def _note_staff(self, person: Person) -> None:
        if person.role in STAFF and self.staff.get(person.id) != person:
            self.staff[person.id] = person
            self.staff_version += 1

    def leave(self, person: str) -> None:
        """Their last socket here was closed."""
        if self._mine.pop(person, None) is not None:
            # Also of one who came just now: it may have been a new name of somebody who was told before.
            self._came.pop(person, None)
            self._left.add(person)

    # What the processes tell each other

    def news(self) -> dict[str, Any]:
        """What changed here since it was asked last."""
        self._number += 1
        said = {**self._head(), "came": list(self._came.values()), "left": list(self._left)}
        self._came, self._left = {}, set()
        return said

    def whole(self) -> list[dict[str, Any]]:
        """Everybody who is here, in as many messages as it takes."""
        people = list(self._mine.values())
        self._came, self._left = {}, set()
        messages = []
        for start in range(0, max(1, len(people)), _PART):
            self._number += 1
            more = start + _PART < len(people)
            part: dict[str, Any] = {**self._head(), "came": people[start : start + _PART], "left": [], "more": more}
            messages.append({**part, "all": True} if start == 0 else part)
        return messages

    def _head(self) -> dict[str, Any]:
        return {"process": self.process, "number": self._number, "online": len(self._mine)}

    def take(self, said: Mapping[str, Any], now: float) -> bool:
        """What another process said at `now` (s, monotonic); False when it must be asked for the whole."""
        number = int(said["number"])
        other = self._others.setdefault(str(said["process"]), _Other(now, number, 0))
        missed = number != other.number + 1
        other.at, other.number, other.count = now, number, int(said["online"])
        if said.get("all"):
            other.people = {}
        elif missed or other.people is None:
            other.people = None
            return False
        for came in said["came"]:
            person = other.people[came[0]] = Person(*came)
            self._note_staff(person)
        for left in said["left"]:
            other.people.pop(left, None)
        if not said.get("more") and len(other.people) != other.count:
            other.people = None
            return False
        return True

    def forget_silent(self, now: float) -> None:
        for process in [process for process, other in self._others.items() if now - other.at > SILENT_S]:
            del self._others[process]

    # Who is here

    @property
    def online(self) -> int:
        """People; of processes that have not told whom they have, as many as they say."""
        known = [other.people for other in self._others.values() if other.people]
        people = len(self._mine.keys() | set().union(*known)) if known else len(self._mine)
        return people + sum(other.count for other in self._others.values() if other.people is None)

    @property
    def complete(self) -> bool:
        """Every process has told whom it has: who is not in the list is not here."""
        return all(other.people is not None for other in self._others.values())

    def people(self) -> dict[str, Person]:
        everybody: dict[str, Person] = {}
        for other in self._others.values():
            everybody.update(other.people or {})
        everybody.update(self._mine)
        return everybody

    def find(self, person: str) -> Person | None:
        places: Iterable[Mapping[str, Person]] = (self._mine, *(o.people or {} for o in self._others.values()))
        return next((place[person] for place in places if person in place), None)
