"""Raised hands, in the order they went up. A part of `chat.state`. Pure.

Everybody may know how many hands are up and where their own stands (by the cid it was raised with); whose they are is
for staff alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from chat.entry import Entry

MOST: Final = 1000  # hands up at once
AWAY_S: Final = 60.0  # after so long without its owner a hand goes down

_TYPES: Final = frozenset({"hand"})


class Hands:
    types = _TYPES
    shows = _TYPES

    def __init__(self) -> None:
        self._up: dict[int, Entry] = {}  # by seq, in order
        self._of: dict[str, int] = {}  # person → seq
        self._called: set[int] = set()

    # The part

    def apply(self, entry: Entry) -> None:
        of, content = entry.content.get("of"), entry.content
        if of is None:
            # Raised in two tabs at once it is one hand, the first.
            if content["up"] and entry.person not in self._of:
                self._up[entry.seq], self._of[entry.person] = entry, entry.seq
        elif of in self._up:
            if content["up"]:
                self._called.add(of)
            else:
                self._called.discard(of)
                del self._of[self._up.pop(of).person]

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        return {"hands": [self._shown(seq, staff) for seq in self._up]}

    def _shown(self, seq: int, staff: bool) -> dict[str, object]:
        shown: dict[str, object] = {"hand": seq}
        if staff:
            shown["from"] = self._up[seq].sender()
        if seq in self._called:
            shown["called"] = True
        return shown

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        fields = {"cid": entry.cid, **entry.rest()}
        return {**fields, "from": entry.sender()} if staff else fields

    # What others ask

    def __iter__(self) -> Iterator[tuple[Entry, bool]]:
        """(the entry that raised it, whether it was called), in order."""
        return ((entry, seq in self._called) for seq, entry in self._up.items())

    def of(self, person: str) -> int | None:
        """The hand of this person, when it is up."""
        return self._of.get(person)

    def owners(self) -> dict[str, Entry]:
        """Whose hands are up: person → the entry that raised it."""
        return {person: self._up[seq] for person, seq in self._of.items()}

    def up(self, seq: int) -> bool:
        return seq in self._up

    @property
    def full(self) -> bool:
        return len(self._up) >= MOST


class Absences:
    """Since when people with a raised hand are away. Pure: the caller brings the clock (s, monotonic)."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def over(self, now: float, raised: Iterable[str], here: Callable[[str], bool]) -> list[str]:
        """Whose hand goes down: nobody has seen them for `AWAY_S`. Who comes back begins anew."""
        away = {person for person in raised if not here(person)}
        self._since = {person: self._since.get(person, now) for person in away}
        return [person for person, since in self._since.items() if now - since >= AWAY_S]
