"""A live session from what a presenter's encoder made to parts, units and the recording; only the network and
real time are missing.

One program of some seconds is run for most of the claims: a presenter in H.264, a gap, the same in VP8 and 4:3.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.contract import EndOfSession, InitSegment, LiveStatus, Part, SessionState
from ingest.package import h264
from ingest.record import recorder as recorder_module
from ingest.record.movie import SampleTable, close_file
from tests.media import presenter
from tests.media.live import Room, room
from tests.media.reading import Watched, watch
from tests.waiting import until
from webinar.base.errors import Conflict, Gone, Unavailable

_RUNGS = ("240p", "144p")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Slate, 4 s of 16:9 in H.264, slate, 3 s of 4:3 in VP8, slate."""
    return asyncio.run(_program(tmp_path_factory.mktemp("program")))


async def _program(folder: Path) -> Room:
    wide = presenter.make(4.2, 320, 180)
    square = presenter.make(3.2, 240, 180, codec="vp8")
    async with room(folder, _RUNGS) as made:
        await made.session.start()
        await made.until(0.5)
        await presenter.present(made.session.presenter, wide, made.clock)
        made.session.request_keyframe()
        made.session.request_keyframe()
        await made.later(0.8)
        await presenter.present(made.session.presenter, square, made.clock)
        await made.session.snapshot("inbox")
        await made.later(0.4)
        await made.session.end()
    return made


@pytest.fixture(scope="module")
def recorded(program: Room) -> Watched:
    assert program.session.recording is not None
    return watch(program.session.recording)


def test_parts_are_numbered_and_contiguous_without_a_hole_from_zero_to_the_end(program: Room) -> None:
    for name in (*_RUNGS, "audio"):
        parts = program.parts(name)
        assert parts[0].pts == 0
        assert all(b.pts == a.pts + a.duration for a, b in itertools.pairwise(parts))
        steps = [(b.msn - a.msn, b.part - a.part) for a, b in itertools.pairwise(parts)]
        assert all(step == (0, 1) or (step[0] == 1 and b.part == 0) for step, b in zip(steps, parts[1:], strict=True))
        assert all(a.last == (b.msn > a.msn) for a, b in itertools.pairwise(parts))
        assert parts[-1].last


def test_no_part_exceeds_the_target_and_only_the_last_of_a_segment_is_short(program: Room) -> None:
    for name, clock in (("240p", 90_000), ("144p", 90_000), ("audio", 48_000)):
        parts = program.parts(name)
        assert max(p.duration for p in parts) <= program.init(name).part_target * clock
        assert all(p.duration >= 0.85 * 0.35 * clock for p in parts if not p.last)


def test_renditions_are_aligned_in_time_and_in_keyframes(program: Room) -> None:
    first, second = ([(p.msn, p.part, p.pts, p.independent) for p in program.parts(n)] for n in _RUNGS)
    assert first == second
    keys = [[u.pts for u in program.units(n) if u.keyframe] for n in _RUNGS]
    assert keys[0] == keys[1]
    assert set(range(0, keys[0][-1] + 1, 180_000)) <= set(keys[0])
    for part in program.parts("audio"):
        if part.part == 0:
            assert 0 <= part.pts / 48_000 - 2 * part.msn < 1024 / 48_000


def test_every_segment_begins_independent_and_independent_is_said_only_where_true(program: Room) -> None:
    for name in _RUNGS:
        keys = {u.pts for u in program.units(name) if u.keyframe}
        assert all(p.independent == (p.pts in keys) for p in program.parts(name))
        assert all(p.independent for p in program.parts(name) if p.part == 0)


def test_asked_for_keyframes_are_coalesced(program: Room) -> None:
    keys = [u.pts for u in program.units("240p") if u.keyframe]
    extra = [k for k in keys if k % 180_000]
    assert len(extra) == 1


def test_units_are_whole_access_units_at_thirty_a_second_with_headers_at_each_keyframe(program: Room) -> None:
    for name in _RUNGS:
        units = program.units(name)
        assert [u.pts for u in units] == [n * 3000 for n in range(len(units))]
        assert units[-1].pts + 3000 == pytest.approx(program.end.duration * 90_000)
        for unit in units:
            kinds = [h264.unit_type(n) for n in h264.split(unit.payload)]
            assert (5 in kinds) == unit.keyframe
            assert ({7, 8} <= set(kinds)) == unit.keyframe
    opus = program.units("opus")
    assert all(b.pts - a.pts == 960 for a, b in itertools.pairwise(opus))


def test_codecs_are_what_the_parameter_sets_say(program: Room) -> None:
    for name in _RUNGS:
        sets = h264.parameter_sets(h264.split(program.units(name)[0].payload))
        assert sets is not None
        assert program.init(name).rendition.codecs == h264.codec_string(sets[0]) == "avc1.42c01f"
    assert program.init("audio").rendition.codecs == "mp4a.40.2"
    assert program.init("audio").ladder == ("240p", "144p", "audio")


def test_hls_decodes_without_an_error_and_is_in_step(program: Room) -> None:
    sound = watch(program.stream("audio"))
    for name in _RUNGS:
        seen = watch(program.stream(name))
        offsets = [min((b - f for b in sound.beeps), key=abs) for f in seen.flashes]
        assert len(offsets) == 9
        assert max(map(abs, offsets)) <= 0.04


def test_the_recording_is_as_long_as_the_program_and_in_step(program: Room, recorded: Watched) -> None:
    assert recorded.duration == pytest.approx(program.end.duration, abs=0.1)
    assert len(recorded.lip_sync()) == 9
    assert max(map(abs, recorded.lip_sync())) <= 0.04
    assert (recorded.video_times[0], recorded.audio_start) == (0, 0)


def test_coming_and_going_leaves_no_gap_in_picture_or_sound(program: Room, recorded: Watched) -> None:
    assert recorded.video_times == pytest.approx([n / 30 for n in range(len(recorded.video_times))])
    assert recorded.audio_end == pytest.approx(program.end.duration, abs=0.05)


def test_while_nobody_sends_there_is_the_holding_picture_and_silence(recorded: Watched) -> None:
    gap = recorded.flashes[4] + 0.5  # the first presenter left 0.2 s after the last flash
    luma = recorded.luma[round(gap * 30)]
    assert luma == pytest.approx(recorded.luma[2], abs=4)
    at = round((gap - recorded.audio_start) * 48_000)
    assert abs(recorded.audio[at : at + 4800]).max() < 0.002


def test_another_shape_is_letterboxed_and_the_size_stays(recorded: Watched) -> None:
    assert recorded.size == (426, 240)
    wide, square = recorded.flashes[1] + 0.05, recorded.flashes[6] + 0.05
    assert recorded.corner[round(wide * 30)] > 200
    assert recorded.corner[round(square * 30)] < 20
    assert recorded.luma[round(square * 30)] > 200


def test_a_snapshot_holds_init_segments_and_the_window(program: Room) -> None:
    messages = program.elsewhere["inbox"]
    inits = [m for m in messages[:3] if isinstance(m, InitSegment)]
    assert {m.rendition.name for m in inits} == {"240p", "144p", "audio"}
    assert all(isinstance(m, Part) for m in messages[3:])
    assert all(m in program.media for m in messages)


def test_finished_segments_are_in_the_store_as_parts_joined(program: Room) -> None:
    base = f"live/{program.session.hls_prefix}"
    for name in (*_RUNGS, "audio"):
        assert program.objects[f"{base}/{name}/init.mp4"] == program.init(name).payload
        for msn in {p.msn for p in program.parts(name)}:
            joined = b"".join(p.payload for p in program.parts(name) if p.msn == msn)
            assert program.objects[f"{base}/{name}/{msn}.m4s"] == joined


def test_the_end_is_told_to_viewers_to_the_host_and_to_the_presenter(program: Room) -> None:
    assert program.media[-1] is program.end
    assert program.statuses[-1].state is SessionState.ENDED
    assert program.statuses[-1].recorded_until_s == pytest.approx(program.end.duration, abs=0.001)
    assert program.presenters.ended


async def test_a_rehearsal_is_seen_by_nobody_and_the_picture_is_there_at_the_start(tmp_path: Path) -> None:
    async with room(tmp_path) as made:
        clip = presenter.make(3.0, 320, 180)
        presenting = asyncio.create_task(presenter.present(made.session.presenter, clip, made.clock))
        await made.later(1.0)
        assert made.media == []
        assert made.session.status().state is SessionState.REHEARSAL
        with pytest.raises(Conflict):
            await made.session.snapshot("inbox")
        first = await made.session.start()
        assert await made.session.start() == first
        await presenting
    assert made.session.recording is not None
    seen = watch(made.session.recording)
    slate = seen.corner[-1]
    assert abs(seen.corner[0] - slate) > 10
    assert len(seen.lip_sync()) >= 1
    assert max(map(abs, seen.lip_sync())) <= 0.04


async def test_ending_twice_answers_the_same_and_nothing_starts_again(tmp_path: Path) -> None:
    async with room(tmp_path) as made:
        await made.session.start()
        await made.until(0.3)
        assert await made.session.end() == await made.session.end()
        with pytest.raises(Gone):
            await made.session.start()


async def test_a_take_over_keeps_time_and_sync(tmp_path: Path) -> None:
    """The second presenter's clock has nothing to do with the first one's."""
    clip = presenter.make(2.6, 320, 180)
    async with room(tmp_path) as made:
        await made.session.start()
        for delay_s in (0.08, 0.01):
            await presenter.present(made.session.presenter, clip, made.clock, delay_s=delay_s)
        await made.later(0.3)
    assert made.session.recording is not None
    seen = watch(made.session.recording)
    assert len(seen.lip_sync()) == 6
    assert max(map(abs, seen.lip_sync())) <= 0.04


async def test_a_crash_of_the_pipeline_ends_the_session_with_the_recording_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.program.source import Source

    async with room(tmp_path) as made:
        await made.session.start()
        await made.until(1.0)

        def broken(self: Source, now_s: float) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(Source, "picture", broken)
        async with asyncio.timeout(10):
            while not made.session.failed:  # noqa: ASYNC110 - a figure, not an event
                await asyncio.sleep(0.01)
        await made.session.close()
        assert made.presenters.ended
        with pytest.raises(Unavailable):
            await made.session.start()
        assert made.session.recording is not None
        assert watch(made.session.recording).duration == pytest.approx(1.0, abs=0.3)


async def test_viewers_hear_of_the_end_while_the_disk_still_closes_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool] = []
    async with room(tmp_path) as made:

        def slow(fd: int, heads: Sequence[int], end: int, tables: Sequence[SampleTable]) -> float:
            deadline = time.monotonic() + 5
            while not (told := any(isinstance(m, EndOfSession) for m in made.media)) and time.monotonic() < deadline:
                time.sleep(0.01)
            heard.append(told)
            return close_file(fd, heads, end, tables)

        monkeypatch.setattr(recorder_module, "close_file", slow)
        await made.session.start()
        await made.until(0.5)
        await made.session.end()
    assert heard == [True]
    assert made.media[-1] is made.end


async def test_a_full_disk_at_the_start_is_told_to_the_host_and_recording_begins_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes, offset: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with room(tmp_path) as made:
        with monkeypatch.context() as patch:
            patch.setattr(recorder_module, "write_all", full)
            await made.session.start()
            await made.until(1.0)
            await until(lambda: made.session.status().recording_problem == "disk_full")
        await made.until(4.5)
        await until(lambda: made.session.status().recorded_until_s > 3.5)
        assert made.session.status().recording_problem == ""
    assert made.session.recording is not None
    assert watch(made.session.recording).duration == pytest.approx(made.end.duration - 2.0, abs=0.1)


def test_a_status_of_an_older_ingest_can_be_read(program: Room) -> None:
    fields = json.loads(program.statuses[-1].to_json())
    del fields["recording_problem"]
    assert LiveStatus.from_json(json.dumps(fields).encode()) == program.statuses[-1]
