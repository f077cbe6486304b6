"""The questions of a room and where each stands. A part of `chat.state`. Pure.

What an entry says is applied only as far as it still makes sense, so that two moderators, or two processes, who do
something at once leave the same room everywhere: only one question is on screen, a merge never goes in a circle.
Whether a question waits for approval or was deleted is what `chat.messages` knows.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol, cast

from chat import fitting
from chat.entry import Entry
from chat.wire import moment

MOST: Final = 1000  # questions in memory; the oldest that are done with make room for new ones
SHOWN: Final = 300  # of them, in `state`


class Stand(enum.StrEnum):
    """Where a question stands, as on the wire."""

    NEW = "new"
    QUEUE = "queue"
    SCREEN = "screen"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


class Moderation(Protocol):
    """The part of `Messages` that is used here."""

    def removed(self, entry: Entry) -> bool: ...
    def hidden(self, entry: Entry) -> bool: ...
    def decision(self, entry: Entry) -> dict[str, object]: ...


@dataclass(slots=True)
class Question:
    """`votes` are as of the newest tally; `into` is the question this one was merged into."""

    entry: Entry
    stand: Stand = Stand.NEW
    votes: int = 0
    answer: str | None = None
    answered_at: str | None = None
    into: int | None = None


def author(entry: Entry) -> dict[str, object] | None:
    """Who asked; None when it was asked anonymously, for whoever looks."""
    return None if entry.content.get("anonymous") else entry.sender()


class Questions:
    """One room's."""

    types = frozenset({"question", "question_state", "tally"})
    shows = types

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation
        self._all: dict[int, Question] = {}  # by seq, in order
        self._screen: int | None = None
        self._reopened: set[int] = set()  # entries by which a dismissed question came back

    # The part

    def apply(self, entry: Entry) -> None:
        match entry.type:
            case "question":
                self._all[entry.seq] = Question(entry)
                self._make_room()
            case "question_state":
                question = self._all.get(entry.content["question"])
                if question is not None:
                    self._move(question, entry)
            case "tally":
                for seq, votes in entry.content["votes"].items():
                    if (question := self._all.get(int(seq))) is not None:
                        question.votes = int(votes)

    def _make_room(self) -> None:
        if len(self._all) > MOST:
            done = next((seq for seq, question in self._all.items() if self._done(question)), None)
            gone = next(iter(self._all)) if done is None else done
            del self._all[gone]
            if gone == self._screen:
                self._screen = None

    def _move(self, question: Question, entry: Entry) -> None:
        seq, content, stand = question.entry.seq, entry.content, Stand(entry.content["state"])
        if stand is Stand.SCREEN and self._screen not in (None, seq):
            self._all[self._screen].stand = Stand.QUEUE
        if stand is Stand.SCREEN:
            self._screen = seq
        elif self._screen == seq:
            self._screen = None
        if question.stand is Stand.DISMISSED and stand is not Stand.DISMISSED:
            self._reopened.add(entry.seq)
        into = content.get("into")
        question.stand, question.into = stand, None
        if stand is Stand.DISMISSED and into in self._all and self.root(into) != seq:
            question.into = into
        if stand is Stand.ANSWERED:
            question.answered_at = moment(entry.at)
            question.answer = content.get("answer", question.answer)
        else:
            question.answered_at = question.answer = None

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        """Those of most interest (`_chosen`), the oldest of them first."""
        seen = [question for question in self._all.values() if staff or self.public(question)]
        return {"questions": self._chosen(seen, staff), "screen": self.on_screen}

    def _chosen(self, seen: Sequence[Question], staff: bool) -> list[dict[str, object]]:
        """What waits for its answer, always; those with most votes for half of the room that is left; the newest."""
        waiting = [question for question in seen if question.stand in (Stand.QUEUE, Stand.SCREEN)]
        voted = sorted((question for question in seen if question.votes), key=lambda question: -question.votes)
        chosen = {question.entry.seq: self._shown(question, staff) for question in waiting}
        for questions, share in ((voted, 2), (reversed(seen), 1)):
            number = (SHOWN - len(chosen)) // share
            room = (fitting.QUESTIONS - sum(map(fitting.size, chosen.values()))) // share
            others = (question for question in questions if question.entry.seq not in chosen)
            shown = (self._shown(question, staff) for question in islice(others, max(0, number)))
            for question in fitting.fitting(shown, room):
                chosen[cast("int", question["seq"])] = question
        return [chosen[seq] for seq in sorted(chosen)]

    def _shown(self, question: Question, staff: bool) -> dict[str, object]:
        entry = question.entry
        shown: dict[str, object] = {
            "seq": entry.seq,
            "at": moment(entry.at),
            "from": author(entry),
            "body": entry.content["body"],
            "state": str(question.stand),
            "votes": question.votes,
        }
        optional = {"answered_at": question.answered_at, "answer": question.answer, "into": question.into}
        shown.update({key: value for key, value in optional.items() if value is not None})
        if staff:
            shown.update(self._moderation.decision(entry))
            if self._moderation.removed(entry):
                shown["deleted"] = True
        return shown

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        if entry.type == "tally":
            return entry.rest()
        if entry.type == "question_state":
            return self._show_move(entry, staff)
        if self._moderation.hidden(entry) and not staff:
            return None
        fields = {"cid": entry.cid, "from": author(entry), "anonymous": False, **entry.rest()}
        if staff:
            fields.update(self._moderation.decision(entry))
        if self._moderation.removed(entry):
            fields["deleted"] = True
            if not staff:
                del fields["body"]
        return fields

    def _show_move(self, entry: Entry, staff: bool) -> Mapping[str, object]:
        fields = entry.rest()
        question = self._all.get(entry.content["question"])
        if not staff and (question is None or self.open_to_all(question.entry.seq) is None):
            fields.pop("answer", None)  # it goes with the question
        if question is not None and entry.seq in self._reopened and (staff or self.public(question)):
            fields["whole"] = self._shown(question, staff)  # for those who came while it was dismissed
        return {"cid": entry.cid, "from": entry.sender(), **fields} if staff else fields

    # What others ask

    def get(self, seq: int) -> Question | None:
        return self._all.get(seq)

    def __iter__(self) -> Iterator[Question]:
        return iter(self._all.values())

    def open_to_all(self, seq: int) -> Question | None:
        """The question, when it is there, approved and not deleted."""
        question = self._all.get(seq)
        if question is None or self._moderation.removed(question.entry) or self._moderation.hidden(question.entry):
            return None
        return question

    def public(self, question: Question) -> bool:
        """Whether attendees see it in their list, and may vote for it."""
        return question.stand is not Stand.DISMISSED and self.open_to_all(question.entry.seq) is not None

    def _done(self, question: Question) -> bool:
        if question.into is not None:
            # Its votes count for the other one: they go when that one does.
            root = self._all.get(self.root(question.into))
            return root is None or self._done(root)
        return question.stand in (Stand.ANSWERED, Stand.DISMISSED) or self._moderation.removed(question.entry)

    @property
    def full(self) -> bool:
        """As many as there may be, and none of them is done with."""
        return len(self._all) >= MOST and not any(map(self._done, self._all.values()))

    @property
    def on_screen(self) -> int | None:
        question = self._all.get(self._screen) if self._screen is not None else None
        return self._screen if question is not None and self.public(question) else None

    def root(self, seq: int) -> int:
        """The question whose votes this one's count for: itself, unless it was merged."""
        while (question := self._all.get(seq)) is not None and question.into is not None:
            seq = question.into
        return seq

    def families(self) -> dict[int, list[int]]:
        """Every question that was not merged, with all whose votes count for it."""
        families: dict[int, list[int]] = {}
        for seq in self._all:
            families.setdefault(self.root(seq), []).append(seq)
        return {root: members for root, members in families.items() if root in self._all}
