"""A viewer's way through waiting, playing and changes of rendition, with its stream recorded instead of sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from webinar.base.rtc import rtcp
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.packetizer import Frame, SendBuffer
from webinar.delivery.whep.session import BURST_STEP, Viewer, ViewerState
from webinar.delivery.whep.stream import OutStream

STEP = 3000
BUFFER = SendBuffer()


class Recorded:
    """In the place of an `OutStream`: what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []
        self.packets = self.octets = 0

    def send(self, frame: Frame, timestamp: int) -> None:
        self.sent.append((frame.payloads[0], timestamp))


class Room:
    """What a fan-out is to a viewer."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def connected(self, viewer: Viewer) -> None: ...
    def left(self, viewer: Viewer) -> None: ...
    def request_keyframe(self, rendition: str) -> None:
        self.requests.append(rendition)

    def rungs(self) -> tuple[Sequence[str], Sequence[int]]:
        return ("hi", "lo"), (2_000_000, 300_000)


def frame(name: str, n: int, *, key: bool = False) -> Frame:
    return BUFFER.frame(n * STEP, [f"{name}{n}{'*' if key else ''}".encode()], keyframe=key)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def viewer(room: Room) -> Viewer:
    made = Viewer("resource", room, Negotiated(1, 102, None, 2, 111, "c", ()), BUFFER, lambda: 5.0)
    made.video = cast(OutStream, Recorded())
    return made


def sent(viewer: Viewer) -> list[str]:
    return [payload.decode() for payload, _ in cast(Any, viewer.video).sent]


def loses(viewer: Viewer, fraction: float, at_s: float) -> None:
    viewer.on_rtcp(rtcp.receiver_report(9, [rtcp.ReportBlock(1, fraction, 0, 0, 0, 0, 0)]), at_s)


def test_a_joiner_without_a_young_gop_waits_for_an_idr(viewer: Viewer) -> None:
    viewer.start("hi", ())
    viewer.on_video("hi", frame("hi", 1))
    assert viewer.state is ViewerState.WAITING
    viewer.on_video("hi", frame("hi", 2, key=True))
    viewer.on_video("hi", frame("hi", 3))
    assert viewer.state.value == "playing"
    assert sent(viewer) == ["hi2*", "hi3"]


def test_a_joiner_gets_a_young_gop_at_once_with_timestamps_just_before_now(viewer: Viewer) -> None:
    viewer.start("hi", [frame("hi", 5, key=True), frame("hi", 6), frame("hi", 7)])
    viewer.on_video("hi", frame("hi", 7))  # it was on its way already
    viewer.on_video("hi", frame("hi", 8))
    assert sent(viewer) == ["hi5*", "hi6", "hi7", "hi8"]
    timestamps = [t for _, t in cast(Any, viewer.video).sent]
    assert timestamps == [7 * STEP - 2 * BURST_STEP, 7 * STEP - BURST_STEP, 7 * STEP, 8 * STEP]


@pytest.mark.parametrize("order", [("hi", "lo"), ("lo", "hi")])
def test_a_change_happens_at_the_idr_and_no_moment_is_sent_twice(
    viewer: Viewer, room: Room, order: Sequence[str]
) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    loses(viewer, 0.5, 100.0)
    assert room.requests == ["lo"]
    for n in range(1, 6):
        for name in order:
            viewer.on_video(name, frame(name, n, key=n == 3))
    assert sent(viewer) == ["hi0*", "hi1", "hi2", "lo3*", "lo4", "lo5"]
    assert (viewer.rung, viewer.stats.switches) == ("lo", 1)


def test_an_idr_held_for_a_target_that_does_not_come_is_sent_a_frame_late(viewer: Viewer) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    viewer.pin("lo")
    for n in range(1, 5):
        viewer.on_video("hi", frame("hi", n, key=n == 2))
    assert sent(viewer) == ["hi0*", "hi1", "hi2*", "hi3", "hi4"]
    assert viewer.rung == "hi"


def test_after_lost_units_nothing_is_sent_before_the_next_idr(viewer: Viewer) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    viewer.restart()
    viewer.on_video("hi", frame("hi", 9))
    viewer.on_video("hi", frame("hi", 10, key=True))
    assert sent(viewer) == ["hi0*", "hi10*"]


def test_a_gop_that_was_sent_already_is_not_sent_again(viewer: Viewer, room: Room) -> None:
    gop = [frame("hi", 0, key=True), frame("hi", 1)]
    viewer.start("hi", gop)
    viewer.restart()
    viewer.start("hi", gop)
    assert sent(viewer) == ["hi0*", "hi1"]
    assert viewer.state is ViewerState.WAITING
    assert room.requests == ["hi"]


def test_a_keyframe_request_of_the_player_goes_upstream(viewer: Viewer, room: Room) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    viewer.on_rtcp(rtcp.picture_loss(9, 1), 1.0)
    viewer.on_rtcp(rtcp.picture_loss(9, 77), 1.0)
    assert room.requests == ["hi"]


def test_a_viewer_before_any_media_takes_the_ladder_when_it_appears(viewer: Viewer) -> None:
    viewer.start("", ())
    viewer.keep_to(("hi", "lo"))
    viewer.on_video("hi", frame("hi", 0, key=True))
    assert sent(viewer) == ["hi0*"]
    assert viewer.stats.switches == 0
