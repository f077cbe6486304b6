"""What was said in a room: held, approved, deleted, restored, pinned. A part of `chat.state`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from chat import fitting
from chat.entry import Entry

_SHOWN_HELD: Final = 300  # of those that wait, oldest first, in a snapshot
_SHOWN_REMOVED: Final = 100  # newest
_SHOWN_PEOPLE: Final = 300  # newest, of staff and of those whose words were deleted
WRITTEN: Final = frozenset({"message", "question"})  # what can be held, deleted and pinned
_ABOUT_ONE: Final = frozenset({"approve", "restore", "pin"})  # carry a copy of what they are about

Show = Callable[[Entry, bool], dict[str, object]]


class Messages:
    types = WRITTEN | _ABOUT_ONE | {"announcement", "reject", "delete", "delete_person", "unpin"}
    shows = types - {"question"}

    def __init__(self, event: Show) -> None:
        self._event = event  # how an entry of any type looks now
        self.hosts: dict[str, dict[str, object]] = {}  # staff that have said or ordered something, by person
        self.waiting: dict[int, Entry] = {}  # held and not decided
        self._decided: dict[int, str] = {}  # seq → approved, rejected
        self._deleted: dict[int, None] = {}  # one by one, in that order
        self._upto: dict[str, int] = {}  # person → everything of theirs up to there is deleted
        self._restored: dict[int, str] = {}  # seq → person, kept out of `_upto`
        self._pinned: Entry | None = None  # the entry that pinned

    # What others ask

    def removed(self, entry: Entry) -> bool:
        """Deleted, alone or with everything of its writer, or with its writer's data."""
        if entry.seq in self._deleted or entry.forgotten:
            return True
        return entry.seq <= self._upto.get(entry.person, 0) and entry.seq not in self._restored

    def hidden(self, entry: Entry) -> bool:
        """The public never saw it or may not see it yet: held, and not approved."""
        return entry.held and self._decided.get(entry.seq) != "approved"

    def decision(self, entry: Entry) -> dict[str, object]:
        """What staff sees of an entry that was held: `held`, `why`, and `decided` once it is."""
        if not entry.held:
            return {}
        fields: dict[str, object] = {"held": True, "why": entry.content.get("why", "review")}
        if entry.seq in self._decided:
            fields["decided"] = self._decided[entry.seq]
        return fields

    def is_staff(self, person: str) -> bool:
        return person in self.hosts

    # The part

    def apply(self, entry: Entry) -> None:
        if entry.of_staff:
            self.hosts.pop(entry.person, None)  # whoever acts is the newest
            self.hosts[entry.person] = entry.sender()
        target = int(entry.content.get("target", 0))
        match entry.type:
            case "message" | "question" if entry.held:
                self.waiting[entry.seq] = entry
            case "approve" if self.waiting.pop(target, None) is not None:
                self._decided[target] = "approved"
            case "reject" if self.waiting.pop(target, None) is not None:
                self._decided[target] = "rejected"
            case "delete":
                self._restored.pop(target, None)
                self._deleted[target] = None
            case "restore":
                self._restore(Entry.of_copy(entry.content["message"]))
            case "delete_person":
                self._delete_all(str(entry.content["person"]), entry.seq)
            case "pin":
                self._pinned = entry
            case "unpin":
                self._pinned = None

    def _restore(self, message: Entry) -> None:
        self._deleted.pop(message.seq, None)
        self._restored[message.seq] = message.person
        if self._decided.get(message.seq) == "rejected":  # nobody but staff ever saw it: it waits again
            del self._decided[message.seq]
            self.waiting[message.seq] = message

    def _delete_all(self, person: str, upto: int) -> None:
        self._upto.pop(person, None)
        self._upto[person] = upto
        for seq in [seq for seq, writer in self._restored.items() if writer == person]:
            del self._restored[seq]
        for seq in [seq for seq, entry in self.waiting.items() if entry.person == person]:
            del self.waiting[seq]
            self._decided[seq] = "rejected"

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        fields: dict[str, object] = {"pinned": self.pinned(staff), "hosts": list(self.hosts.values())[-_SHOWN_PEOPLE:]}
        if staff:
            held = islice((e for e in self.waiting.values() if not self.removed(e)), _SHOWN_HELD)
            fields["staff"] = {
                "held": fitting.fitting((self._event(entry, True) for entry in held), fitting.HELD),
                "removed": list(islice(reversed(self._deleted), _SHOWN_REMOVED)),
                "removed_people": [{"person": p, "upto": n} for p, n in list(self._upto.items())[-_SHOWN_PEOPLE:]],
            }
        return fields

    @property
    def pin(self) -> int | None:
        """The number of the message that is pinned, as long as it is not deleted."""
        if self._pinned is None:
            return None
        message = Entry.of_copy(self._pinned.content["message"])
        return None if self.removed(message) else message.seq

    def pinned(self, staff: bool) -> list[dict[str, object]]:
        """The pinned message, as a list of one or none."""
        return [] if self._pinned is None or self.pin is None else [self._carried(self._pinned, staff)]

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        if entry.type in ("message", "announcement"):
            return self._show_spoken(entry, staff)
        by: dict[str, object] = {"cid": entry.cid, "from": entry.sender()} if staff else {}
        match entry.type:
            case "approve" | "restore" | "pin":
                return {**by, "target": entry.content["target"], "message": self._carried(entry, staff)}
            case "delete_person":
                return {**by, "person": entry.content["person"], "upto": entry.seq}
            case "unpin":
                return by
            case _:
                return {**by, "target": entry.content["target"]}

    def _carried(self, entry: Entry, staff: bool) -> dict[str, object]:
        """How the message looks now that this entry is about."""
        message = Entry.of_copy(entry.content["message"])
        if message.held and not self.hidden(message):
            # In its own place it stays a stub for the public: its place is where it was approved.
            message = replace(message, content={k: v for k, v in message.content.items() if k != "held"})
        return self._event(message, staff)

    def _show_spoken(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        fields = {"cid": entry.cid, "from": entry.sender(), **entry.rest()}
        if staff:
            fields.update(self.decision(entry))
        elif entry.held:
            return None
        if self.removed(entry):
            fields["deleted"] = True
            if not staff:
                del fields["body"]
        return fields
