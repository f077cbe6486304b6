"""A row of the log, as it is stored and before it is shown to anybody. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

STAFF: Final = frozenset({"host", "moderator", "presenter"})
ROLES: Final = STAFF | {"attendee"}
FORGOTTEN: Final = "forgotten"  # in the content of what a person left who had their data deleted


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its number. (`person`, `cid`) is unique in a room."""

    type: str
    cid: str
    person: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its number. `content` is the row's jsonb: `{name, role, …}`, where the rest belongs to the type."""

    seq: int
    type: str
    at: dt.datetime
    cid: str | None
    person: str
    content: Mapping[str, Any]

    @property
    def held(self) -> bool:
        """It waits, or waited, for a moderator before the public may see it."""
        return self.content.get("held") is True

    @property
    def forgotten(self) -> bool:
        """Its writer had their data deleted (`chat.forgetting`): it has neither a name nor a text any more."""
        return self.content.get(FORGOTTEN) is True

    @property
    def of_staff(self) -> bool:
        return self.content.get("role") in STAFF

    def sender(self) -> dict[str, object]:
        """`from` as clients get it."""
        return {"id": self.person, "name": self.content.get("name", ""), "role": self.content.get("role", "attendee")}

    def rest(self) -> dict[str, object]:
        """The content without who sent it and without what only the service needs."""
        return {key: value for key, value in self.content.items() if key not in _OWN}

    def copy(self) -> dict[str, Any]:
        """What an event about this one carries (`message` of its content), so that it can be shown without it."""
        return {
            "seq": self.seq,
            "type": self.type,
            "at": self.at.isoformat(),
            "cid": self.cid,
            "person": self.person,
            "content": dict(self.content),
        }

    @classmethod
    def of_copy(cls, copy: Mapping[str, Any]) -> Entry:
        """Undoes `copy`."""
        at = dt.datetime.fromisoformat(copy["at"])
        return cls(copy["seq"], copy["type"], at, copy["cid"], copy["person"], copy["content"])


_OWN: Final = frozenset({"name", "role", "held", "why", "message", FORGOTTEN})
