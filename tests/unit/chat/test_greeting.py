"""chat/greeting.py: what somebody is told who comes in, and what of it changed before they were live."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from chat import wire
from chat.entry import Entry
from chat.greeting import Greeting
from chat.presence import Presence
from chat.room import Member
from chat.socket import MAX_UNSENT, Outlet
from chat.state import RoomState
from tests.unit.chat.entries import Log

if TYPE_CHECKING:
    from webinar.base.bus import Bus


class Slow:
    """An outlet whose client reads what waits for it only when it is waited for."""

    broken: asyncio.Future[None] | None = None

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.unsent = self.most = 0
        self.meanwhile: Callable[[], object] | None = None

    def write(self, frame: wire.Frame) -> bool:
        self.frames.append(json.loads(frame.payload))
        self.unsent += len(frame.wire)
        self.most = max(self.most, self.unsent)
        return True

    async def drain(self) -> None:
        self.unsent = 0
        if self.meanwhile is not None:
            self.meanwhile()

    def cut(self) -> None: ...

    async def aclose(self) -> None: ...

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


class Choices:
    """A feature with one poll and what one person chose."""

    def __init__(self) -> None:
        self.chosen, self.counts = 1, [1, 0]

    def you(self, person: str) -> Mapping[str, object]:
        return {"answers": {"1": [self.chosen]}}

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        return [wire.Frame.of(wire.encode("poll_results", poll=1, counts=self.counts, answers=1))]

    async def run(self) -> None: ...

    def took(self, entry: Entry) -> None: ...

    async def settle(self) -> None: ...


async def _tell(frame: wire.Frame, *, staff: bool | None = None) -> None: ...


def greeting_of(state: RoomState, feature: Choices) -> Greeting:
    return Greeting(state, Presence(uuid.uuid4(), cast("Bus", None), "p", _tell), lambda: (feature,))


async def test_what_changed_before_somebody_was_live_is_told_again_and_nothing_else() -> None:
    state, feature, slow = RoomState(), Choices(), Slow()
    greeting, member = greeting_of(state, feature), Member[Outlet]("ann", slow, 0, staff=True)
    told = await greeting.write(member, reset=True)
    assert slow.types() == ["reset", "state", "you", "locks", "poll_results"]
    slow.frames.clear()
    greeting.write_news(member, told)
    assert slow.frames == []
    feature.chosen, feature.counts = 0, [0, 1]
    state.set_ended(True)
    greeting.write_news(member, told)
    assert slow.types() == ["state", "you", "poll_results"]
    assert slow.frames[0]["settings"]["ended"] is True


async def test_an_end_while_the_state_is_on_its_way_is_told() -> None:
    state, slow = RoomState(), Slow()
    greeting, member = greeting_of(state, Choices()), Member[Outlet]("ann", slow, 0)
    slow.meanwhile = lambda: state.set_ended(True)
    told = await greeting.write(member, reset=False)
    greeting.write_news(member, told)
    assert [frame["settings"]["ended"] for frame in slow.frames if frame["type"] == "state"] == [False, True]


async def test_a_full_room_never_leaves_as_much_unsent_as_a_client_is_cut_for() -> None:
    log = Log()
    for _ in range(400):
        log.add("question", body="질" * 1000, anonymous=False)
        log.say("말" * 1000, held=True)
    slow, state = Slow(), RoomState(log.entries)
    await greeting_of(state, Choices()).write(Member[Outlet]("mia", slow, 0, staff=True), reset=True)
    assert 80 * 1024 < slow.most < 160 * 1024 < MAX_UNSENT
