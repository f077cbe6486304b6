from __future__ import annotations

import time
from importlib import resources

import numpy as np
import pytest

from tests.media.lipsync_probe import beep_onsets, lamp_is_lit
from webinar.demo import burned_time
from webinar.demo.slides import SLIDES, STRIP_TOP, Digits, blend, planes
from webinar.demo.source import pixels
from webinar.demo.talk import SLIDE_SECONDS, Talk, TalkProgram

NOW = 1_764_012_345_678


@pytest.fixture(scope="module")
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> TalkProgram:
    return TalkProgram(talk._slides, talk._speech)  # noqa: SLF001 - a program at time 0, whenever the test runs


def luma(program: TalkProgram, n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return pixels(program.picture(n, NOW).planes[0])


def test_a_picture_is_720p_and_carries_its_time(program: TalkProgram) -> None:
    frame = program.picture(7, NOW)
    assert (frame.width, frame.height, frame.format.name) == (1280, 720, "yuv420p")
    assert burned_time.read(pixels(frame.planes[0])) == NOW


def test_the_lamp_flashes_for_two_pictures_every_five_seconds(program: TalkProgram) -> None:
    lit = [n for n in range(0, 460) if lamp_is_lit(luma(program, n))]
    assert lit == [0, 1, 150, 151, 300, 301, 450, 451]


def test_the_beep_begins_on_the_same_sample_as_the_flash(program: TalkProgram) -> None:
    sound = np.concatenate([program.sound(k)[:, 0] for k in range(50 * 16)]) / 32768
    onsets = beep_onsets(sound.astype(np.float32), 48_000)
    assert onsets == pytest.approx([0, 5, 10, 15], abs=0.0005)


def test_there_is_speech_in_every_slide(program: TalkProgram) -> None:
    for slide in range(SLIDES):
        blocks = [program.sound(slide * SLIDE_SECONDS * 50 + k) for k in range(60, 200)]
        assert np.abs(np.concatenate(blocks)).max() > 3000


def test_slides_change_every_eight_seconds_and_come_round_again(program: TalkProgram) -> None:
    seen = [luma(program, n * SLIDE_SECONDS * 30 + 60)[:STRIP_TOP].copy() for n in range(SLIDES + 1)]
    assert len({s.tobytes() for s in seen}) == SLIDES
    assert np.array_equal(seen[0], seen[-1])


def test_the_talk_goes_on_where_its_clock_is_when_begun_again(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    fresh = Talk()
    fresh.begin()
    clock[0] += 17.34
    later = fresh.begin()
    at = TalkProgram(talk._slides, talk._speech)  # noqa: SLF001
    assert np.array_equal(luma(later, 0), luma(at, 519)), "17.3 s: the nearest tenth"
    assert np.array_equal(later.sound(0), at.sound(865))


def test_making_pictures_and_sound_costs_less_than_a_sixth_of_a_core(program: TalkProgram) -> None:
    began = time.process_time()
    for n in range(150):
        program.picture(n, NOW)
    for k in range(250):
        program.sound(k)
    assert (time.process_time() - began) / 5 < 0.15


def test_the_committed_files_stay_small() -> None:
    folder = resources.files("webinar.demo") / "assets"
    for number in range(1, SLIDES + 1):
        assert len((folder / f"slide-{number}.png").read_bytes()) <= 60 * 1024
    assert len((folder / "speech.opus").read_bytes()) <= 300 * 1024


def test_rgb_becomes_bt709_video_range() -> None:
    palette = np.array([(0, 0, 0), (255, 255, 255), (255, 0, 0)], np.uint8)
    converted = planes(np.array([[0, 0, 1, 1, 2, 2]] * 2, np.uint8), palette)
    assert converted.y[0].tolist() == [16, 16, 235, 235, 63, 63]
    assert converted.u[0].tolist() == [128, 128, 102]
    assert converted.v[0].tolist() == [128, 128, 240]


def test_a_blend_goes_from_one_picture_to_the_other() -> None:
    palette = np.array([(0, 0, 0), (255, 255, 255)], np.uint8)
    a, b = (planes(np.full((2, 2), colour, np.uint8), palette) for colour in (0, 1))
    levels = [int(blend(a, b, step, 4).y[0, 0]) for step in range(5)]
    assert levels[0] == 16
    assert levels[-1] == 235
    assert levels == sorted(levels)


def test_digits_are_all_equally_wide() -> None:
    digits = Digits("0123456789:", 30, ink=235, paper=16)
    y = np.zeros((60, 400), np.uint8)
    assert len({digits.draw(y, 0, 0, text) for text in ("11:11", "08:88", "74:10")}) == 1
