"""Raised hands, in the order they went up. A part of `chat.state`. Pure.

Everybody may know how many hands are up and where their own stands (by the cid it was raised with); whose they are is
for staff alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chat.entry import Entry

MOST: Final = 1000  # hands up at once

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

    def of(self, person: str) -> int | None:
        """The hand of this person, when it is up."""
        return self._of.get(person)

    def up(self, seq: int) -> bool:
        return seq in self._up

    @property
    def full(self) -> bool:
        return len(self._up) >= MOST
