"""What comes within a moment is written together, and everybody who submitted is answered.

An answer comes after the write, or a refusal within `DEADLINE_S`; nothing in between. The log (`chat.committer`) and
the ballots (`chat.ballot_writer`) differ in how long they gather and in what they write.
"""

from __future__ import annotations

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from chat.store import NoRoom, StoreDown, Unstorable
from webinar.base import log

DEADLINE_S: Final = 5.0

_log = log.get(__name__)

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Written = TypeVar("Written")


class Refusal(Exception):
    """What was submitted was not acknowledged. `code` and `retry_after` (seconds, or None) go into the nak."""

    def __init__(self, code: str, retry_after: float | None) -> None:
        super().__init__(code)
        self.code, self.retry_after = code, retry_after


@dataclass(slots=True, eq=False)
class Waiting(Generic[Item, Answer]):
    """Somebody's item, and what they wait for."""

    item: Item
    answer: asyncio.Future[Answer]

    def give(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def refuse(self, code: str, retry_after: float | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(Refusal(code, retry_after))


class Gathering(ABC, Generic[Item, Answer, Written]):
    """One per room, process and kind. `run` does the work until it is cancelled.

    `what` is written ("the log"), for the operator; of `most_waiting` more are refused with `busy`; a write takes
    `most_at_once`.
    """

    def __init__(self, event_id: uuid.UUID, what: str, *, most_waiting: int, most_at_once: int) -> None:
        self._event_id = event_id
        self._what = what
        self._waiting: asyncio.Queue[Waiting[Item, Answer]] = asyncio.Queue(most_waiting)
        self._most_at_once = most_at_once
        self._in_hand: list[Waiting[Item, Answer]] = []
        self._down = False

    async def submit(self, item: Item) -> Answer:
        """The answer, once it is stored. Raises `Refusal`."""
        entry: Waiting[Item, Answer] = Waiting(item, asyncio.get_running_loop().create_future())
        try:
            self._waiting.put_nowait(entry)
        except asyncio.QueueFull as error:
            raise Refusal("busy", 1.0) from error
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await entry.answer
        except TimeoutError as error:
            # It may still be stored later: the client repeats it and learns so.
            raise Refusal("unavailable", 2.0) from error

    @property
    def idle(self) -> bool:
        return not self._in_hand and self._waiting.empty()

    async def settle(self) -> None:
        """Returns when everything that was submitted has its answer."""
        await self._waiting.join()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        written_at = float("-inf")
        try:
            while True:
                self._in_hand = [await self._waiting.get()]
                await asyncio.sleep(self._gather_s(loop.time() - written_at))
                while len(self._in_hand) < self._most_at_once and not self._waiting.empty():
                    self._in_hand.append(self._waiting.get_nowait())
                await self._attempt([entry for entry in self._in_hand if not entry.answer.done()])
                written_at = loop.time()
                for _ in self._in_hand:
                    self._waiting.task_done()
                self._in_hand = []
        finally:
            left = [*self._in_hand]
            while not self._waiting.empty():
                left.append(self._waiting.get_nowait())
            _refuse(left, "unavailable", 1.0)

    # What each kind says of itself

    @abstractmethod
    def _gather_s(self, since_last: float) -> float:
        """How long to wait for more after the first, `since_last` seconds after the write before ended."""

    @abstractmethod
    async def _write(self, entries: Sequence[Waiting[Item, Answer]]) -> Written:
        """Writes them in one transaction. Raises `StoreDown`, `NoRoom`, `Unstorable`."""

    @abstractmethod
    async def _wrote(self, entries: Sequence[Waiting[Item, Answer]], written: Written) -> None:
        """Tells the room and answers everybody."""

    @abstractmethod
    async def _unstorable(self, entries: Sequence[Waiting[Item, Answer]], error: Unstorable) -> None:
        """One of them can never be stored: answers everybody, or tries again with fewer (`_attempt`)."""

    async def _attempt(self, entries: Sequence[Waiting[Item, Answer]]) -> None:
        if not entries:
            return
        try:
            written = await self._write(entries)
        except StoreDown as error:
            self._set_down(str(error))
            _refuse(entries, "unavailable", 2.0)
        except NoRoom:
            _refuse(entries, "gone", None)
        except Unstorable as error:
            await self._unstorable(entries, error)
        else:
            self._set_down(None)
            await self._wrote(entries, written)

    def _set_down(self, error: str | None) -> None:
        """Says so once, not with every batch of a busy room."""
        if error is not None and not self._down:
            _log.warning(f"{self._what} cannot be written", event_id=str(self._event_id), error=error)
        elif error is None and self._down:
            _log.info(f"{self._what} can be written again", event_id=str(self._event_id))
        self._down = error is not None


def _refuse(entries: Sequence[Waiting[Item, Answer]], code: str, retry_after: float | None) -> None:
    for entry in entries:
        entry.refuse(code, retry_after)
