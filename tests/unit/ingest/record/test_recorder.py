"""The recording while it is written and when it is closed."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from ingest.record import recorder as recorder_module
from ingest.record.digest import Digest
from ingest.record.movie import GROUP_BYTES, hiding, write_all
from ingest.record.recorder import Recorder
from tests.media.encoded import Talk, talk
from tests.media.mp4_probe import probe
from tests.media.reading import watch
from tests.media.spooled import closed, feed, torn


def test_a_closed_recording_has_the_right_length_starts_at_zero_and_is_in_step(tmp_path: Path) -> None:
    recorder = closed(tmp_path / "e" / "s.mp4")
    seen = watch(recorder.path)
    assert seen.duration == pytest.approx(4.0, abs=0.1)
    assert recorder.duration_s == pytest.approx(seen.duration, abs=0.001)
    assert seen.video_times == pytest.approx([n / 30 for n in range(120)])
    assert seen.audio_start == 0
    assert seen.flashes == pytest.approx([0, 1, 2, 3])
    assert max(map(abs, seen.lip_sync())) < 0.02


def test_a_closed_recording_is_an_ordinary_mp4_with_a_keyframe_index(tmp_path: Path) -> None:
    recorder = closed(tmp_path / "s.mp4")
    data = recorder.path.read_bytes()
    assert data[4:8] == b"ftyp"
    assert b"mvex" not in data[data.rindex(b"moov") :]
    with av.open(str(recorder.path), "r") as container:
        assert [p.pts for p in container.demux(video=0) if p.is_keyframe] == [0, 180_000]
        assert (container.streams.video[0].frames, container.streams.audio[0].frames) == (120, len(talk().sounds))
        container.seek(3_000_000)
        frame = next(container.decode(video=0))
        assert frame.time == 2.0


@pytest.mark.parametrize("group_bytes", [GROUP_BYTES, 6_000, 1])
def test_the_digest_is_known_when_the_file_is_closed_and_is_that_of_the_whole_file(
    tmp_path: Path, group_bytes: int
) -> None:
    recorder = closed(tmp_path / "s.mp4", group_bytes=group_bytes)
    assert recorder.sha256 == hashlib.sha256(recorder.path.read_bytes()).hexdigest()


def test_a_recording_in_groups_is_an_ordinary_mp4_in_step(tmp_path: Path) -> None:
    recorder = closed(tmp_path / "s.mp4", group_bytes=6_000)
    assert recorder.path.read_bytes().count(hiding(0)[:8]) > 2
    report = probe(recorder.path)
    assert (report.errors, report.gaps, report.frames) == ([], [], 120)
    assert max(map(abs, watch(recorder.path).lip_sync())) < 0.02


def test_of_a_finished_group_nothing_is_left_to_be_hashed_at_the_end(tmp_path: Path) -> None:
    data = closed(tmp_path / "s.mp4", group_bytes=6_000).path.read_bytes()
    heads = [at for at in range(len(data)) if data[at : at + 8] == hiding(0)[:8]]
    end = heads[-1] + int.from_bytes(data[heads[-1] + 8 : heads[-1] + 16], "big")
    live = tmp_path / "live.mp4"
    live.write_bytes(torn(tmp_path / "t.mp4", group_bytes=6_000))
    digest = Digest()
    with live.open("rb") as file:
        while digest.taken < heads[-1]:
            before = digest.taken
            digest.follow(file.fileno(), heads, 2000)
            assert before < digest.taken <= before + 2000 + 16
    # What was taken in is not read again: the file may even be another one before that point.
    live.write_bytes(bytes(heads[-1]) + data[heads[-1] :])
    with live.open("rb") as file:
        assert digest.finish(file.fileno(), heads, end) == hashlib.sha256(data).hexdigest()


def test_until_it_is_closed_it_reads_as_a_fragmented_file(tmp_path: Path) -> None:
    seen = watch(torn(tmp_path / "s.mp4"))
    assert len(seen.video_times) == 120
    assert len(seen.lip_sync()) == 4


def test_saved_means_on_the_disk_within_half_a_second(tmp_path: Path) -> None:
    ends: list[Exception | None] = []
    recorder = Recorder(tmp_path / "s.mp4", ends.append)
    recorder.start()
    feed(recorder, talk())
    deadline = time.monotonic() + 30
    while recorder.saved_s < 4.0:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(recorder.path.read_bytes())  # a crash at this moment
    assert watch(copy).video_end == pytest.approx(4.0)
    recorder.finish()
    recorder.join(5)


def test_pictures_dropped_on_the_way_leave_sound_in_step(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "s.mp4", lambda _: None)
    recorder.start()
    feed(recorder, talk(), lost=range(50, 60))  # nothing behind the keyframe at 60 refers to them
    recorder.finish()
    recorder.join(5)
    seen = watch(recorder.path)
    assert len(seen.video_times) == 110
    assert seen.duration == pytest.approx(4.0, abs=0.1)
    assert max(map(abs, seen.lip_sync())) < 0.02


def test_a_program_of_no_frames_leaves_no_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "s.mp4", lambda _: None)
    recorder.start()
    recorder.finish()
    recorder.join(5)
    assert not recorder.path.exists()
    assert recorder.duration_s == 0


def _breakable(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set: the disk is full and takes neither bytes nor cuts."""
    full = threading.Event()
    cut = os.ftruncate

    def write(fd: int, data: bytes, offset: int) -> None:
        if full.is_set():
            os.pwrite(fd, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        write_all(fd, data, offset)

    def truncate(fd: int, size: int) -> None:
        if full.is_set():
            raise OSError(errno.EIO, "Input/output error")
        cut(fd, size)

    monkeypatch.setattr(recorder_module, "write_all", write)
    monkeypatch.setattr(os, "ftruncate", truncate)
    return full


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _of_a_talk(path: Path) -> tuple[Recorder, Talk, list[Exception | None]]:
    """A recorder that knows its tracks, a talk of eight seconds for it, and what it says at its end."""
    ends: list[Exception | None] = []
    recorder, made = Recorder(path, ends.append), talk(8)
    recorder.start()
    recorder.describe(made.audio)
    recorder.describe(made.video)
    return recorder, made, ends


def _put(recorder: Recorder, made: Talk, numbers: range) -> None:
    """Pictures by their numbers and the sound that goes with them."""
    for number in numbers:
        recorder.put("video", made.pictures[number])
        for sound in made.sounds:
            if number * 3000 / 90_000 <= sound.pts / 48_000 < (number + 1) * 3000 / 90_000:
                recorder.put("audio", sound)


def _all_refused(recorder: Recorder, made: Talk, pictures: int) -> Callable[[], bool]:
    """Whether the first `pictures` and their sound are lost: until then a keyframe of theirs may try the disk again."""
    count = pictures + sum(sound.pts / 48_000 < pictures / 30 for sound in made.sounds)
    return lambda: recorder.problem == "disk_full" and recorder.lost == count


def test_a_disk_that_refuses_for_a_while_costs_that_while_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = _breakable(monkeypatch)
    recorder, made, ends = _of_a_talk(tmp_path / "s.mp4")
    _put(recorder, made, range(70))
    _until(lambda: recorder.saved_s >= 2.0)
    assert recorder.problem == ""
    full.set()
    _put(recorder, made, range(70, 150))
    _until(lambda: recorder.problem == "disk_full")
    full.clear()
    _put(recorder, made, range(150, 240))
    recorder.finish()
    recorder.join(5)
    assert ends == [None]
    assert recorder.lost > 0
    assert recorder.problem == ""
    seen = watch(recorder.path)
    assert seen.duration == pytest.approx(8.0, abs=0.1)
    late = [d for f, d in zip(seen.flashes, seen.lip_sync(), strict=False) if f > 6.5]
    assert all(abs(d) < 0.02 for d in late)


def test_a_disk_that_is_full_at_the_start_costs_the_start_and_what_follows_is_in_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = _breakable(monkeypatch)
    full.set()
    recorder, made, ends = _of_a_talk(tmp_path / "e" / "s.mp4")
    _put(recorder, made, range(100))
    _until(_all_refused(recorder, made, 100))
    assert not recorder.path.exists()
    full.clear()
    _put(recorder, made, range(100, 240))
    _until(lambda: recorder.saved_s >= 7.5)
    assert recorder.problem == ""
    recorder.finish()
    recorder.join(5)
    assert ends == [None]
    seen = watch(recorder.path)
    assert seen.duration == pytest.approx(recorder.duration_s, abs=0.01)
    assert seen.duration == pytest.approx(4.0, abs=0.1)  # from the keyframe at 4 s on
    assert (seen.video_times[0], len(seen.video_times)) == (0, 120)
    assert seen.flashes == pytest.approx([0, 1, 2, 3])
    assert max(map(abs, seen.lip_sync())) < 0.025


def test_a_first_fragment_that_was_refused_does_not_shift_sound_against_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = _breakable(monkeypatch)
    recorder, made, ends = _of_a_talk(tmp_path / "s.mp4")
    _put(recorder, made, range(10))
    _until(recorder.path.exists)
    full.set()
    _put(recorder, made, range(10, 100))
    _until(_all_refused(recorder, made, 100))
    full.clear()
    _put(recorder, made, range(100, 240))
    recorder.finish()
    recorder.join(5)
    assert ends == [None]
    seen = watch(recorder.path)
    assert seen.flashes == pytest.approx([0, 1, 2, 3])
    assert max(map(abs, seen.lip_sync())) < 0.025
