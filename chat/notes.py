"""What those behind the scenes write to one another: no word of it reaches the public. A part of `chat.state`. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from chat import fitting
from chat.entry import Entry
from chat.wire import moment

_KEPT: Final = 100  # newest, for who comes in


class Notes:
    types = frozenset({"note"})
    shows = types

    def __init__(self) -> None:
        self._newest: deque[Entry] = deque(maxlen=_KEPT)

    def apply(self, entry: Entry) -> None:
        self._newest.append(entry)

    def snapshot(self, staff: bool) -> Mapping[str, object]:
        """Oldest first; of long ones fewer."""
        if not staff:
            return {}
        shown = (_event(entry) for entry in reversed(self._newest))
        return {"staff": {"notes": fitting.fitting(shown, fitting.NOTES)[::-1]}}

    def show(self, entry: Entry, staff: bool) -> Mapping[str, object] | None:
        return _fields(entry) if staff else None


def _fields(entry: Entry) -> dict[str, object]:
    return {"cid": entry.cid, "from": entry.sender(), "body": entry.content["body"]}


def _event(entry: Entry) -> dict[str, object]:
    return {"seq": entry.seq, "type": entry.type, "at": moment(entry.at), **_fields(entry)}
