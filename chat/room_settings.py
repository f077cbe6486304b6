"""What a room allows. A part of `chat.state`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chat.entry import Entry
from chat.text_rules import Words

_TYPES: Final = frozenset({"settings"})
DEFAULTS: Final[Mapping[str, Any]] = {
    "mode": "open",
    "slow_s": 0,
    "links": True,
    "words": (),
    "frozen": False,
    "questions": True,
    "anonymous_questions": True,
    "review_questions": False,
    "reactions": True,
    "hands": True,
}


class RoomSettings:
    types = _TYPES
    shows = _TYPES

    def __init__(self) -> None:
        self._values: dict[str, Any] = dict(DEFAULTS)
        self.blocked = Words(())  # what holds a message for review when it stands in it
        self.ended = False  # the event is over; from the event's row

    @property
    def mode(self) -> str:
        """open, hosts, questions or review."""
        return str(self._values["mode"])

    @property
    def slow_s(self) -> int:
        """Seconds between two messages of one person."""
        return int(self._values["slow_s"])

    def allows(self, name: str) -> bool:
        """Of links, frozen, questions, anonymous_questions, review_questions, reactions, hands."""
        return bool(self._values[name])

    @property
    def values(self) -> Mapping[str, Any]:
        """All that can be set, as it is set now."""
        return {**self._values, "words": list(self._values["words"])}

    def public(self) -> dict[str, object]:
        return {**{k: v for k, v in self._values.items() if k != "words"}, "ended": self.ended}

    def apply(self, entry: Entry) -> None:
        changes: Mapping[str, Any] = entry.content["settings"]
        self._values.update({name: value for name, value in changes.items() if name in DEFAULTS})
        if "words" in changes:
            self.blocked = Words(changes["words"])

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        fields: dict[str, object] = {"settings": self.public()}
        return {**fields, "staff": {"words": list(self._values["words"])}} if staff else fields

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        changes = {k: v for k, v in entry.content["settings"].items() if staff or k != "words"}
        if not staff:
            return {"settings": changes} if changes else None
        return {"cid": entry.cid, "from": entry.sender(), "settings": changes}
