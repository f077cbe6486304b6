"""Who may not write for a while, and who may not come back. A part of `chat.state`. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chat.entry import Entry
from chat.wire import moment

_TYPES: Final = frozenset({"mute", "unmute", "ban", "unban"})


@dataclass(frozen=True, slots=True)
class Mute:
    name: str
    until: dt.datetime


class Sanctions:
    types = _TYPES
    shows = _TYPES

    def __init__(self) -> None:
        self.muted: dict[str, Mute] = {}  # by person; those of the past too, until they are muted again
        self.banned: dict[str, str] = {}  # person → name

    def muted_until(self, person: str, now: dt.datetime) -> dt.datetime | None:
        """None when this person may write."""
        mute = self.muted.get(person)
        return mute.until if mute is not None and mute.until > now else None

    def apply(self, entry: Entry) -> None:
        person, name = str(entry.content["person"]), str(entry.content.get("person_name", ""))
        match entry.type:
            case "mute":
                self.muted[person] = Mute(name, dt.datetime.fromisoformat(entry.content["until"]))
            case "unmute":
                self.muted.pop(person, None)
            case "ban":
                self.banned[person] = name
            case "unban":
                self.banned.pop(person, None)

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        if not staff:
            return {}
        muted = [{"id": p, "name": mute.name, "until": moment(mute.until)} for p, mute in self.muted.items()]
        banned = [{"id": person, "name": name} for person, name in self.banned.items()]
        return {"staff": {"muted": muted, "banned": banned}}

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        if not staff:
            return None
        fields: dict[str, object] = {
            "cid": entry.cid,
            "from": entry.sender(),
            "person": entry.content["person"],
            "name": entry.content.get("person_name", ""),
        }
        if "until" in entry.content:
            fields["until"] = moment(dt.datetime.fromisoformat(entry.content["until"]))
        return fields
