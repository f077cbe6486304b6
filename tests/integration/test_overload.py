"""A machine that cannot keep up, and then can again: what viewers, the host and the recording get.

The encoders are real and take as long as they are told, on a clock that waits for everybody: nothing here depends on
how fast the machine is.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from av.video.codeccontext import VideoCodecContext

from ingest import presenter as on_stage
from ingest.accept.sink import EncodedFrame
from ingest.contract import LiveStatus, SessionState
from ingest.encode.encoder import H264Encoder
from ingest.encode.ladder import GOP_FRAMES, PART_FRAMES
from ingest.encode.pace import FEW, HALF
from ingest.program.decode import VideoDecoder
from tests.media import presenter
from tests.media.braked import Brake
from tests.media.conducted import ConductedClock
from tests.media.live import Room, room
from tests.media.reading import Watched, watch

_TOP, _LOW = "240p", "144p"
_SLOW_FROM_S, _SLOW_S, _CALM_S = 3.0, 9.0, 24.0
_FRAME = 3000
_PART = PART_FRAMES * _FRAME
_PARTS = GOP_FRAMES // PART_FRAMES


@dataclass
class _Seen:
    """A program of 36 s: 3 s at ease, 9 s in which the top rung takes 80 ms a picture, then at ease again."""

    room: Room
    statuses: list[tuple[float, LiveStatus]] = field(default_factory=list)  # with program time, each half second

    @property
    def path(self) -> list[int]:
        """The steps of overload in the order they were taken."""
        return [step for step, _ in itertools.groupby(status.overload for _, status in self.statuses)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> _Seen:
    return asyncio.run(_program(tmp_path_factory.mktemp("overload")))


async def _program(folder: Path) -> _Seen:
    clock = ConductedClock()
    brake = Brake(clock)
    clip = presenter.make(_SLOW_FROM_S + _SLOW_S + _CALM_S, 256, 144)
    async with room(folder, (_TOP, _LOW), brake.encoder, clock) as made:
        found = _Seen(made)
        await made.session.start()

        async def look() -> None:
            while made.session.state is SessionState.LIVE:
                status = made.session.status()
                found.statuses.append((status.program_time_s, status))
                await made.later(0.5)

        looking = asyncio.create_task(look())
        presenting = asyncio.create_task(presenter.present(made.session.presenter, clip, clock))
        await made.until(_SLOW_FROM_S)
        brake.seconds = {_TOP: 0.080, _LOW: 0.010}
        await made.until(_SLOW_FROM_S + _SLOW_S)
        brake.seconds = {_TOP: 0.004, _LOW: 0.001}
        await presenting
        looking.cancel()
        await made.session.end()
    return found


@pytest.fixture(scope="module")
def recorded(seen: _Seen) -> Watched:
    assert seen.room.session.recording is not None
    return watch(seen.room.session.recording)


def test_the_frame_rate_goes_first_then_the_rung_and_both_come_back(seen: _Seen) -> None:
    assert seen.path == [0, 1, 2, 1, 0]


def test_it_reacts_within_two_seconds_and_returns_after_ten_quiet_ones(seen: _Seen) -> None:
    first = next(at for at, status in seen.statuses if status.overload)
    assert first - _SLOW_FROM_S <= 2.0
    raised = next(at for at, status in seen.statuses if at > first + 4 and status.overload < 2)
    assert raised - (_SLOW_FROM_S + _SLOW_S) <= 10.0
    assert seen.statuses[-1][1].overload == 0


def test_once_the_ladder_is_low_enough_nothing_is_dropped_any_more(seen: _Seen) -> None:
    for name in (_TOP, _LOW):
        steps = [(b.pts - a.pts) // _FRAME for a, b in itertools.pairwise(seen.room.units(name))]
        assert set(steps) <= ({1, 2, 3, 5} if name == _TOP else {1}) | _while_settling(seen, name)


def _while_settling(seen: _Seen, name: str) -> set[int]:
    """Distances in frames in the first seconds of overload, when the queue of the late encoder ran over."""
    units = seen.room.units(name)
    early = range(round(_SLOW_FROM_S * 90_000), round((_SLOW_FROM_S + 5) * 90_000))
    return {(b.pts - a.pts) // _FRAME for a, b in itertools.pairwise(units) if a.pts in early}


def test_parts_of_every_rendition_go_on_at_their_pace_with_not_one_missing(seen: _Seen) -> None:
    for name in (_TOP, _LOW):
        parts = seen.room.parts(name)
        whole = [p for p in parts if p.pts + p.duration < (seen.room.end.duration - 0.5) * 90_000]
        assert [(p.msn, p.part, p.pts, p.duration) for p in whole] == [
            (n // _PARTS, n % _PARTS, n * _PART, _PART) for n in range(len(whole))
        ]
        assert all(p.independent for p in parts if p.part == 0)


def test_viewers_over_webrtc_are_told_to_leave_a_rung_that_rests_and_may_come_back(seen: _Seen) -> None:
    resting = [unit.resting for unit in seen.room.units(_TOP)]
    assert [key for key, _ in itertools.groupby(resting)] == [False, True, False]
    assert not any(unit.resting for unit in seen.room.units(_LOW))
    # Until the others have an IDR they go on with what there is.
    at = next(unit.pts for unit in seen.room.units(_TOP) if unit.resting)
    assert sum(at <= unit.pts < at + 90_000 for unit in seen.room.units(_TOP)) >= 5


def test_sound_is_never_dropped(seen: _Seen, recorded: Watched) -> None:
    opus = seen.room.units("opus")
    assert all(b.pts - a.pts == 960 for a, b in itertools.pairwise(opus))
    audio = seen.room.parts("audio")
    assert all(b.pts == a.pts + a.duration for a, b in itertools.pairwise(audio))
    beeps = [b - a for a, b in itertools.pairwise(recorded.beeps[1:])]  # at the first, sound has just begun
    assert beeps == pytest.approx([1.0] * 34, abs=0.025)


def test_the_recording_has_no_hole_and_is_as_long_as_the_program(seen: _Seen, recorded: Watched) -> None:
    assert recorded.duration == pytest.approx(seen.room.end.duration, abs=0.1)
    assert recorded.size == (426, 240)
    assert max(b - a for a, b in itertools.pairwise(recorded.video_times)) <= 0.51
    assert recorded.audio_end == pytest.approx(seen.room.end.duration, abs=0.05)


def test_lip_sync_holds_on_the_rung_viewers_are_moved_to_all_the_time(seen: _Seen) -> None:
    picture, sound = watch(seen.room.stream(_LOW)), watch(seen.room.stream("audio"))
    offsets = [min((beep - flash for beep in sound.beeps), key=abs) for flash in picture.flashes]
    assert len(offsets) == 36
    assert max(map(abs, offsets)) <= 0.04


def test_lip_sync_holds_in_the_recording_wherever_its_pictures_can_show_it(seen: _Seen, recorded: Watched) -> None:
    """At six pictures a second a flash is seen at the next of them: as much later as the picture stands for."""
    spans = dict(zip(recorded.video_times, (b - a for a, b in itertools.pairwise(recorded.video_times)), strict=False))
    times = sorted(spans)
    for flash in recorded.flashes:
        beep = min(recorded.beeps, key=lambda at: abs(at - flash))
        before = max((at for at in times if at < flash - 0.001), default=0.0)
        sampling = flash - before - 1 / 30
        assert -0.04 - sampling <= beep - flash <= 0.04
    assert len(recorded.flashes) >= 27


def test_the_host_is_told_what_is_made_at_what_rate(seen: _Seen) -> None:
    for _, status in seen.statuses:
        rates = {r.name: (r.wanted_fps, r.resting) for r in status.renditions}
        if not rates:
            continue
        assert rates[_LOW] == (30.0, False)
    assert {r.wanted_fps for _, s in seen.statuses for r in s.renditions if r.name == _TOP} <= {
        30.0,
        HALF.frame_rate,
        FEW.frame_rate,
    }


class _SlowDecoder(VideoDecoder):
    """A real one on a machine that takes so long for a picture of the presenter's, in seconds of the clock."""

    seconds = 0.0

    def _decode(self, context: VideoCodecContext, generation: int, frame: EncodedFrame, waiting: int) -> None:
        if self.seconds:
            assert isinstance(self._clock, ConductedClock)
            self._clock.work(self.seconds)
        super()._decode(context, generation, frame, waiting)


async def test_decoding_that_is_late_lowers_the_ladder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders that nothing is late for keep the decoder from the cores that it needs."""
    monkeypatch.setattr(on_stage, "VideoDecoder", _SlowDecoder)
    clock = ConductedClock()
    clip = presenter.make(12.0, 256, 144)
    async with room(tmp_path, (_TOP, _LOW), H264Encoder, clock) as made:
        await made.session.start()
        presenting = asyncio.create_task(presenter.present(made.session.presenter, clip, clock))
        await made.until(2.0)
        assert made.session.status().overload == 0
        monkeypatch.setattr(_SlowDecoder, "seconds", 0.040)
        await made.until(7.0)
        assert made.session.status().overload == 2
        monkeypatch.setattr(_SlowDecoder, "seconds", 0.004)
        await presenting
        # Encoding takes no time on this clock: plainly the load has gone.
        await made.until(18.0)
        assert made.session.status().overload == 0
