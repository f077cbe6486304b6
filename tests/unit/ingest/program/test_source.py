"""Where decoded frames wait for their moment."""

from __future__ import annotations

import av
import numpy as np
import pytest

from ingest.accept.timeline import SenderClock, TrackTimeline
from ingest.program.source import Source

_FRAME_S = 1 / 30


def _frames(count: int) -> list[av.VideoFrame]:
    return [av.VideoFrame(16, 16, "yuv420p") for _ in range(count)]


def _joined() -> Source:
    source = Source(_FRAME_S)
    source.join(1)
    source.go_live()
    return source


def test_each_picture_of_a_steady_sender_is_shown_once_and_in_order() -> None:
    source, frames = _joined(), _frames(60)
    shown = []
    for i, frame in enumerate(frames):
        capture = 100 + i * _FRAME_S
        source.put_picture(1, capture, frame, capture + 0.02)
        if i >= 10:
            shown.append(source.picture(capture + 0.025))
    order = [frames.index(f) for f in shown if f is not None]
    assert order == sorted(order)
    assert len(set(order)) >= len(order) - 1


def test_picture_and_sound_captured_together_come_out_together() -> None:
    """Sound arrives 10 ms after capture, pictures 70 ms: both wait for the later."""
    source = _joined()
    marked = av.VideoFrame(16, 16, "yuv420p")
    loud = np.ones((960, 2), np.float32)
    seen_at = heard_at = None
    for tick in range(180):
        now = 100 + tick / 60
        if tick % 2 == 0:
            number = tick // 2
            frame = marked if number == 60 else av.VideoFrame(16, 16, "yuv420p")
            source.put_picture(1, now - 0.07, frame, now)
        if tick % 6 in (0, 1, 2, 3, 4):  # 50 packets a second
            packet = tick // 6 * 5 + tick % 6
            capture = 100 + packet / 50 - 0.03
            beep = abs(capture - (100 + 2 - 0.07)) < 0.011
            source.put_sound(1, capture, loud if beep else 0 * loud, now)
        if tick % 2 == 0 and seen_at is None and source.picture(now) is marked:
            seen_at = tick / 60
        block = source.sound(now - 1 / 60, 800)
        if heard_at is None and block.max() > 0.5:
            heard_at = (tick - 1) / 60 + int(np.argmax(block[:, 0] > 0.5)) / 48_000
    assert seen_at is not None
    assert heard_at is not None
    assert heard_at - seen_at == pytest.approx(0, abs=0.04)


def _settled() -> Source:
    """Picture and sound of the publisher have begun."""
    source = _joined()
    source.put_sound(1, 100.0, np.zeros((960, 2), np.float32), 100.005)
    return source


def test_picture_and_sound_wait_for_each_other_at_the_beginning_for_half_a_second() -> None:
    loud = np.ones((48_000, 2), np.float32)
    source = _joined()
    source.put_sound(1, 100.0, loud, 100.01)
    assert not source.sound(100.3, 800).any()
    source.put_picture(1, 100.0, _frames(1)[0], 100.35)  # the decoder took its time
    assert source.picture(100.4) is not None
    assert source.sound(100.42, 800).any()
    alone = _joined()
    alone.put_sound(1, 100.0, loud, 100.01)
    assert alone.sound(100.52, 800).any()


@pytest.mark.parametrize("old_s", [0.2, 0.6, 1.4, 3.4])
def test_a_sender_that_begins_with_a_burst_of_old_sound_is_heard_without_a_hole_within_a_second(old_s: float) -> None:
    source, tone = _joined(), np.full((960, 2), 0.5, np.float32)
    clock = SenderClock()
    sound, picture = TrackTimeline(48_000, clock), TrackTimeline(90_000, clock)
    came = [0.1 * n / (50 * old_s) for n in range(round(50 * old_s))]  # s of each packet: all within 0.1 s
    came += [0.1 + n / 50 for n in range(400)]
    pending, heard = list(enumerate(came)), []
    for tick in range(60 * 8):
        now = 100 + tick / 60
        while pending and 100 + pending[0][1] <= now:
            packet, at = pending.pop(0)
            source.put_sound(1, sound.capture(packet * 960, 100 + at), tone, 100 + at + 0.003)
            capture_s = picture.capture(packet * 1800, 100 + at)
            source.put_picture(1, capture_s, av.VideoFrame(16, 16, "yuv420p"), 100 + at + 0.010)
        source.picture(now)
        heard.append(source.sound(now - 1 / 60, 800))
    level = np.concatenate(heard)[48_000 : 48_000 * 8, 0]
    assert level.min() > 0.45, "neither a hole nor a fade"
    assert source.offset(108.0) < 0.1, "and not behind"


def test_nothing_is_shown_before_the_first_picture_and_after_the_presenter_left() -> None:
    source = _settled()
    assert source.picture(100.0) is None
    source.put_picture(1, 100.0, _frames(1)[0], 100.01)
    assert source.picture(100.2) is not None
    source.leave(100.3)
    assert source.picture(100.4) is None


def test_a_take_over_keeps_the_last_picture_for_a_while() -> None:
    source = _settled()
    source.put_picture(1, 100.0, _frames(1)[0], 100.01)
    source.picture(100.2)
    source.leave(100.3, 3.0)
    assert source.picture(103.0) is not None
    assert source.picture(103.4) is None


def test_frames_of_a_former_publisher_are_ignored() -> None:
    source = _joined()
    source.leave(100.0)
    source.join(2)
    source.put_picture(1, 100.0, _frames(1)[0], 100.01)
    source.put_sound(1, 100.0, np.ones((960, 2), np.float32), 100.01)
    assert source.picture(101.0) is None
    assert not source.sound(100.1, 800).any()


def test_a_picture_that_never_changes_is_held_for_ten_seconds() -> None:
    source = _settled()
    source.put_picture(1, 100.0, _frames(1)[0], 100.01)
    assert source.picture(100.2) is not None
    assert source.picture(110.0) is not None
    assert source.picture(110.3) is None


def test_in_rehearsal_the_newest_pictures_wait_for_the_start() -> None:
    source, frames = Source(_FRAME_S), _frames(100)
    source.join(1)
    for i, frame in enumerate(frames):
        source.put_picture(1, 100 + i * _FRAME_S, frame, 100.01 + i * _FRAME_S)
    source.go_live()
    assert source.picture(100 + 99 * _FRAME_S + 0.2) is frames[-1]


def test_a_program_that_begins_paused_lets_no_sound_out() -> None:
    source = Source(_FRAME_S)
    source.join(1)
    source.put_picture(1, 100.0, _frames(1)[0], 100.01)
    source.put_sound(1, 100.0, np.ones((48_000, 2), np.float32), 100.01)
    source.pause(True)
    source.go_live()
    assert not source.sound(100.1, 800).any()
    source.pause(False)
    assert source.sound(100.2, 800).any()
