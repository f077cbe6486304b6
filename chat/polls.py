"""Polls and quizzes of a room. A part of `chat.state`. Pure.

An entry carries the whole poll at every change, so what attendees see of it needs nothing from before. A poll is named
by the seq of the entry that first saved it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self, cast

from chat import fitting
from chat.entry import Entry

MOST: Final = 100  # polls of a room, drafts too, removed ones not
MOST_OPEN: Final = 5  # at once
MARKS: Final = range(1, 6)  # of a rating

_TYPES: Final = frozenset({"poll"})


class Kind(enum.StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    RATING = "rating"


class Stage(enum.StrEnum):
    """Where a poll stands, as on the wire. `closed`: staff sees the result; `shared`: everybody does."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    SHARED = "shared"
    REMOVED = "removed"


# A draft may be saved again; what was opened cannot be changed, only opened again.
_NEXT: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.DRAFT: frozenset({Stage.DRAFT, Stage.OPEN, Stage.REMOVED}),
    Stage.OPEN: frozenset({Stage.CLOSED, Stage.SHARED, Stage.REMOVED}),
    Stage.CLOSED: frozenset({Stage.OPEN, Stage.SHARED, Stage.REMOVED}),
    Stage.SHARED: frozenset({Stage.CLOSED, Stage.REMOVED}),
    Stage.REMOVED: frozenset(),
}
_FIRST: Final = {Stage.OPEN: 0, Stage.DRAFT: 1}


@dataclass(frozen=True, slots=True)
class Definition:
    """What is asked, and how. `correct` are indexes into `options` of a quiz's right answers, else empty.

    `live`: everybody sees the bars while the poll is open.
    """

    question: str
    kind: Kind
    options: tuple[str, ...]
    correct: tuple[int, ...]
    anonymous: bool
    live: bool

    @property
    def choices(self) -> range:
        """What may be chosen: indexes into `options`, or marks."""
        return MARKS if self.kind is Kind.RATING else range(len(self.options))

    def accepts(self, choices: tuple[int, ...]) -> bool:
        """Whether this is an answer to it; `choices` are different from each other."""
        most = len(self.options) if self.kind is Kind.MULTIPLE else 1
        return 0 < len(choices) <= most and all(choice in self.choices for choice in choices)

    def content(self) -> dict[str, Any]:
        """As in an entry."""
        return {
            "question": self.question,
            "kind": str(self.kind),
            "options": list(self.options),
            "correct": list(self.correct),
            "anonymous": self.anonymous,
            "live": self.live,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Undoes `content`."""
        return cls(
            question=content["question"],
            kind=Kind(content["kind"]),
            options=tuple(content["options"]),
            correct=tuple(content["correct"]),
            anonymous=content["anonymous"],
            live=content["live"],
        )


@dataclass(frozen=True, slots=True)
class Poll:
    """`counts` (of each of the definition's `choices`) and `answers` (people) are of the last time it was closed."""

    poll: int
    definition: Definition
    stage: Stage
    counts: tuple[int, ...] | None = None
    answers: int | None = None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        content = entry.content
        counts = content.get("counts")
        return cls(
            poll=content.get("poll", entry.seq),
            definition=Definition.of(content),
            stage=Stage(content["state"]),
            counts=None if counts is None else tuple(counts),
            answers=content.get("answers"),
        )

    def turned(self, stage: Stage) -> dict[str, Any]:
        """The content of the event by which it becomes that, whatever it counts beside."""
        return {"poll": self.poll, **self.definition.content(), "state": str(stage)}

    def may_become(self, stage: Stage) -> bool:
        return stage in _NEXT[self.stage]

    def results_for(self, staff: bool) -> bool:
        """Whether this audience may see how it goes, or went."""
        return staff or self.stage is Stage.SHARED or (self.stage is Stage.OPEN and self.definition.live)

    def shown(self, staff: bool) -> dict[str, object] | None:
        """As in `state` and in events; None: this audience may not know of it."""
        if self.stage is Stage.DRAFT and not staff:
            return None
        shown: dict[str, object] = {"poll": self.poll, "state": str(self.stage)}
        if self.stage is Stage.REMOVED:
            return shown
        shown.update(self.definition.content())
        if not self.definition.correct or not (staff or self.stage is Stage.SHARED):
            del shown["correct"]
        if self.counts is not None and self.results_for(staff):
            shown.update(counts=list(self.counts), answers=self.answers)
        return shown


class Polls:
    types = _TYPES
    shows = _TYPES

    def __init__(self) -> None:
        self._all: dict[int, Poll] = {}

    # The part

    def apply(self, entry: Entry) -> None:
        poll = Poll.of(entry)
        before = self._all.get(poll.poll)
        if before is None:
            if poll.poll == entry.seq and poll.stage is Stage.DRAFT:
                self._all[poll.poll] = poll
        elif poll.stage is Stage.REMOVED:
            del self._all[poll.poll]
        elif before.may_become(poll.stage):
            self._all[poll.poll] = poll

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        """Of more than fit, those that are open and those that are prepared before others, and newer ones first."""
        order = sorted(self._all.values(), key=lambda poll: (_FIRST.get(poll.stage, 2), -poll.poll))
        shown = ((poll, poll.shown(staff)) for poll in order)
        polls = fitting.fitting((fields for _, fields in shown if fields is not None), fitting.POLLS)
        return {"polls": sorted(polls, key=lambda fields: cast("int", fields["poll"]))}

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        # One that was removed as a draft was never there for the public.
        if not staff and entry.content.get("unseen"):
            return None
        poll = Poll.of(entry)
        fields = poll.shown(True) if staff else self._as_now(poll).shown(False)
        if fields is None or not staff:
            return fields
        return {"cid": entry.cid, "from": entry.sender(), **fields}

    def _as_now(self, then: Poll) -> Poll:
        """As the public may see it that stood there then: not what was taken back since."""
        now = self._all.get(then.poll)
        if then.stage is Stage.DRAFT:
            return then
        if now is None:
            return replace(then, stage=Stage.REMOVED)
        if now.stage is not Stage.SHARED:
            then = replace(then, definition=replace(then.definition, correct=()))
        return then if now.results_for(False) else replace(then, counts=None, answers=None)

    # What others ask

    def get(self, poll: int) -> Poll | None:
        return self._all.get(poll)

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._all.values())

    @property
    def open(self) -> list[Poll]:
        return [poll for poll in self._all.values() if poll.stage is Stage.OPEN]

    @property
    def full(self) -> bool:
        return len(self._all) >= MOST
