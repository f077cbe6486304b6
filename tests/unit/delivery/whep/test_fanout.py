"""What a fan-out drops and whom it relieves when it cannot keep up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

import pytest

from ingest.contract import Unit
from tests.waiting import until
from webinar.delivery.whep.backlog import MAX_QUEUE
from webinar.delivery.whep.fanout import LATE_S, Fanout
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.packetizer import Frame, SendBuffer
from webinar.delivery.whep.session import Viewer
from webinar.delivery.whep.stream import OutStream

PICTURE = b"\0\0\0\1\x41picture"
IDR = b"\0\0\0\1\x67sps\0\0\0\1\x68pps\0\0\0\1\x65idr"


class Recorded(OutStream):
    """An `OutStream` that keeps timestamps and sends nothing."""

    def __init__(self) -> None:
        self._first = self._index = self.octets = 0
        self._waiting = deque()
        self._history = None
        self.stamps: list[int] = []

    def send(self, frame: Frame, timestamp: int, *, behind: bool = False) -> None:
        self.stamps.append(timestamp)


class Stand:
    """A fan-out with its requests, and viewers that record."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.buffer = SendBuffer()
        self.fanout = Fanout("event", self.buffer, lambda event, name: self.requests.append((event, name)))
        self.fanout.describe(("hi", "lo", "audio"))
        self.pts = 0

    def step(self, *, key: bool = False) -> None:
        """A frame of both rungs and a packet of sound."""
        self.pts += 3000
        for name in ("hi", "lo"):
            self.fanout.push(Unit("session", "event", name, self.pts, key, IDR if key else PICTURE))
        self.fanout.push(Unit("session", "event", "opus", self.pts * 48 // 90, True, b"sound"))

    def join(self, name: str) -> Viewer:
        viewer = Viewer(name, self.fanout, Negotiated(1, 102, None, 2, 111, "c", ()), self.buffer, lambda: 100.0)
        viewer.video, viewer.audio = Recorded(), Recorded()
        self.fanout.viewers[name] = viewer
        self.fanout.begin(viewer)
        return viewer

    async def settle(self) -> None:
        """Until everything that was pushed has been sent."""
        units = -1
        while units != self.fanout.stats.units:
            units = self.fanout.stats.units
            for _ in range(5):
                await asyncio.sleep(0)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    made = Stand()
    task = asyncio.create_task(made.fanout.run(), name="fanout")
    made.step(key=True)
    await made.settle()
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def sent(viewer: Viewer) -> tuple[int, int]:
    """Frames and sound packets that left."""
    assert isinstance(viewer.video, Recorded)
    assert isinstance(viewer.audio, Recorded)
    return len(viewer.video.stamps), len(viewer.audio.stamps)


async def test_a_queue_that_is_full_goes_on_from_the_newest_idr_in_it(stand: Stand) -> None:
    viewer = stand.join("a")
    steps = MAX_QUEUE // 3 + 2
    for n in range(steps):
        stand.step(key=n == steps - 10)
    await stand.settle()
    frames, sounds = sent(viewer)
    assert 10 <= frames < 20, "the IDR it joined with, and what follows the last one"
    assert sounds == steps, "sound is kept"
    assert stand.requests == [], "an IDR is there: none is asked for"
    assert stand.fanout.stats.units_dropped > 50


async def test_without_an_idr_in_a_full_queue_one_is_asked_for_and_nothing_sent_before_it(stand: Stand) -> None:
    viewer = stand.join("a")
    for _ in range(MAX_QUEUE // 3 + 2):
        stand.step()
    await stand.settle()
    frames, sounds = sent(viewer)
    assert frames == 1
    assert sounds >= MAX_QUEUE // 4
    assert stand.requests == [("event", "hi")]
    stand.step(key=True)
    stand.step()
    await stand.settle()
    assert sent(viewer)[0] == 3


async def test_a_late_server_moves_half_of_the_viewers_down(stand: Stand) -> None:
    viewers = [stand.join(str(n)) for n in range(6)]
    stand.fanout.stats.lateness_s = LATE_S * 4
    await until(lambda: stand.fanout.stats.reliefs > 0)
    assert [v.layers.target for v in viewers] == ["lo", "hi"] * 3
    stand.step(key=True)
    await stand.settle()
    stand.step()
    await stand.settle()
    assert [v.rung for v in viewers] == ["lo", "hi"] * 3


async def test_what_waits_of_a_large_frame_leaves_though_no_unit_follows(stand: Stand) -> None:
    class Sliced:
        left = 4

        def go_on(self) -> tuple[int, bool]:
            self.left -= 1
            return 16, self.left > 0

    await stand.settle()
    stream = Sliced()
    stand.fanout.pacer.add(stream)
    await until(lambda: stream.left == 0)
    assert stand.fanout.pacer.due_s() is None


async def test_a_server_that_had_to_drop_units_moves_all_of_them_down(stand: Stand) -> None:
    viewers = [stand.join(str(n)) for n in range(6)]
    for _ in range(MAX_QUEUE):
        stand.step()
    assert stand.fanout.stats.units_dropped
    stand.fanout.stats.lateness_s = LATE_S * 4
    await until(lambda: stand.fanout.stats.reliefs > 0)
    assert {v.layers.target for v in viewers} == {"lo"}


async def test_a_rung_that_stops_leaves_the_ladder_and_its_viewers_go_to_another(stand: Stand) -> None:
    viewer = stand.join("a")
    await until(lambda: stand.fanout.rungs()[0] == ("hi", "lo"))
    viewer.pin("lo")

    def alone() -> bool:
        stand.pts += 3000
        stand.fanout.push(Unit("session", "event", "hi", stand.pts, True, IDR))
        return stand.fanout.rungs()[0] == ("hi",)

    await until(alone)
    assert viewer.layers.target == "hi"
    seen = sent(viewer)[0]
    stand.step(key=True)
    await stand.settle()
    assert sent(viewer)[0] > seen


async def test_viewers_leave_a_rung_that_rests_without_a_frozen_picture_and_it_is_no_choice_until_it_is_back(
    stand: Stand,
) -> None:
    viewer = stand.join("a")
    await until(lambda: stand.fanout.rungs()[0] == ("hi", "lo"))

    def step(*, key: bool = False, resting: bool = True) -> None:
        stand.pts += 3000
        unit = IDR if key else PICTURE
        stand.fanout.push(Unit("session", "event", "hi", stand.pts, key, unit, resting=resting))
        stand.fanout.push(Unit("session", "event", "lo", stand.pts, key, unit))

    step()
    await until(lambda: stand.fanout.rungs()[0] == ("lo",))
    assert (viewer.rung, viewer.layers.target) == ("hi", "lo")
    seen = sent(viewer)[0]
    step()
    await stand.settle()
    assert sent(viewer)[0] == seen + 1, "until the other rung has an IDR the resting one goes on"
    step(key=True)
    await stand.settle()
    assert viewer.rung == "lo"
    step(resting=False)
    await until(lambda: stand.fanout.rungs()[0] == ("hi", "lo"))


async def test_viewers_who_chose_a_rung_themselves_keep_it_when_sending_is_late(stand: Stand) -> None:
    stand.step(key=True)
    await stand.settle()
    free, pinned = [stand.join(f"free {n}") for n in range(2)], [stand.join(f"pinned {n}") for n in range(3)]
    for viewer in pinned:
        viewer.pin("hi")
    stand.fanout.stats.lateness_s = 2 * LATE_S
    await until(lambda: stand.fanout.stats.reliefs == 1)
    assert [v.layers.target for v in free].count("lo") == 1
    assert {v.layers.target for v in pinned} == {"hi"}
