"""A room as it stands, read from its log once: what is exported and shown after the event. Pure.

With `chat.forgetting` what `webinar` may import of `chat`. It shows what moderators see, without what nobody may: who
asked anonymously.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chat.entry import Entry
from chat.polls import Poll, Stage
from chat.questions import Question
from chat.room_settings import RoomSettings
from chat.state import RoomState

_SPOKEN: Final = ("message", "announcement")
_HOST: Final = {"name": "", "role": "host"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `chat_log`; `content` is its jsonb."""

    seq: int
    type: str
    at: dt.datetime
    person: str
    content: Mapping[str, Any]


def prepared(rows: Iterable[Row]) -> list[tuple[str, dict[str, Any]]]:
    """(type, content) of the events with which another room begins as this one was prepared: one of its settings, if
    they were changed, and each of its polls as a draft. Of `rows` the types `settings` and `poll` count.

    Nobody's name is in them, and what stopped the room for a moment is not.
    """
    settings: dict[str, Any] = {}
    polls: dict[int, Poll] = {}
    for row in rows:
        if row.type == "settings":
            settings.update(row.content["settings"])
        elif row.type == "poll":
            poll = Poll.of(Entry(row.seq, row.type, row.at, None, row.person, row.content))
            polls[poll.poll] = poll
    settings.pop("frozen", None)
    made: list[tuple[str, dict[str, Any]]] = [("settings", {**_HOST, "settings": settings})] if settings else []
    for poll in polls.values():
        if poll.stage is not Stage.REMOVED:
            made.append(("poll", {**_HOST, **poll.definition.content(), "state": str(Stage.DRAFT)}))
    return made


@dataclass(frozen=True, slots=True)
class Said:
    """A message or an announcement. `state`: shown, deleted, held (still waiting) or rejected."""

    seq: int
    at: dt.datetime
    type: str
    person: str
    name: str
    role: str
    body: str
    reply_to: int | None
    state: str
    full_name: str | None = None  # of `person`; the room does not know it, whoever does puts it in for hosts


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. Of an anonymous one `person`, `name` and `role` are None. `votes` are as of the last tally."""

    seq: int
    at: dt.datetime
    person: str | None
    name: str | None
    role: str | None
    body: str
    state: str  # new, queue, screen, answered, dismissed; deleted, held, rejected
    votes: int
    answer: str | None
    answered_at: str | None
    into: int | None
    full_name: str | None = None  # as of a message


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll that was opened or is prepared. `counts` and `answers` are of the last time it was closed, else None."""

    poll: int
    at: dt.datetime
    question: str
    kind: str
    options: tuple[str, ...]
    correct: tuple[int, ...]
    anonymous: bool
    state: str
    counts: tuple[int, ...] | None
    answers: int | None
    live: bool = False  # everybody sees the bars while it is open


@dataclass(frozen=True, slots=True)
class Raised:
    """A hand that is up. `hand` is its number; `called`: its owner may speak."""

    hand: int
    at: dt.datetime
    person: str
    name: str
    called: bool
    full_name: str | None = None  # as of a message


@dataclass(frozen=True, slots=True)
class Shut:
    """Who may not write until then, or (None) not come back."""

    person: str
    name: str
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Floor:
    """What the room allows now, and whom. `settings` are all of them, the blocked words among them."""

    settings: Mapping[str, Any] = field(default_factory=lambda: RoomSettings().values)
    pinned: int | None = None
    hands: Sequence[Raised] = ()
    muted: Sequence[Shut] = ()  # those of the past too
    banned: Sequence[Shut] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """Each in the order of the log."""

    messages: Sequence[Said]
    questions: Sequence[Asked]
    polls: Sequence[Polled]
    floor: Floor = field(default_factory=Floor)


def read(rows: Iterable[Row]) -> Transcript:
    """The whole log, in the order of its numbers."""
    state = RoomState()
    spoken: list[Entry] = []
    # The fold of a running room forgets the oldest questions that are done with: here they are kept.
    asked: dict[int, Question] = {}
    at: dict[int, dt.datetime] = {}
    for row in rows:
        entry = Entry(row.seq, row.type, row.at, None, row.person, row.content)
        state.apply(entry)
        at[row.seq] = row.at
        if entry.type in _SPOKEN:
            spoken.append(entry)
        elif entry.type == "question" and (question := state.questions.get(entry.seq)) is not None:
            asked[entry.seq] = question
    return Transcript(
        [_said(state, entry) for entry in spoken],
        [_asked(state, question) for question in asked.values()],
        [_polled(poll, at[poll.poll]) for poll in state.polls if poll.stage is not Stage.REMOVED],
        _floor(state),
    )


def _floor(state: RoomState) -> Floor:
    return Floor(
        state.settings.values,
        state.messages.pin,
        [
            Raised(entry.seq, entry.at, entry.person, str(entry.content.get("name", "")), called)
            for entry, called in state.hands
        ],
        [Shut(person, mute.name, mute.until) for person, mute in state.sanctions.muted.items()],
        [Shut(person, name, None) for person, name in state.sanctions.banned.items()],
    )


def _moderated(state: RoomState, entry: Entry) -> str | None:
    """What moderators made of it, when that is why it is not shown."""
    if state.messages.removed(entry):
        return "deleted"
    if not state.messages.hidden(entry):
        return None
    return "held" if entry.seq in state.messages.waiting else "rejected"


def _said(state: RoomState, entry: Entry) -> Said:
    content = entry.content
    return Said(
        seq=entry.seq,
        at=entry.at,
        type=entry.type,
        person=entry.person,
        name=str(content.get("name", "")),
        role=str(content.get("role", "attendee")),
        body=str(content.get("body", "")),
        reply_to=content.get("reply_to"),
        state=_moderated(state, entry) or "shown",
    )


def _asked(state: RoomState, question: Question) -> Asked:
    entry = question.entry
    hidden = bool(entry.content.get("anonymous"))
    return Asked(
        seq=entry.seq,
        at=entry.at,
        person=None if hidden else entry.person,
        name=None if hidden else str(entry.content.get("name", "")),
        role=None if hidden else str(entry.content.get("role", "attendee")),
        body=str(entry.content.get("body", "")),
        state=_moderated(state, entry) or str(question.stand),
        votes=question.votes,
        answer=question.answer,
        answered_at=question.answered_at,
        into=question.into,
    )


def _polled(poll: Poll, at: dt.datetime) -> Polled:
    asks = poll.definition
    return Polled(
        poll=poll.poll,
        at=at,
        question=asks.question,
        kind=str(asks.kind),
        options=asks.options,
        correct=asks.correct,
        anonymous=asks.anonymous,
        state=str(poll.stage),
        counts=poll.counts,
        answers=poll.answers,
        live=asks.live,
    )
