"""Go Live → rehearse behind the holding picture → pause → resume → End: what viewers and the recording get."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.media import presenter
from tests.media.live import Room, room
from tests.media.reading import Watched, watch
from webinar.base.errors import Conflict, Gone

_PAUSED = (4.5, 7.5)  # program time, s
_REHEARSED = 1.5  # so long nobody is on air after Go Live
_LATE = 0.5  # a busy machine writes what belongs before a call after it, and the other way round


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Goes live paused while somebody presents already, goes on air, pauses for 3 s, goes on, ends."""
    return asyncio.run(_program(tmp_path_factory.mktemp("pause")))


async def _program(folder: Path) -> Room:
    clip = presenter.make(10.6, 256, 144)
    async with room(folder) as made:
        presenting = asyncio.create_task(presenter.present(made.session.presenter, clip, made.clock))
        await made.later(0.5)
        await made.session.start(paused=True)
        await made.until(_REHEARSED)
        await made.session.pause(False)
        await made.until(_PAUSED[0])
        await made.session.pause(True)
        await made.session.pause(True)
        await made.until(_PAUSED[0] + 1)
        assert made.session.status().paused
        await made.until(_PAUSED[1])
        await made.session.pause(False)
        assert not made.session.status().paused
        await presenting
        await made.session.end()
    return made


@pytest.fixture(scope="module")
def recorded(program: Room) -> Watched:
    assert program.session.recording is not None
    return watch(program.session.recording)


def _between(watched: Watched, start_s: float, end_s: float) -> np.ndarray:
    at = slice(round(start_s * 48_000), round(end_s * 48_000))
    return np.abs(watched.audio[at])


def test_while_paused_there_is_the_holding_picture_and_not_a_sound(recorded: Watched) -> None:
    slate = recorded.luma[2]
    for start, end in ((_LATE, _REHEARSED - _LATE), (_PAUSED[0] + _LATE, _PAUSED[1] - _LATE)):
        shown = recorded.luma[round(start * 30) : round(end * 30)]
        assert shown == pytest.approx([slate] * len(shown), abs=4)
        assert _between(recorded, start, end).max() < 0.002
    assert not any(_PAUSED[0] + _LATE < at < _PAUSED[1] - _LATE for at in recorded.flashes)


def test_on_air_again_picture_and_sound_are_in_step_at_once(recorded: Watched) -> None:
    offsets = recorded.lip_sync()
    assert len(offsets) >= 6
    assert max(map(abs, offsets)) <= 0.04
    assert any(_PAUSED[1] < at < _PAUSED[1] + 1.1 for at in recorded.flashes)


def test_nothing_that_viewers_play_is_interrupted(program: Room, recorded: Watched) -> None:
    for name in ("240p", "144p", "audio"):
        parts = program.parts(name)
        assert all(b.pts == a.pts + a.duration for a, b in itertools.pairwise(parts))
    assert [u.pts for u in program.units("240p")] == [n * 3000 for n in range(len(program.units("240p")))]
    assert all(b.pts - a.pts == 960 for a, b in itertools.pairwise(program.units("opus")))
    assert recorded.video_times == pytest.approx([n / 30 for n in range(len(recorded.video_times))])
    assert recorded.duration == pytest.approx(program.end.duration, abs=0.1)


async def test_only_what_is_live_can_be_paused(tmp_path: Path) -> None:
    async with room(tmp_path) as made:
        with pytest.raises(Conflict):
            await made.session.pause(True)
        await made.session.start()
        await made.until(0.3)
        await made.session.end()
        with pytest.raises(Gone):
            await made.session.pause(True)
