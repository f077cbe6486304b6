"""Group commit of one room: a message of a quiet room is committed at once, those of a busy one together.

Whoever submits is answered after the commit, or refused within `DEADLINE_S`; nothing in between.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chat import figures
from chat.entry import Draft, Entry
from chat.store import Appended, NoRoom, StoreDown, Unstorable
from webinar.base import log

GATHER_S: Final = 0.005  # between the end of a commit and the next one, so that a busy room's messages gather
DEADLINE_S: Final = 5.0
_MAX_BATCH: Final = 256
_MAX_WAITING: Final = 1000

_log = log.get(__name__)


class Refusal(Exception):
    """The message was not acknowledged. `code` and `retry_after` (seconds, or None) go into the nak."""

    def __init__(self, code: str, retry_after: float | None) -> None:
        super().__init__(code)
        self.code, self.retry_after = code, retry_after


class Log(Protocol):
    """The part of `Store` that is used here."""

    async def append(self, event_id: uuid.UUID, drafts: Sequence[Draft]) -> list[Appended]: ...


# Gets the new entries of a commit and how far the log reaches, before anybody is told of them.
OnCommit = Callable[[Sequence[Entry], int], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Waiting:
    draft: Draft
    answer: asyncio.Future[Entry]


class Committer:
    """One per room and process. `run` does the work until it is cancelled."""

    def __init__(self, event_id: uuid.UUID, store: Log, on_commit: OnCommit) -> None:
        self._event_id = event_id
        self._store = store
        self._on_commit = on_commit
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(_MAX_WAITING)
        self._in_hand: list[_Waiting] = []
        self._down = False

    async def submit(self, draft: Draft) -> Entry:
        """The draft with its number, once it is committed: as it was stored first. Raises `Refusal`."""
        entry = _Waiting(draft, asyncio.get_running_loop().create_future())
        try:
            self._waiting.put_nowait(entry)
        except asyncio.QueueFull as error:
            raise Refusal("busy", 1.0) from error
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await entry.answer
        except TimeoutError as error:
            # It may still be stored later: the client repeats the cid and learns its seq.
            raise Refusal("unavailable", 2.0) from error

    @property
    def idle(self) -> bool:
        return not self._in_hand and self._waiting.empty()

    async def settle(self) -> None:
        """Returns when everything that was submitted has its answer."""
        await self._waiting.join()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        committed_at = float("-inf")
        try:
            while True:
                self._in_hand = [await self._waiting.get()]
                await asyncio.sleep(max(0.0, committed_at + GATHER_S - loop.time()))
                while len(self._in_hand) < _MAX_BATCH and not self._waiting.empty():
                    self._in_hand.append(self._waiting.get_nowait())
                await self._commit([entry for entry in self._in_hand if not entry.answer.done()])
                committed_at = loop.time()
                for _ in self._in_hand:
                    self._waiting.task_done()
                self._in_hand = []
        finally:
            self._refuse_all()

    async def _commit(self, entries: list[_Waiting]) -> None:
        # The same cid twice at once (two tabs, a hasty retry) is one draft with two who wait for it.
        groups: dict[tuple[str, str], list[_Waiting]] = {}
        for entry in entries:
            groups.setdefault((entry.draft.person, entry.draft.cid), []).append(entry)
        if not groups:
            return
        figures.BATCH.observe(len(groups))
        try:
            with figures.COMMIT_S.time():
                appended = await self._store.append(self._event_id, [group[0].draft for group in groups.values()])
        except StoreDown as error:
            self._set_down(str(error))
            _refuse(entries, "unavailable", 2.0)
        except NoRoom:
            _refuse(entries, "gone", None)
        except Unstorable as error:
            await self._commit_singly(list(groups.values()), error)
        else:
            self._set_down(None)
            await self._on_commit([a.entry for a in appended if a.fresh], max(a.entry.seq for a in appended))
            for group, result in zip(groups.values(), appended, strict=True):
                _acknowledge(group, result.entry)

    def _set_down(self, error: str | None) -> None:
        """Says so once, not with every batch of a busy room."""
        if error is not None and not self._down:
            _log.warning("the log cannot be written", event_id=str(self._event_id), error=error)
        elif error is None and self._down:
            _log.info("the log can be written again", event_id=str(self._event_id))
        self._down = error is not None

    async def _commit_singly(self, groups: list[list[_Waiting]], error: Unstorable) -> None:
        """One bad draft must not take the others of its batch with it."""
        if len(groups) == 1:
            _log.error("a message cannot be stored", event_id=str(self._event_id), error=str(error))
            _refuse(groups[0], "unstorable", None)
            return
        for group in groups:
            await self._commit(group)

    def _refuse_all(self) -> None:
        left = [*self._in_hand]
        while not self._waiting.empty():
            left.append(self._waiting.get_nowait())
        _refuse(left, "unavailable", 1.0)


def _acknowledge(entries: Sequence[_Waiting], stored: Entry) -> None:
    for entry in entries:
        if not entry.answer.done():
            entry.answer.set_result(stored)


def _refuse(entries: Sequence[_Waiting], code: str, retry_after: float | None) -> None:
    for entry in entries:
        if not entry.answer.done():
            entry.answer.set_exception(Refusal(code, retry_after))
