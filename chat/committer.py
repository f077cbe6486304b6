"""Group commit of one room: a message of a quiet room is committed at once, those of a busy one together."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from chat import figures
from chat.entry import Draft, Entry
from chat.gathering import Gathering, Waiting
from chat.store import Appended, Unstorable
from webinar.base import log

GATHER_S: Final = 0.005  # between the end of a commit and the next one, so that a busy room's messages gather
_MAX_BATCH: Final = 256
_MAX_WAITING: Final = 1000

_log = log.get(__name__)


class Log(Protocol):
    """The part of `Store` that is used here."""

    async def append(self, event_id: uuid.UUID, drafts: Sequence[Draft]) -> list[Appended]: ...


# Gets the new entries of a commit and how far the log reaches, before anybody is told of them.
OnCommit = Callable[[Sequence[Entry], int], Awaitable[None]]

_Entry = Waiting[Draft, Entry]


class Committer(Gathering[Draft, Entry, list[Appended]]):
    """What is submitted is answered by the draft with its number: as it was stored first."""

    def __init__(self, event_id: uuid.UUID, store: Log, on_commit: OnCommit) -> None:
        super().__init__(event_id, "the log", most_waiting=_MAX_WAITING, most_at_once=_MAX_BATCH)
        self._store = store
        self._on_commit = on_commit

    def _gather_s(self, since_last: float) -> float:
        return max(0.0, GATHER_S - since_last)

    async def _write(self, entries: Sequence[_Entry]) -> list[Appended]:
        groups = _groups(entries)
        figures.BATCH.observe(len(groups))
        with figures.COMMIT_S.time():
            return await self._store.append(self._event_id, [group[0].item for group in groups])

    async def _wrote(self, entries: Sequence[_Entry], written: list[Appended]) -> None:
        await self._on_commit([a.entry for a in written if a.fresh], max(a.entry.seq for a in written))
        for group, result in zip(_groups(entries), written, strict=True):
            for entry in group:
                entry.give(result.entry)

    async def _unstorable(self, entries: Sequence[_Entry], error: Unstorable) -> None:
        """One bad draft must not take the others of its batch with it."""
        groups = _groups(entries)
        if len(groups) > 1:
            for group in groups:
                await self._attempt(group)
            return
        _log.error("a message cannot be stored", event_id=str(self._event_id), error=str(error))
        for entry in entries:
            entry.refuse("unstorable", None)


def _groups(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """The same cid twice at once (two tabs, a hasty retry) is one draft with two who wait for it."""
    groups: dict[tuple[str, str], list[_Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.item.person, entry.item.cid), []).append(entry)
    return list(groups.values())
