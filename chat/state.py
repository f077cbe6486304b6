"""The present state of a room: a pure fold of its log, the same in every process, and what each event looks like in it.

The log is the only truth. Moderation, settings, questions, polls and hands are entries of it; `RoomState.apply` takes
them in order, one by one, and tolerates whatever stands there: approving twice or deleting what is gone has no effect.
It is made from the state-bearing entries (`bears_state`) and kept up with each new one.

Two audiences: staff (moderator, host, presenter) and the public. What the public may not see keeps its number
as a stub.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from chat.entry import Entry
from chat.hands import Hands
from chat.messages import Messages
from chat.notes import Notes
from chat.polls import Polls
from chat.questions import Questions
from chat.room_settings import RoomSettings
from chat.sanctions import Sanctions
from chat.wire import encode_event, moment

Fields = Mapping[str, object]


class Part(Protocol):
    """One subject of the state."""

    types: frozenset[str]  # of the entries it takes
    shows: frozenset[str]  # of the entries whose look it decides; each type has one part

    def apply(self, entry: Entry) -> None:
        """Takes one entry. Idempotent, never raises for what it does not expect."""

    def snapshot(self, staff: bool) -> Fields:
        """Its fields of the `state` frame; those under the key `staff` are merged with the other parts'."""

    def show(self, entry: Entry, staff: bool) -> Fields | None:
        """The fields of the entry's event after `seq`, `type` and `at`; None: this audience gets a stub."""


class RoomState:
    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.seq = 0  # of the newest entry that bears state
        self.version = 0  # grows whenever a snapshot may have changed
        self.messages = Messages(self.event)
        self.sanctions = Sanctions()
        self.settings = RoomSettings()
        self.questions = Questions(self.messages)
        self.polls = Polls()
        self.hands = Hands()
        self.notes = Notes()
        self._parts: tuple[Part, ...] = (
            self.messages,
            self.sanctions,
            self.settings,
            self.questions,
            self.polls,
            self.hands,
            self.notes,
        )
        self._takers: dict[str, list[Part]] = {}
        self._showers: dict[str, Part] = {}
        for part in self._parts:
            for type_ in part.types:
                self._takers.setdefault(type_, []).append(part)
            for type_ in part.shows:
                self._showers[type_] = part
        for entry in entries:
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """The next entry of the log; one that was taken already, or bears no state, changes nothing."""
        if entry.seq <= self.seq or not bears_state(entry):
            return
        self.seq = entry.seq
        self.version += 1
        for part in self._takers.get(entry.type, ()):
            part.apply(entry)

    def set_ended(self, ended: bool) -> bool:
        """Whether the event is over, which its row says and not the log; True when that is news."""
        if ended == self.settings.ended:
            return False
        self.settings.ended = ended
        self.version += 1
        return True

    def snapshot(self, staff: bool) -> dict[str, object]:
        """The fields of a `state` frame."""
        fields: dict[str, object] = {"seq": self.seq}
        for_staff: dict[str, object] = {}
        for part in self._parts:
            for key, value in part.snapshot(staff).items():
                if key == "staff" and isinstance(value, Mapping):
                    for_staff.update(value)
                else:
                    fields[key] = value
        if staff:
            fields["staff"] = for_staff
        return fields

    def event(self, entry: Entry, staff: bool) -> dict[str, object]:
        """The entry as one audience gets it now."""
        shower = self._showers.get(entry.type)
        fields = shower.show(entry, staff) if shower is not None else None
        if fields is None:
            return {"seq": entry.seq, "type": "mod", "at": moment(entry.at)}
        return {"seq": entry.seq, "type": entry.type, "at": moment(entry.at), **fields}

    def encode(self, entry: Entry) -> tuple[bytes, bytes]:
        """For the public and for staff; mostly the same object twice."""
        public, staff = self.event(entry, False), self.event(entry, True)
        data = encode_event(public)
        return data, data if public == staff else encode_event(staff)


def bears_state(entry: Entry) -> bool:
    """Whether the fold needs it: all but what attendees say in passing. `store.py` selects the same."""
    return entry.type != "message" or entry.held or entry.of_staff


def changed_by(cause: Entry) -> Callable[[Entry], bool] | None:
    """Which entries look different once `cause` is applied; None when none does."""
    if cause.type in ("approve", "reject", "delete", "restore"):
        target = cause.content.get("target")
        return lambda entry: target in (entry.seq, entry.content.get("target"), _moved(entry))
    if cause.type == "delete_person":
        person = cause.content.get("person")
        return lambda entry: (
            person in (entry.person, entry.content.get("message", {}).get("person")) or _moved(entry) is not None
        )
    if cause.type == "poll":
        poll = cause.content.get("poll")
        return None if poll is None else lambda entry: entry.type == "poll" and entry.content.get("poll") == poll
    return None


def _moved(entry: Entry) -> int | None:
    """The question that an entry moved; whose it is does not stand there."""
    return int(entry.content["question"]) if entry.type == "question_state" else None
