"""Who may not write for a while, and who may not come back. A part of `chat.state`. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chat.entry import Entry
from chat.wire import moment

_TYPES: Final = frozenset({"mute", "unmute", "ban", "unban"})
# Whoever asked a question; who that is stands nowhere (`chat.askers`), so it is shown and has no effect here.
_SHOWN_TYPES: Final = _TYPES | {"mute_asker"}
_SHOWN: Final = 300  # newest, in a snapshot; all of them are kept


@dataclass(frozen=True, slots=True)
class Mute:
    name: str
    until: dt.datetime


class Sanctions:
    types = _TYPES
    shows = _SHOWN_TYPES

    def __init__(self) -> None:
        self.muted: dict[str, Mute] = {}  # by person, newest last; those of the past too, until another is muted
        self.banned: dict[str, str] = {}  # person → name, newest last

    def muted_until(self, person: str, now: dt.datetime) -> dt.datetime | None:
        """None when this person may write."""
        mute = self.muted.get(person)
        return mute.until if mute is not None and mute.until > now else None

    def apply(self, entry: Entry) -> None:
        person, name = str(entry.content["person"]), str(entry.content.get("person_name", ""))
        match entry.type:
            case "mute":
                self._mute(person, entry.at, Mute(name, dt.datetime.fromisoformat(entry.content["until"])))
            case "unmute":
                self.muted.pop(person, None)
            case "ban":
                self.banned.pop(person, None)
                self.banned[person] = name
            case "unban":
                self.banned.pop(person, None)

    def _mute(self, person: str, at: dt.datetime, mute: Mute) -> None:
        for past in [p for p, other in self.muted.items() if p == person or other.until <= at]:
            del self.muted[past]
        self.muted[person] = mute

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        if not staff:
            return {}
        newest_muted, newest_banned = list(self.muted.items())[-_SHOWN:], list(self.banned.items())[-_SHOWN:]
        muted = [{"id": p, "name": mute.name, "until": moment(mute.until)} for p, mute in newest_muted]
        banned = [{"id": person, "name": name} for person, name in newest_banned]
        return {"staff": {"muted": muted, "banned": banned}}

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        if not staff:
            return None
        fields: dict[str, object] = {"cid": entry.cid, "from": entry.sender()}
        if "target" in entry.content:
            fields["target"] = entry.content["target"]
        else:
            fields |= {"person": entry.content["person"], "name": entry.content.get("person_name", "")}
        if "until" in entry.content:
            fields["until"] = moment(dt.datetime.fromisoformat(entry.content["until"]))
        return fields
