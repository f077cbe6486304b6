"""Recordings that a crash left, and halves of an event."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import shutil
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.record import joining as joining_module
from ingest.record.joining import join
from ingest.record.movie import GROUP_BYTES, HEAD, PLACE
from ingest.record.parsing import NotARecording
from ingest.record.repair import repair
from tests.media.reading import watch
from tests.media.spooled import closed, torn


class Live(bytes):
    """The bytes of a recording that was never closed: eight fragments of half a second, and a last bit of sound."""

    def __repr__(self) -> str:
        return "<live>"

    @property
    def ends(self) -> list[int]:
        """Where the fragments with pictures end."""
        ends, at = [], 0
        while at + 8 <= len(self):
            size, name = int.from_bytes(self[at : at + 4], "big"), self[at + 4 : at + 8]
            at += size
            if name == b"mdat":
                ends.append(at)
        return ends[:8]


@pytest.fixture(scope="module", params=[GROUP_BYTES, 6_000], ids=["one group", "groups"])
def live(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Live:
    return Live(torn(tmp_path_factory.mktemp("live") / "s.mp4", group_bytes=request.param))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_wherever_it_was_cut_all_whole_fragments_are_there_and_play(
    live: Live, tmp_path: Path, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(live.ends[0], len(live)))
    path = tmp_path / "cut.mp4"
    path.write_bytes(live[:cut])
    result = repair(path)
    whole = sum(end <= cut for end in live.ends)
    seen = watch(path)
    assert not result.complete
    assert len(seen.video_times) == 15 * whole
    assert seen.video_end == pytest.approx(0.5 * whole)
    assert result.duration_s == pytest.approx(seen.duration, abs=0.001)
    assert all(abs(d) < 0.02 for d in seen.lip_sync())


def test_zeros_behind_a_good_header_are_cut_off(live: Live, tmp_path: Path) -> None:
    """A power cut: the file's size and the fragment's header came to the disk, its media did not."""
    ends = live.ends
    path = tmp_path / "zeros.mp4"
    path.write_bytes(live[: ends[-1] - 2000].ljust(ends[-1], b"\0"))
    repair(path)
    seen = watch(path)
    assert len(seen.video_times) == 15 * 7
    assert seen.audio_end == pytest.approx(3.5, abs=0.05)


@pytest.mark.parametrize("late_s", [2.5, -2.5], ids=["pictures late", "sound late"])
def test_what_an_encoder_brought_seconds_later_than_the_other_is_there_and_in_step(
    tmp_path: Path, late_s: float
) -> None:
    path = tmp_path / "busy.mp4"
    torn(path, pictures_late_s=late_s)
    repair(path)
    seen = watch(path)
    assert len(seen.video_times) == 120
    assert seen.audio_end == pytest.approx(4.0, abs=0.05)
    assert len(seen.lip_sync()) == 4
    assert max(map(abs, seen.lip_sync())) < 0.025


def test_a_crash_while_closing_loses_nothing(live: Live, tmp_path: Path) -> None:
    data = closed(tmp_path / "whole.mp4").path.read_bytes()
    tail = data[data.rindex(b"moov") - 4 :]
    for kept in (1, 7, 8, len(tail) // 2, len(tail)):
        path = tmp_path / "closing.mp4"
        path.write_bytes(live + tail[:kept])
        assert repair(path).duration_s == pytest.approx(4.0, abs=0.1)
        assert len(watch(path).video_times) == 120


def test_a_crash_between_the_headers_that_close_a_file_loses_nothing(tmp_path: Path) -> None:
    data = closed(tmp_path / "whole.mp4", group_bytes=6_000).path.read_bytes()
    path = tmp_path / "closing.mp4"
    path.write_bytes(data[: len(HEAD)] + PLACE + data[len(HEAD) + len(PLACE) :])  # the first one is the last written
    assert not repair(path).complete
    assert path.read_bytes() == data


def test_repairing_again_changes_nothing(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "s.mp4"
    path.write_bytes(live)
    first = repair(path)
    data = path.read_bytes()
    again = repair(path)
    assert path.read_bytes() == data
    assert again.complete
    assert again.duration_s == first.duration_s


@pytest.mark.parametrize("kept", [0, 3, 20, 40, 300, 1500])
def test_a_file_without_a_whole_fragment_is_named_and_left_alone(live: Live, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "short.mp4"
    path.write_bytes(live[:kept])
    with pytest.raises(NotARecording):
        repair(path)
    assert path.read_bytes() == live[:kept]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=64))
def test_damage_anywhere_is_survived_or_named(live: Live, tmp_path: Path, at: int, noise: bytes) -> None:
    at %= len(live)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(live[:at] + noise + live[at + len(noise) :])
    try:
        result = repair(path)
    except NotARecording:
        return
    assert 0 < result.duration_s


def test_halves_become_one_recording_in_step(live: Live, tmp_path: Path) -> None:
    first, second, joined = tmp_path / "1.mp4", tmp_path / "2.mp4", tmp_path / "joined.mp4"
    first.write_bytes(live[: live.ends[4]])
    repair(first)
    closed(second)
    made = join([first, second], joined)
    seen = watch(joined)
    assert made.sha256 == hashlib.sha256(joined.read_bytes()).hexdigest()
    assert made.duration_s == pytest.approx(seen.duration, abs=0.001)
    assert seen.video_end == pytest.approx(2.5 + 4.0, abs=0.1)
    assert len(seen.video_times) in (75 + 120, 74 + 120)
    assert _sound_is_contiguous(joined)
    assert len(seen.lip_sync()) == 3 + 4
    assert max(map(abs, seen.lip_sync())) < 0.025


def _sound_is_contiguous(path: Path) -> bool:
    with av.open(str(path), "r") as container:
        times = [p.pts for p in container.demux(audio=0) if p.pts is not None]
    return all(b - a == 1024 for a, b in itertools.pairwise(times))


def test_what_was_joined_can_be_joined_again(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.mp4" for n in range(3)]
    closed(paths[0], 2)
    for path in paths[1:]:
        shutil.copy(paths[0], path)
    join(paths[:2], tmp_path / "two.mp4")
    made = join([tmp_path / "two.mp4", paths[2]], tmp_path / "three.mp4")
    assert made.sha256 == hashlib.sha256((tmp_path / "three.mp4").read_bytes()).hexdigest()
    seen = watch(tmp_path / "three.mp4")
    assert seen.video_end == pytest.approx(6.0, abs=0.1)
    assert len(seen.lip_sync()) == 6


def test_joining_what_is_not_finished_leaves_nothing_behind(live: Live, tmp_path: Path) -> None:
    half, target = tmp_path / "half.mp4", tmp_path / "joined.mp4"
    half.write_bytes(live)
    with pytest.raises(NotARecording):
        join([half], target)
    assert not target.exists()
    assert half.read_bytes() == live


def test_halves_of_which_one_cannot_be_read_to_its_end_are_not_cut_there(tmp_path: Path) -> None:
    halves = [closed(tmp_path / f"{n}.mp4").path for n in range(2)]
    data = bytearray(halves[0].read_bytes())
    third = [at for at in range(len(data)) if data[at : at + 4] == b"moof"][2]
    data[third - 4 : third] = bytes(4)  # the size of a box
    halves[0].write_bytes(data)
    target = tmp_path / "joined.mp4"
    with pytest.raises(NotARecording, match="only"):
        join(halves, target)
    assert not target.exists()


def test_a_disk_that_says_once_that_it_did_not_keep_what_was_joined_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = closed(tmp_path / "1.mp4", 2).path
    sync, refused = os.fdatasync, list[int]()

    def refuse_once(fd: int) -> None:
        if not refused:
            refused.append(fd)
            raise OSError(errno.EIO, "Input/output error")
        sync(fd)

    monkeypatch.setattr(joining_module, "_SYNCED", 1)
    monkeypatch.setattr(os, "fdatasync", refuse_once)
    with pytest.raises(OSError, match="Input/output"):
        join([first, first], tmp_path / "joined.mp4")
    assert not (tmp_path / "joined.mp4").exists()


@pytest.mark.parametrize("reason", [errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS])
def test_halves_are_joined_where_the_kernel_cannot_copy_between_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    first, second = tmp_path / "1.mp4", tmp_path / "2.mp4"
    closed(first, 2)
    shutil.copy(first, second)
    join([first, second], tmp_path / "expected.mp4")

    def unable(*arguments: int) -> int:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "copy_file_range", unable)
    join([first, second], tmp_path / "joined.mp4")
    assert (tmp_path / "joined.mp4").read_bytes() == (tmp_path / "expected.mp4").read_bytes()
