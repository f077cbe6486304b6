"""Who has voted for what, in memory: a person is one bit, and a question or an option is one number of those bits.

Pure. A thousand people and three hundred questions are forty kilobytes, a person counts once over questions that were
merged by `|`, and what one of a thousand who come back has voted for is read without a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


class Electorate:
    """The bit of each person who ever voted or answered in a room."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def bit(self, person: str) -> int:
        """Made on first use."""
        bit = self._bits.get(person)
        if bit is None:
            bit = self._bits[person] = 1 << len(self._bits)
        return bit

    def known(self, person: str) -> int:
        """0 for somebody who never voted."""
        return self._bits.get(person, 0)


class Votes:
    """For questions, by their seq."""

    def __init__(self, electorate: Electorate) -> None:
        self._electorate = electorate
        self._for: dict[int, int] = {}

    def put(self, question: int, person: str, up: bool) -> None:
        """What is put last holds."""
        bit = self._electorate.bit(person)
        before = self._for.get(question, 0)
        self._for[question] = before | bit if up else before & ~bit

    def has(self, question: int, person: str) -> bool:
        return bool(self._for.get(question, 0) & self._electorate.known(person))

    def of(self, person: str) -> list[int]:
        """The questions this person votes for, in order."""
        bit = self._electorate.known(person)
        return sorted(question for question, mask in self._for.items() if mask & bit) if bit else []

    def count(self, questions: Iterable[int]) -> int:
        """People who vote for any of these."""
        mask = 0
        for question in questions:
            mask |= self._for.get(question, 0)
        return mask.bit_count()


class Answers:
    """To polls, by their seq. The choices of an anonymous poll are empty: who answered, not what."""

    def __init__(self, electorate: Electorate) -> None:
        self._electorate = electorate
        self._voters: dict[int, int] = {}
        self._chosen: dict[int, dict[int, int]] = {}

    def put(self, poll: int, person: str, choices: Sequence[int]) -> None:
        """What is put last holds."""
        bit = self._electorate.bit(person)
        self._voters[poll] = self._voters.get(poll, 0) | bit
        chosen = self._chosen.setdefault(poll, {})
        for choice in chosen:
            if choice not in choices:
                chosen[choice] &= ~bit
        for choice in choices:
            chosen[choice] = chosen.get(choice, 0) | bit

    def has(self, poll: int, person: str) -> bool:
        return bool(self._voters.get(poll, 0) & self._electorate.known(person))

    def of(self, person: str) -> Mapping[int, list[int]]:
        """The choices of this person by poll."""
        bit = self._electorate.known(person)
        if not bit:
            return {}
        return {
            poll: sorted(choice for choice, mask in self._chosen[poll].items() if mask & bit)
            for poll, mask in self._voters.items()
            if mask & bit
        }

    def counts(self, poll: int, choices: Iterable[int]) -> list[int]:
        """How many chose each of these."""
        chosen = self._chosen.get(poll, {})
        return [chosen.get(choice, 0).bit_count() for choice in choices]

    def people(self, poll: int) -> int:
        """How many answered."""
        return self._voters.get(poll, 0).bit_count()
