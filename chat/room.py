"""One room as this process knows it: the newest events of its log, who is here, and what each still has to get.

Pure: no loop, no socket, no SQL, no clock. The numbers of a log have no gaps, so everything here rests on one rule:
a member is sent exactly the events after its mark (`Member.sent`), in order, and the mark moves with them.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

from chat import wire

RING: Final = 500  # events kept in memory for those who come back
FIRST_PAGE: Final = 100  # events a newcomer gets; older ones by `history`
PAGE: Final = 300  # events of one frame, and of one read from the log
PAGE_BYTES: Final = 64 * 1024
MAX_TABS: Final = 20  # sockets of one person
_MAX_AHEAD: Final = 1000  # events kept above a gap; what is beyond is read from the log again

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is the event as clients get it (`wire.encode_event`)."""

    seq: int
    data: bytes


class Recovery(enum.StrEnum):
    """What a client that says hello must do with what it has."""

    FRESH = "fresh"  # it had nothing
    RESUMED = "resumed"  # it keeps what it has and gets the rest
    RESET = "reset"  # it drops what it has


@dataclass(slots=True, eq=False)
class Member(Generic[T]):
    """One socket in the room. `sent`: everything up to this seq was written to it, or is older than its first page."""

    person: str
    outlet: T
    sent: int
    live: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Events `base < seq <= upto` as one payload, for all members at once."""

    base: int
    upto: int
    payload: bytes


class Room(Generic[T]):
    """`events` are the newest of the log, up to `last`, without a gap."""

    def __init__(self, epoch: str, last: int, events: Iterable[Event] = (), *, ring: int = RING) -> None:
        self.epoch = epoch
        self.last = last
        self.known_last = last  # the log is known to reach at least here
        self._size = ring
        self._ring: deque[Event] = deque(events)
        self._flushed = last  # live members were given everything up to here
        self._ahead: dict[int, Event] = {}
        self._members: dict[Member[T], None] = {}  # a dict keeps the order of arrival
        self._people: Counter[str] = Counter()

    # The log

    def offer(self, events: Iterable[Event]) -> int:
        """Takes events in any order, any number of times; returns how many are now readable that were not."""
        before = self.last
        for event in events:
            self.known_last = max(self.known_last, event.seq)
            if event.seq == self.last + 1:
                self._ring.append(event)
                self.last = event.seq
                self._ahead.pop(event.seq, None)
                while self._ahead and (following := self._ahead.pop(self.last + 1, None)) is not None:
                    self._ring.append(following)
                    self.last = following.seq
            elif event.seq > self.last and len(self._ahead) < _MAX_AHEAD:
                self._ahead[event.seq] = event
        return self.last - before

    def heard_of(self, last: int) -> bool:
        """Another process says that the log reaches `last`; True when events are missing here."""
        self.known_last = max(self.known_last, last)
        return self.behind

    @property
    def behind(self) -> bool:
        """Events after `last` exist and must be read from the log."""
        return self.known_last > self.last

    @property
    def oldest(self) -> int:
        """The seq of the first event in memory; `last + 1` when there is none."""
        return self.last - len(self._ring) + 1

    def slice(self, after: int, upto: int) -> Iterator[Event]:
        """Events `after < seq <= upto` of those in memory."""
        start = max(0, after - self.oldest + 1)
        return islice(self._ring, start, max(start, upto - self.oldest + 1))

    # Who is here

    def join(self, person: str, outlet: T, since: int | None, epoch: str | None) -> tuple[Member[T], Recovery]:
        """Registers a member at its mark; it gets `pages`, then goes live."""
        if since is None or epoch is None:
            recovery = Recovery.FRESH
        elif epoch != self.epoch or since > self.last or since < self.oldest - 1:
            recovery = Recovery.RESET
        else:
            recovery = Recovery.RESUMED
        sent = since if recovery is Recovery.RESUMED and since is not None else self._first_page_mark()
        member = Member(person, outlet, sent)
        self._members[member] = None
        self._people[person] += 1
        return member, recovery

    def leave(self, member: Member[T]) -> None:
        """Takes it out; a second time does nothing."""
        if member in self._members:
            del self._members[member]
            self._people[member.person] -= 1
            if self._people[member.person] == 0:
                del self._people[member.person]

    @property
    def members(self) -> Sequence[Member[T]]:
        return tuple(self._members)

    def tabs(self, person: str) -> int:
        """Sockets of one person."""
        return self._people[person]

    @property
    def online(self) -> int:
        """People, not sockets."""
        return len(self._people)

    def _first_page_mark(self) -> int:
        return max(self.oldest - 1, self.last - FIRST_PAGE)

    # What they get

    def page(self, member: Member[T]) -> bytes | None:
        """The next page of a member that is catching up; None when it has everything and is live from now on.

        The check and going live are one step, so nothing can fall between them.
        """
        if member.sent >= self.last:
            member.live = True
            return None
        batch = self._batch(member.sent, self.last)
        member.sent = batch.upto
        return batch.payload

    def lost(self, member: Member[T]) -> bool:
        """It was so slow in catching up that what it needs is no longer in memory: `restart` it."""
        return member.sent < self.oldest - 1

    def restart(self, member: Member[T]) -> None:
        """Back to the first page; the client is told `reset` before it."""
        member.sent = self._first_page_mark()

    @property
    def unflushed(self) -> bool:
        return self._flushed < self.last

    def batch(self) -> Batch | None:
        """What live members have not been given yet, at most one page of it; None when there is nothing.

        Asked for only when the batch before it was delivered to everyone.
        """
        # The batch before this one is delivered by now; until then its events were kept for `deliver`.
        while len(self._ring) > self._size and self.oldest <= self._flushed:
            self._ring.popleft()
        if not self.unflushed:
            return None
        batch = self._batch(self._flushed, self.last)
        self._flushed = batch.upto
        return batch

    def deliver(self, member: Member[T], batch: Batch) -> bytes | None:
        """What this member gets of the batch (the same object for nearly all), or None; moves its mark."""
        if not member.live or member.sent >= batch.upto:
            return None
        if member.sent == batch.base:
            member.sent = batch.upto
            return batch.payload
        # It went live between two batches and has a part of this one.
        tail = self._batch(member.sent, batch.upto)
        member.sent = tail.upto
        return tail.payload

    def _batch(self, base: int, upto: int) -> Batch:
        taken: list[bytes] = []
        size = 0
        for event in islice(self.slice(base, upto), PAGE):
            if taken and size + len(event.data) > PAGE_BYTES:
                break
            taken.append(event.data)
            size += len(event.data)
        return Batch(base, base + len(taken), wire.events(taken))
