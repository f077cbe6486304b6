"""A viewer's way through waiting, playing and changes of rendition, with its stream recorded instead of sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from webinar.base.rtc import rtcp
from webinar.delivery.whep.burst import BURST_STEP
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.pacer import Pacer
from webinar.delivery.whep.packetizer import Frame, SendBuffer
from webinar.delivery.whep.session import Viewer, ViewerState
from webinar.delivery.whep.stream import OutStream

STEP = 3000
BUFFER = SendBuffer()


class Recorded:
    """In the place of an `OutStream`: what would have been sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []
        self.packets = self.octets = self.repeated = 0
        self.forgotten = False

    def send(self, frame: Frame, timestamp: int, *, behind: bool = False) -> None:
        self.sent.append((frame.payloads[0], timestamp))

    def repeat(self, budget: int) -> int:
        self.repeated += budget
        return budget

    def forget(self) -> None:
        self.forgotten = True


class Room:
    """What a fan-out is to a viewer."""

    def __init__(self) -> None:
        self.pacer = Pacer(lambda: 0.0, lambda: None)
        self.requests: list[str] = []
        self.gops: dict[str, list[Frame]] = {}  # what a viewer of that rung may begin with at once
        self.probing: list[str] = []

    def begin(self, viewer: Viewer) -> None:
        name = viewer.layers.start(self.rungs()[0])
        viewer.start(name, self.gops.get(name, ()))

    def left(self, viewer: Viewer) -> None: ...
    def request_keyframe(self, rendition: str) -> None:
        self.requests.append(rendition)

    def rungs(self) -> tuple[Sequence[str], Sequence[int]]:
        return ("hi", "lo"), (2_000_000, 300_000)

    def choices(self) -> Sequence[str]:
        return "hi", "lo", "audio"

    def claim_probe(self, resource: str) -> bool:
        self.probing.append(resource)
        return True

    def release_probe(self, resource: str) -> None:
        self.probing.remove(resource)


def frame(name: str, n: int, *, key: bool = False) -> Frame:
    return BUFFER.frame(n * STEP, [f"{name}{n}{'*' if key else ''}".encode()], keyframe=key)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def viewer(room: Room) -> Viewer:
    made = Viewer("resource", room, Negotiated(1, 102, (3, 103), 2, 111, "c", ()), BUFFER, lambda: 5.0)
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


def test_there_is_no_sound_before_the_first_picture_and_no_hole_in_it_after(viewer: Viewer) -> None:
    viewer.audio = cast(OutStream, Recorded())
    heard = cast(Any, viewer.audio).sent
    viewer.on_audio(frame("opus", 1))
    viewer.start("hi", ())
    viewer.on_audio(frame("opus", 2))
    assert heard == []
    viewer.on_video("hi", frame("hi", 3, key=True))
    viewer.on_audio(frame("opus", 3))
    viewer.restart()
    viewer.on_audio(frame("opus", 4))
    viewer.pin("audio")
    viewer.on_audio(frame("opus", 5))
    assert [payload.decode() for payload, _ in heard] == ["opus3", "opus4", "opus5"]


def test_who_takes_only_sound_is_not_kept_waiting_for_a_picture(viewer: Viewer) -> None:
    viewer.video, viewer.audio = None, cast(OutStream, Recorded())
    viewer.on_audio(frame("opus", 1))
    assert len(cast(Any, viewer.audio).sent) == 1


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
    loses(viewer, 0.15, 100.0)
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


def test_what_does_not_get_through_is_stopped_at_once_and_a_young_gop_of_the_rung_below_is_sent(
    viewer: Viewer, room: Room
) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    viewer.on_video("hi", frame("hi", 1))
    room.gops["lo"] = [frame("lo", 0, key=True), frame("lo", 1)]
    loses(viewer, 0.6, 100.0)
    assert cast(Any, viewer.video).forgotten, "nothing of it is sent again"
    viewer.on_video("hi", frame("hi", 2))
    viewer.on_video("lo", frame("lo", 2))
    assert sent(viewer) == ["hi0*", "hi1", "lo0*", "lo1", "lo2"]
    timestamps = [t for _, t in cast(Any, viewer.video).sent]
    assert timestamps == sorted(set(timestamps)), "each frame later than the one before"


def test_without_a_young_gop_the_rung_below_begins_at_its_next_idr(viewer: Viewer) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    loses(viewer, 0.6, 100.0)
    for n in range(1, 4):
        viewer.on_video("hi", frame("hi", n, key=n == 2))
        viewer.on_video("lo", frame("lo", n, key=n == 2))
    assert sent(viewer) == ["hi0*", "lo2*", "lo3"]


def test_audio_only_stops_the_picture_until_a_rendition_is_chosen(viewer: Viewer, room: Room) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    viewer.pin("audio")
    viewer.on_video("hi", frame("hi", 1, key=True))
    loses(viewer, 0.9, 100.0)
    viewer.keep_to(("hi", "lo"))
    viewer.restart()
    assert (sent(viewer), viewer.rung, viewer.state) == (["hi0*"], "audio", ViewerState.PLAYING)
    viewer.pin("lo")
    viewer.on_video("lo", frame("lo", 2))
    viewer.on_video("lo", frame("lo", 3, key=True))
    viewer.on_video("hi", frame("hi", 3, key=True))
    assert (sent(viewer), viewer.rung) == (["hi0*", "lo3*"], "lo")


def test_after_audio_only_automatic_goes_on_where_it_was(viewer: Viewer) -> None:
    viewer.start("hi", [frame("hi", 0, key=True)])
    loses(viewer, 0.6, 100.0)
    viewer.pin("audio")
    viewer.pin("")
    viewer.on_video("lo", frame("lo", 3, key=True))
    assert sent(viewer) == ["hi0*", "lo3*"]


def test_audio_only_before_the_first_picture_is_kept(viewer: Viewer, room: Room) -> None:
    viewer.pin("audio")
    assert viewer.state is ViewerState.CONNECTING
    room.begin(viewer)
    viewer.on_video("hi", frame("hi", 0, key=True))
    assert (sent(viewer), viewer.rung) == ([], "audio")


def climbs(viewer: Viewer, room: Room) -> float:
    """Down by loss, then good reports until it finds out whether more gets through."""
    viewer.start("hi", [frame("hi", 0, key=True)])
    loses(viewer, 0.6, 100.0)
    viewer.on_video("lo", frame("lo", 1, key=True))
    at_s = 101.0
    while not room.probing:
        loses(viewer, 0.0, at_s)
        at_s += 1.0
        assert at_s < 120.0, "it never tries"
    return at_s


def test_a_step_up_is_tried_with_packets_sent_again_and_taken_at_an_idr_that_nobody_asked_for(
    viewer: Viewer, room: Room
) -> None:
    at_s = climbs(viewer, room)
    room.requests.clear()
    viewer._clock = lambda: at_s + 1.0  # noqa: SLF001 - a clock that stands still is moved on
    viewer.on_video("lo", frame("lo", 2))
    assert cast(Any, viewer.video).repeated > 0
    for n in range(5):
        loses(viewer, 0.0, at_s + n)
    assert room.probing == []
    viewer.on_video("hi", frame("hi", 3))
    viewer.on_video("hi", frame("hi", 4, key=True))
    assert (sent(viewer)[-1], viewer.rung, room.requests) == ("hi4*", "hi", [])


def test_a_step_up_that_would_not_get_through_costs_no_picture(viewer: Viewer, room: Room) -> None:
    at_s = climbs(viewer, room)
    for n in range(5):
        loses(viewer, 0.1, at_s + n)
    assert room.probing == []
    viewer.on_video("hi", frame("hi", 4, key=True))
    viewer.on_video("lo", frame("lo", 5))
    assert (sent(viewer)[-1], viewer.layers.target) == ("lo5", "lo")
