"""chat/room.py: whatever happens in whatever order, everyone ends with the same room."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat.entry import Entry
from chat.room import FIRST_PAGE, PAGE, PAGE_BYTES, Member, Recovery, Room
from chat.wire import Frame
from tests.unit.chat.entries import Log

EPOCH = "e1"


def event(seq: int, size: int = 0) -> Entry:
    content = {"name": "Kim", "role": "attendee", "body": "x" * size}
    return Entry(seq, "message", dt.datetime(2026, 5, 1, tzinfo=dt.UTC), None, "kim", content)


def log(last: int) -> list[Entry]:
    return [event(seq) for seq in range(1, last + 1)]


def seqs(frame: Frame | None) -> list[int]:
    return [] if frame is None else [e["seq"] for e in json.loads(frame.payload)["events"]]


def everything(room: Room[str], member: Member[str]) -> list[int]:
    got: list[int] = []
    while (page := room.page(member)) is not None:
        got += seqs(page)
    return got


def test_a_newcomer_gets_the_newest_page_and_is_live() -> None:
    room: Room[str] = Room(EPOCH, 350, log(350))
    member, recovery = room.join("a", "", None, None)
    assert recovery is Recovery.FRESH
    assert everything(room, member) == list(range(351 - FIRST_PAGE, 351))
    assert member.live


def test_who_comes_back_gets_what_it_missed_and_nothing_else() -> None:
    room: Room[str] = Room(EPOCH, 350, log(350))
    member, recovery = room.join("a", "", 340, EPOCH)
    assert recovery is Recovery.RESUMED
    assert everything(room, member) == list(range(341, 351))


@pytest.mark.parametrize(("since", "epoch"), [(340, "other"), (351, EPOCH), (40, EPOCH)])
def test_another_epoch_a_future_or_a_too_old_mark_means_reset(since: int, epoch: str) -> None:
    room: Room[str] = Room(EPOCH, 350, log(350)[50:])
    member, recovery = room.join("a", "", since, epoch)
    assert recovery is Recovery.RESET
    assert everything(room, member) == list(range(251, 351))


def test_events_in_any_order_and_number_are_read_in_order_once() -> None:
    room: Room[str] = Room(EPOCH, 0)
    assert room.offer([event(3), event(2), event(2)]) == []
    assert room.behind
    assert [e.seq for e in room.offer([event(1)])] == [1, 2, 3]
    assert not room.behind
    assert room.offer([event(1), event(3)]) == []
    assert [e.entry.seq for e in room.slice(0, 3)] == [1, 2, 3]


def test_a_wake_up_tells_that_something_is_missing() -> None:
    room: Room[str] = Room(EPOCH, 5, log(5))
    assert not room.heard_of(5)
    assert room.heard_of(6)
    room.offer([event(6)])
    assert not room.behind


def test_a_batch_is_one_frame_for_all_who_stand_at_its_base() -> None:
    room: Room[str] = Room(EPOCH, 0)
    members = [room.join(f"p{n}", "", None, None)[0] for n in range(3)]
    assert [everything(room, m) for m in members] == [[], [], []]
    room.offer([event(1), event(2)])
    late, _ = room.join("late", "", 1, EPOCH)
    assert everything(room, late) == [2]
    batch = room.batch()
    assert batch is not None
    frame = room.frame(batch, False)
    assert all(room.deliver(m, batch) is frame for m in members)
    assert room.deliver(late, batch) is None
    assert room.batch() is None


def test_who_goes_live_half_way_through_a_batch_gets_only_the_rest() -> None:
    room: Room[str] = Room(EPOCH, 0)
    room.offer([event(1)])
    member, _ = room.join("a", "", None, None)
    assert everything(room, member) == [1]
    room.offer([event(2)])
    batch = room.batch()
    assert batch is not None
    assert (batch.base, batch.upto) == (0, 2)
    assert seqs(room.deliver(member, batch)) == [2]


def test_a_text_that_is_deleted_while_its_batch_goes_round_reaches_nobody_else() -> None:
    log = Log()
    room: Room[str] = Room(EPOCH, 0)
    first, second = (room.join(name, "", None, None)[0] for name in "ab")
    moderator, _ = room.join("m", "", None, None, staff=True)
    for member in (first, second, moderator):
        assert room.page(member) is None
    said = log.say("secret")
    room.offer([said])
    batch = room.batch()
    assert batch is not None
    frames = [room.deliver(first, batch)]
    room.offer([log.order("delete", said)])
    frames += [room.deliver(second, batch), room.deliver(moderator, batch)]
    assert ["secret" in frame.payload.decode() for frame in frames if frame is not None] == [True, False, True]
    assert [seqs(frame) for frame in frames] == [[1], [1], [1]]


def test_those_who_catch_up_from_the_same_place_get_the_same_frame_until_something_is_new() -> None:
    room: Room[str] = Room(EPOCH, 300, log(300))
    first, second, third = (room.join(name, "", 250, EPOCH)[0] for name in "abc")
    frame = room.page(first)
    assert room.page(second) is frame
    room.offer([event(301)])
    assert seqs(room.page(third)) == list(range(251, 302))


def test_pages_are_bounded_in_events_and_in_bytes() -> None:
    many: Room[str] = Room(EPOCH, 450, log(450))
    member, _ = many.join("a", "", 0, EPOCH)
    assert len(seqs(many.page(member))) == PAGE
    big: Room[str] = Room(EPOCH, 60, [event(n, 3000) for n in range(1, 61)])
    member, _ = big.join("a", "", 0, EPOCH)
    page = big.page(member)
    assert page is not None
    assert len(page.payload) < PAGE_BYTES + 1000
    assert seqs(page) + everything(big, member) == list(range(1, 61))


def test_memory_is_bounded_by_the_ring_once_flushed() -> None:
    room: Room[str] = Room(EPOCH, 0, ring=50)
    for seq in range(1, 1001):
        room.offer([event(seq)])
        while room.batch():
            pass
    assert (room.oldest, room.last) == (951, 1000)


def test_who_catches_up_too_slowly_is_lost_and_starts_over() -> None:
    room: Room[str] = Room(EPOCH, 10, log(10), ring=10)
    member, _ = room.join("a", "", 5, EPOCH)
    for seq in range(11, 40):
        room.offer([event(seq)])
        while room.batch():
            pass
    assert room.lost(member)
    room.restart(member)
    assert everything(room, member) == list(range(30, 40))


def test_people_are_counted_once_however_many_tabs_they_have() -> None:
    room: Room[str] = Room(EPOCH, 0)
    first, second = (room.join("a", "", None, None)[0] for _ in range(2))
    room.join("b", "", None, None)
    assert room.online == 2
    room.leave(first)
    room.leave(first)
    assert room.online == 2
    room.leave(second)
    assert room.online == 1


@dataclass
class Client:
    """A page: keeps what it saw over its own drops and the service's restarts."""

    name: str
    seen: list[int] = field(default_factory=list)
    begun: bool = False
    member: Member[Client] | None = None

    def take(self, numbers: list[int]) -> None:
        if numbers and not self.begun:
            self.begun = True
            self.seen = []
        if self.seen and numbers:
            assert numbers[0] == self.seen[-1] + 1, "a gap or a repeat"
        self.seen += numbers


class Rooms(RuleBasedStateMachine):
    """The log is the truth. One service process at a time holds a small ring of it; clients come, go and lag."""

    @initialize()
    def start(self) -> None:
        self.log: list[Entry] = []
        self.clients = [Client(f"c{n}") for n in range(4)]
        self.room: Room[Client] = Room(EPOCH, 0, ring=8)

    @rule(count=st.integers(1, 5), own=st.booleans())
    def commit(self, count: int, own: bool) -> None:
        """Here, or in another process, of which we may hear nothing."""
        new = [event(len(self.log) + n + 1) for n in range(count)]
        self.log += new
        if own:
            self.room.offer(new)

    @rule(order=st.randoms())
    def hear_in_any_order(self, order: random.Random) -> None:
        some = self.log[-6:]
        order.shuffle(some)
        self.room.offer(some)

    @rule()
    def follow(self) -> None:
        self.room.heard_of(len(self.log))
        while self.room.behind:
            self.room.offer(self.log[self.room.last : self.room.last + 3])

    @rule(n=st.integers(0, 3), pages=st.integers(0, 3))
    def join(self, n: int, pages: int) -> None:
        client = self.clients[n]
        if client.member is not None:
            return
        since = client.seen[-1] if client.seen else None
        member, recovery = self.room.join(client.name, client, since, EPOCH if since is not None else None)
        client.member = member
        if recovery is Recovery.RESET:
            client.begun = False
            client.seen = []
        for _ in range(pages):
            self.step(n)

    @rule(n=st.integers(0, 3))
    def step(self, n: int) -> None:
        """One page of catching up."""
        client = self.clients[n]
        member = client.member
        if member is None or member.live:
            return
        if self.room.lost(member):
            self.room.restart(member)
            client.begun = False
            client.seen = []
        client.take(seqs(self.room.page(member)))

    @rule(only=st.integers(0, 4))
    def flush(self, only: int) -> None:
        """The fan-out of one batch; the last members may leave before their turn."""
        batch = self.room.batch()
        if batch is None:
            return
        for number, member in enumerate(self.room.members):
            if number > only + 1:
                self.drop(int(member.person[1:]))
                continue
            client = member.outlet
            client.take(seqs(self.room.deliver(member, batch)))

    @rule(n=st.integers(0, 3))
    def drop(self, n: int) -> None:
        client = self.clients[n]
        if client.member is not None:
            self.room.leave(client.member)
            client.member = None

    @precondition(lambda self: self.log)
    @rule()
    def restart(self) -> None:
        """The process is killed; a new one reads the newest of the log."""
        self.room = Room(EPOCH, len(self.log), self.log[-8:], ring=8)
        for client in self.clients:
            client.member = None

    @invariant()
    def nobody_sees_what_is_not_in_the_log(self) -> None:
        for client in getattr(self, "clients", ()):
            assert not client.seen or client.seen[-1] <= len(self.log)

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        self.follow()
        for n, client in enumerate(self.clients):
            self.join(n, 0)
            while client.member is not None and not client.member.live:
                self.step(n)
        while (batch := self.room.batch()) is not None:
            for member in self.room.members:
                member.outlet.take(seqs(self.room.deliver(member, batch)))
        for client in self.clients:
            # In order and without a gap (checked on the way) up to the very last.
            assert (client.seen[-1] if client.seen else 0) == len(self.log)


Rooms.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestAnyOrderEndsWithTheSameRoom = Rooms.TestCase
