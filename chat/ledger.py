"""What was voted and answered in a room, as this process knows it. Pure.

Every batch that any process writes has the next version. They come over the bus in whatever order, or not at all; they
are applied in the order of their versions, and what is missing is read from the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from chat.electorate import Answers, Electorate, Votes

_MAX_AHEAD: Final = 64  # batches kept above a gap; what is beyond is read


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written up to `version`. Who answered an anonymous poll stands there without choices."""

    version: int
    votes: Sequence[tuple[int, str, bool]]  # question, person, up
    answers: Sequence[tuple[int, str, Sequence[int]]]  # poll, person, choices

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "votes": self.votes, "answers": self.answers}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(int(value["version"]), value["votes"], value["answers"])


class Ledger:
    """`changes` is all there was when the room was opened."""

    def __init__(self, changes: Changes) -> None:
        electorate = Electorate()
        self.votes, self.answers = Votes(electorate), Answers(electorate)
        self.version = 0
        self._known = 0  # the version that the database has at least
        self._ahead: dict[int, Changes] = {}
        self.catch_up(changes)

    @property
    def behind(self) -> bool:
        """Something was written that is not here; when it does not come soon, read it (`catch_up`)."""
        return self._known > self.version

    def heard_of(self, version: int) -> None:
        self._known = max(self._known, version)

    def offer(self, changes: Changes) -> list[Changes]:
        """Takes a batch, in any order and any number of times; returns those that took effect now."""
        self.heard_of(changes.version)
        if changes.version > self.version and len(self._ahead) < _MAX_AHEAD:
            self._ahead[changes.version] = changes
        return self._apply_ahead()

    def catch_up(self, changes: Changes) -> list[Changes]:
        """Takes what was read: everything after `version`."""
        if changes.version < self.version:
            return []
        self._apply(changes)
        self.heard_of(changes.version)
        for version in [version for version in self._ahead if version <= self.version]:
            del self._ahead[version]
        return [changes, *self._apply_ahead()]

    def _apply_ahead(self) -> list[Changes]:
        applied: list[Changes] = []
        while (following := self._ahead.pop(self.version + 1, None)) is not None:
            self._apply(following)
            applied.append(following)
        return applied

    def _apply(self, changes: Changes) -> None:
        self.version = changes.version
        for question, person, up in changes.votes:
            self.votes.put(question, person, up)
        for poll, person, choices in changes.answers:
            self.answers.put(poll, person, choices)
