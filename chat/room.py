"""One room as this process knows it: the newest events of its log, who is here, and what each still has to get.

Pure: no loop, no socket, no SQL, no clock. The numbers of a log have no gaps, so everything here rests on one rule:
a member is sent exactly the events after its mark (`Member.sent`), in order, and the mark moves with them.

What is in memory always looks as the present state says: an event is encoded when it becomes readable, once for the
public and once for staff, and again when a later one changes its look. So no deleted text is given out after its
deletion, not even to those whose turn in a batch comes later.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

from chat.entry import Entry
from chat.state import RoomState, changed_by
from chat.wire import Frame, events

RING: Final = 500  # events kept in memory for those who come back
FIRST_PAGE: Final = 100  # events a newcomer gets; older ones by `history`
PAGE: Final = 300  # events of one frame, and of one read from the log
PAGE_BYTES: Final = 64 * 1024
MAX_TABS: Final = 20  # sockets of one person
_MAX_AHEAD: Final = 1000  # entries kept above a gap; what is beyond is read from the log again
_MAX_PAGES: Final = 16  # frames of those who catch up, kept for the next one who does

T = TypeVar("T")


@dataclass(slots=True)
class Event:
    """An entry as clients get it: `data` for the public and for staff, mostly the same object twice."""

    entry: Entry
    data: tuple[bytes, bytes]


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
    staff: bool = False
    live: bool = False


@dataclass(slots=True)
class Batch:
    """Events `base < seq <= upto`, a frame an audience, for all members at once. Made by `Room.batch`."""

    base: int
    upto: int
    frames: list[Frame | None]  # for the public and for staff, once asked for


class Room(Generic[T]):
    """`entries` are the newest of the log, up to `last`, without a gap; `state` is the fold of the log up to there."""

    def __init__(
        self, epoch: str, last: int, entries: Iterable[Entry] = (), state: RoomState | None = None, *, ring: int = RING
    ) -> None:
        self.epoch = epoch
        self.last = last
        self.known_last = last  # the log is known to reach at least here
        self.state = RoomState() if state is None else state
        self._size = ring
        self._ring: deque[Event] = deque(Event(entry, self.state.encode(entry)) for entry in entries)
        self._flushed = last  # live members were given everything up to here
        self._ahead: dict[int, Entry] = {}
        self._members: dict[Member[T], None] = {}  # a dict keeps the order of arrival
        self._people: Counter[str] = Counter()
        self._batch: Batch | None = None  # the newest; some members may still have to get it
        self._pages: dict[tuple[int, bool], Batch] = {}  # by base and audience, while nothing is new

    # The log

    def offer(self, entries: Iterable[Entry]) -> list[Entry]:
        """Takes entries in any order, any number of times; returns those that are now readable and were not."""
        taken: list[Entry] = []
        for entry in entries:
            self.known_last = max(self.known_last, entry.seq)
            if entry.seq == self.last + 1:
                self._take(entry, taken)
                self._ahead.pop(entry.seq, None)
                while self._ahead and (following := self._ahead.pop(self.last + 1, None)) is not None:
                    self._take(following, taken)
            elif entry.seq > self.last and len(self._ahead) < _MAX_AHEAD:
                self._ahead[entry.seq] = entry
        if taken:
            self._pages.clear()
        return taken

    def _take(self, entry: Entry, taken: list[Entry]) -> None:
        self.state.apply(entry)
        self.last = entry.seq
        changes = changed_by(entry)
        if changes is not None:
            for event in self._ring:
                if changes(event.entry):
                    event.data = self.state.encode(event.entry)
            if self._batch is not None:
                self._batch.frames = [None, None]
        self._ring.append(Event(entry, self.state.encode(entry)))
        taken.append(entry)

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
        """Events `after < seq <= upto` of those in memory, in order."""
        start = max(0, after - self.oldest + 1)
        return islice(self._ring, start, max(start, upto - self.oldest + 1))

    # Who is here

    def join(
        self, person: str, outlet: T, since: int | None, epoch: str | None, *, staff: bool = False
    ) -> tuple[Member[T], Recovery]:
        """Registers a member at its mark; it gets `pages`, then goes live."""
        if since is None or epoch is None:
            recovery = Recovery.FRESH
        elif epoch != self.epoch or since > self.last or since < self.oldest - 1:
            recovery = Recovery.RESET
        else:
            recovery = Recovery.RESUMED
        sent = since if recovery is Recovery.RESUMED and since is not None else self._first_page_mark()
        member = Member(person, outlet, sent, staff)
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

    def page(self, member: Member[T]) -> Frame | None:
        """The next page of a member that is catching up; None when it has everything and is live from now on.

        The check and going live are one step, so nothing can fall between them.
        """
        if member.sent >= self.last:
            member.live = True
            return None
        key = (member.sent, member.staff)
        batch = self._pages.get(key)
        if batch is None:
            if len(self._pages) >= _MAX_PAGES:
                self._pages.clear()
            batch = self._pages[key] = self._cut(member.sent, self.last)
        member.sent = batch.upto
        return self.frame(batch, member.staff)

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
        self._batch = self._cut(self._flushed, self.last)
        self._flushed = self._batch.upto
        return self._batch

    def deliver(self, member: Member[T], batch: Batch) -> Frame | None:
        """What this member gets of the batch (the same object for nearly all), or None; moves its mark."""
        if not member.live or member.sent >= batch.upto:
            return None
        base, member.sent = member.sent, batch.upto
        if base == batch.base:
            return batch.frames[member.staff] or self.frame(batch, member.staff)
        # It went live between two batches and has a part of this one.
        return self.frame(Batch(base, batch.upto, [None, None]), member.staff)

    def frame(self, batch: Batch, staff: bool) -> Frame:
        """What one audience gets, as the present state says; built once."""
        frame = batch.frames[staff]
        if frame is None:
            taken = list(self.slice(batch.base, batch.upto))
            frame = Frame.of(events(event.data[staff] for event in taken))
            batch.frames[staff] = frame
            if all(event.data[0] is event.data[1] for event in taken):
                batch.frames[not staff] = frame
        return frame

    def _cut(self, base: int, upto: int) -> Batch:
        """As many of the events after `base` as one frame may hold."""
        count = size = 0
        for event in islice(self.slice(base, upto), PAGE):
            longest = max(map(len, event.data))
            if count and size + longest > PAGE_BYTES:
                break
            count += 1
            size += longest
        return Batch(base, base + count, [None, None])
