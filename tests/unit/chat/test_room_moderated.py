"""chat/room.py with chat/state.py: whatever is said, ordered, lost and restarted in whatever order, every client of one
audience ends with the same room, and nobody is given what was taken out of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chat.entry import Entry
from chat.room import Member, Recovery, Room
from chat.state import RoomState, bears_state
from chat.wire import Frame
from tests.unit.chat.entries import Log

EPOCH = "e1"
GONE = "(deleted)"


def text_of(event: dict[str, Any]) -> str | None:
    """What a client shows in this event's place; None for nothing."""
    if event["type"] == "approve":
        event = event["message"]
    if event["type"] != "message":
        return None
    return GONE if event.get("deleted") else event["body"]


@dataclass
class Page:
    """A client as docs/chat-protocol.md wants it."""

    name: str
    staff: bool
    member: Member[Page] | None = None
    seen: int | None = None
    texts: dict[int, str | None] = field(default_factory=dict)  # by place
    writers: dict[int, str] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)  # of approved ones: target → place

    def forget(self) -> None:
        self.seen, self.texts, self.writers, self.places = None, {}, {}, {}

    def take(self, event: dict[str, Any]) -> None:
        seq = event["seq"]
        assert self.seen is None or seq == self.seen + 1, "a gap or a repeat"
        self.seen = seq
        self.texts[seq] = text_of(event)
        match event["type"]:
            case "message":
                self.writers[seq] = event["from"]["id"]
            case "approve" if event["message"]["type"] == "message":
                self.places[event["target"]] = seq
                self.writers[seq] = event["message"]["from"]["id"]
            case "delete":
                self._show(event["target"], GONE)
            case "restore":
                self._show(event["target"], text_of(event["message"]))
            case "delete_person":
                for target in list(self.texts):
                    if self.writers.get(target) == event["person"]:
                        self._show(target, GONE)

    def _show(self, target: int, text: str | None) -> None:
        for place in (target, self.places.get(target, target)):
            if self.texts.get(place) is not None:
                self.texts[place] = text


class Rooms(RuleBasedStateMachine):
    """The log is the truth; two processes hold a small ring of it each, with clients of both audiences in them."""

    @initialize()
    def start(self) -> None:
        self.log = Log()
        self.rooms: list[Room[Page]] = [self._opened(), self._opened()]
        self.pages = [Page(f"c{n}", staff=n % 3 == 2) for n in range(6)]

    def _opened(self) -> Room[Page]:
        entries = self.log.entries
        state = RoomState(entry for entry in entries if bears_state(entry))
        return Room(EPOCH, len(entries), entries[-8:], state, ring=8)

    def _committed(self, entry: Entry, n: int) -> None:
        self.rooms[n].offer([entry])

    @rule(n=st.integers(0, 1), who=st.integers(0, 2), held=st.booleans())
    def send(self, n: int, who: int, held: bool) -> None:
        more = {"held": True, "why": "review"} if held else {}
        self._committed(self.log.say(f"text {len(self.log.entries) + 1}.", f"w{who}", **more), n)

    @precondition(lambda self: any(e.type == "message" for e in self.log.entries))
    @rule(n=st.integers(0, 1), op=st.sampled_from(["approve", "reject", "delete", "restore", "pin"]), data=st.data())
    def order(self, n: int, op: str, data: st.DataObject) -> None:
        targets = [e for e in self.log.entries if e.type == "message" and (e.held or op not in ("approve", "reject"))]
        if targets:
            self._committed(self.log.order(op, data.draw(st.sampled_from(targets[-12:]))), n)

    @rule(n=st.integers(0, 1), who=st.integers(0, 2))
    def delete_person(self, n: int, who: int) -> None:
        self._committed(self.log.order("delete_person", person=f"w{who}"), n)

    @rule(n=st.integers(0, 1))
    def follow(self, n: int) -> None:
        room = self.rooms[n]
        room.offer(self.log.entries[room.last :])

    @rule(n=st.integers(0, 1), c=st.integers(0, 5))
    def join(self, n: int, c: int) -> None:
        page, room = self.pages[c], self.rooms[n]
        if page.member is not None:
            return
        page.member, recovery = room.join(
            page.name, page, page.seen, None if page.seen is None else EPOCH, staff=page.staff
        )
        if recovery is Recovery.RESET:
            page.forget()
        self._catch_up(room, page)

    def _catch_up(self, room: Room[Page], page: Page) -> None:
        assert page.member is not None
        while not page.member.live:
            if room.lost(page.member):
                room.restart(page.member)
                page.forget()
            self._give(room, page, room.page(page.member))

    def _give(self, room: Room[Page], page: Page, frame: Frame | None) -> None:
        if frame is None:
            return
        for entry in self.log.entries[: room.last]:
            if entry.type == "message" and not page.staff:
                state = room.state.messages
                unseen = state.removed(entry) or state.hidden(entry)
                assert not (unseen and entry.content["body"] in frame.payload.decode()), "what nobody may see"
        for event in json.loads(frame.payload)["events"]:
            page.take(event)

    @rule(n=st.integers(0, 1), stop=st.integers(0, 6), order=st.booleans())
    def flush(self, n: int, stop: int, order: bool) -> None:
        """A batch for everyone; in the middle of it something may be deleted."""
        room = self.rooms[n]
        batch = room.batch()
        if batch is None:
            return
        messages = [e for e in self.log.entries if e.type == "message"]
        for number, member in enumerate(room.members):
            if number == stop and order and messages:
                self._committed(self.log.order("delete", messages[-1]), n)
            frame = room.deliver(member, batch)
            self._give(room, member.outlet, frame)

    @rule(c=st.integers(0, 5))
    def drop(self, c: int) -> None:
        page = self.pages[c]
        if page.member is not None:
            for room in self.rooms:
                room.leave(page.member)
            page.member = None

    @rule(n=st.integers(0, 1))
    def restart(self, n: int) -> None:
        """The process is killed; a new one reads the log."""
        for member in self.rooms[n].members:
            member.outlet.member = None
        self.rooms[n] = self._opened()

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        for n, room in enumerate(self.rooms):
            self.follow(n)
            while (batch := room.batch()) is not None:
                for member in room.members:
                    self._give(room, member.outlet, room.deliver(member, batch))
        truth = RoomState(self.log.entries)
        for c, page in enumerate(self.pages):
            self.join(c % 2, c)
            assert page.seen == len(self.log.entries) or not self.log.entries
            for place, text in page.texts.items():
                assert text == text_of(truth.event(self.log.entries[place - 1], page.staff)), (page.name, place)
        assert self.rooms[0].state.snapshot(True) == self.rooms[1].state.snapshot(True) == truth.snapshot(True)


Rooms.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestEveryClientEndsWithTheSameRoom = Rooms.TestCase
