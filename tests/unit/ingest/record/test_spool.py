"""From the spool into the store."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import av
import pytest
from prometheus_client import REGISTRY

from ingest.contract import RecordingClosed
from ingest.record import spool as spool_module
from ingest.record.spool import Spool
from tests.media.mp4_probe import probe
from tests.media.reading import watch
from tests.media.spooled import closed, torn
from webinar.base.errors import Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_APART = "webinar_recording_join_failed_total"


def _spool(tmp_path: Path) -> tuple[Spool, Storage]:
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    return Spool(tmp_path / "spool", storage), storage


async def test_a_closed_recording_is_in_the_store_with_its_notice(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"))
    notice = await spool.store("event", "1-a", recorder.path, recorder.duration_s)
    stored = tmp_path / "store" / "recordings" / "event" / "1-a.mp4"
    assert (notice.key, notice.complete) == ("recordings/event/1-a.mp4", True)
    assert notice.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    assert notice.bytes == stored.stat().st_size
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    assert not recorder.path.exists()


async def test_a_sweep_repairs_what_a_crash_left_and_says_that_it_is_not_complete(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    path = spool.path("event", "1-a")
    path.parent.mkdir(parents=True)
    data = torn(tmp_path / "made.mp4")
    path.write_bytes(data[: len(data) - 2000])
    (notice,) = await spool.sweep(frozenset())
    assert not notice.complete
    assert notice.duration_s == pytest.approx(3.5, abs=0.1)
    assert watch(storage.local_path(notice.key) or Path()).video_end == pytest.approx(3.5)
    assert await spool.sweep(frozenset()) == []


async def test_a_sweep_leaves_living_sessions_alone(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    path = spool.path("event", "1-a")
    path.parent.mkdir(parents=True)
    torn(path)
    assert await spool.sweep(frozenset({"1-a"})) == []
    assert path.exists()


async def test_a_sweep_leaves_alone_what_begins_while_it_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = _spool(tmp_path)
    closed(spool.path("event", "1-a"), 2)
    mark, living, put_file = tmp_path / "spool" / "event" / "2-b.sound", set[str](), storage.put_file

    async def put(key: str, path: Path) -> None:
        living.add("2-b")
        mark.touch()
        await put_file(key, path)

    monkeypatch.setattr(storage, "put_file", put)
    assert {n.session_id for n in await spool.sweep(living)} == {"1-a"}
    assert mark.exists()


async def test_what_cannot_be_cleared_or_read_ends_no_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, _ = _spool(tmp_path)
    (tmp_path / "spool" / "event" / "0-x.m4a").mkdir(parents=True)  # cannot be unlinked
    closed(spool.path("event", "1-a"), 2)

    def fail(path: Path, pattern: str) -> list[Path]:
        raise OSError(errno.EIO, "broken", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", fail)
        assert await spool.sweep(frozenset()) == []
    assert [n.session_id for n in await spool.sweep(frozenset())] == ["1-a"]


async def test_a_file_of_nothing_does_not_stop_the_others(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    empty = spool.path("event", "0-empty")
    empty.parent.mkdir(parents=True)
    empty.write_bytes(b"")
    closed(spool.path("event", "1-a"))
    assert [n.session_id for n in await spool.sweep(frozenset())] == ["1-a"]
    assert await spool.sweep(frozenset()) == []


async def test_at_the_end_of_an_interrupted_event_there_is_one_file_with_all_of_it(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    first = spool.path("event", "1-a")
    first.parent.mkdir(parents=True)
    torn(first)
    await spool.sweep(frozenset())
    second = closed(spool.path("event", "2-b"))
    await spool.store("event", "2-b", second.path, second.duration_s)
    last = closed(spool.path("event", "3-c"), 2)
    notice = await spool.store_joined("event", "3-c", last.path, last.duration_s)
    assert notice.joined == ("1-a", "2-b")
    assert not notice.complete
    assert notice.duration_s == pytest.approx(4 + 4 + 2, abs=0.2)
    seen = watch(storage.local_path(notice.key) or Path())
    assert len(seen.lip_sync()) == 10
    assert max(map(abs, seen.lip_sync())) < 0.025


async def test_a_joined_recording_is_not_joined_twice(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    notices = []
    for session in ("1-a", "2-b", "3-c"):
        recorder = closed(spool.path("event", session), 2)
        notices.append(await spool.store_joined("event", session, recorder.path, recorder.duration_s))
    assert [round(n.duration_s) for n in notices] == [2, 4, 6]
    assert notices[-1].joined == ("1-a", "2-b")


async def test_halves_of_another_event_are_not_taken(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    for event in ("one", "two"):
        recorder = closed(spool.path(event, f"1-{event}"), 2)
        notice = await spool.store_joined(event, f"1-{event}", recorder.path, recorder.duration_s)
        assert notice.joined == ()


async def test_when_the_store_refuses_the_file_stays_and_the_next_sweep_stores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)

    async def refuse(key: str, path: Path) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_file", refuse)
        with pytest.raises(Unavailable):
            await spool.store("event", "1-a", recorder.path, recorder.duration_s)
        assert await spool.sweep(frozenset()) == []
    assert recorder.path.exists()
    assert [n.complete for n in await spool.sweep(frozenset())] == [True]


async def test_a_store_that_keeps_refusing_is_asked_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    _, storage = _spool(tmp_path)
    spool = Spool(tmp_path / "spool", storage, lambda: now)
    closed(spool.path("event", "1-a"), 2)
    asked: list[str] = []

    async def refuse(key: str, path: Path) -> None:
        asked.append(key)
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_file", refuse)
        tries = []
        for _ in range(200):  # an hour and forty minutes of sweeps
            before = len(asked)
            assert await spool.sweep(frozenset()) == []
            tries += [now - 1000] if len(asked) > before else []
            now += 30
        assert tries == [0, 30, 90, 210, 450, 930, 1830, 2730, 3630, 4530, 5430]
    assert len(await Spool(tmp_path / "spool", storage).sweep(frozenset())) == 1  # a new process asks at once


def _left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "spool").glob("*/*"))


@pytest.mark.parametrize("step", ["put_file", "put_bytes"])
@pytest.mark.parametrize("done", [False, True])
async def test_wherever_storing_was_cut_off_the_next_process_stores_file_and_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, done: bool
) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)
    whole = hashlib.sha256(recorder.path.read_bytes()).hexdigest()
    real = getattr(storage, step)

    async def cut(*arguments: object) -> None:
        if done:
            await real(*arguments)
        raise asyncio.CancelledError

    monkeypatch.setattr(storage, step, cut)
    with pytest.raises(asyncio.CancelledError):
        await spool.store("event", "1-a", recorder.path, recorder.duration_s)

    spool, storage = _spool(tmp_path)
    (notice,) = await spool.sweep(frozenset())
    assert (notice.complete, notice.sha256) == (True, whole)
    assert hashlib.sha256((storage.local_path(notice.key) or Path()).read_bytes()).hexdigest() == whole
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    assert _left(tmp_path) == []
    assert await spool.sweep(frozenset()) == []


async def test_a_notice_of_a_deleted_event_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)

    async def refuse(key: str, data: bytes) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_bytes", refuse)
        with pytest.raises(Unavailable):
            await spool.store("event", "1-a", recorder.path, recorder.duration_s)
        assert await spool.sweep(frozenset()) == []
    assert _left(tmp_path) == ["1-a.json", "1-a.sound"]
    await storage.remove_all("recordings/event")
    assert await spool.sweep(frozenset()) == []
    assert _left(tmp_path) == []


async def _two_halves(spool: Spool) -> RecordingClosed:
    """The second half, stored at the end of its event."""
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    await spool.store_sound(notice)
    return notice


async def test_on_a_full_disk_both_halves_are_stored_and_joined_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = _spool(tmp_path)
    failed = REGISTRY.get_sample_value(_APART) or 0

    def full(*arguments: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "copy_file_range", full)
        notice = await _two_halves(spool)
        assert await spool.sweep(frozenset()) == []
    assert (notice.session_id, notice.joined, round(notice.duration_s)) == ("2-b", (), 2)
    assert (REGISTRY.get_sample_value(_APART) or 0) > failed
    for session in ("1-a", "2-b"):
        assert round(watch(storage.local_path(f"recordings/event/{session}.mp4") or Path()).duration) == 2
    assert _left(tmp_path) == ["2-b.last"]

    (joined,) = await spool.sweep(frozenset())
    assert (joined.session_id, joined.joined, joined.complete) == ("2-b", ("1-a",), True)
    seen = watch(storage.local_path(joined.key) or Path())
    assert (round(seen.duration), len(seen.lip_sync())) == (4, 4)
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/2-b.json")) == joined
    assert _left(tmp_path) == []


@pytest.mark.parametrize("step", ["put_file", "put_bytes"])
async def test_a_process_that_dies_after_joining_has_not_joined_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    spool, storage = _spool(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    last = closed(spool.path("event", "2-b"), 2)

    async def cut(*arguments: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(storage, step, cut)
    with pytest.raises(asyncio.CancelledError):
        await spool.store_joined("event", "2-b", last.path, last.duration_s)

    spool, storage = _spool(tmp_path)
    (joined,) = await spool.sweep(frozenset())
    assert (joined.joined, round(joined.duration_s)) == (("1-a",), 4)
    assert round(watch(storage.local_path(joined.key) or Path()).duration) == 4
    assert _left(tmp_path) == []


async def test_a_process_that_dies_while_joining_leaves_it_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, _ = _spool(tmp_path)

    def die(paths: list[Path], target: Path) -> float:
        target.write_bytes(b"half")
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(spool_module, "join", die)
        with pytest.raises(asyncio.CancelledError):
            await _two_halves(spool)
    assert _left(tmp_path) == ["2-b.joined", "2-b.last", "2-b.mp4"]
    spool, _ = _spool(tmp_path)
    notices = await spool.sweep(frozenset())
    assert [(n.session_id, n.joined, round(n.duration_s)) for n in notices] == [("2-b", (), 2), ("2-b", ("1-a",), 4)]
    assert _left(tmp_path) == []


async def test_a_half_that_is_not_in_the_store_yet_is_waited_for(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    closed(spool.path("event", "1-a"), 2)  # left by a crash, not swept yet
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    assert notice.joined == ()
    notices = await spool.sweep(frozenset())
    assert [(n.session_id, n.joined) for n in notices] == [("1-a", ()), ("2-b", ("1-a",))]


async def test_a_half_that_cannot_be_read_is_kept_apart_for_good(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    (storage.local_path("recordings/event/1-a.mp4") or Path()).write_bytes(b"noise" * 100)
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    assert notice.joined == ()
    await spool.store_sound(notice)
    assert _left(tmp_path) == []


async def test_a_last_half_that_could_not_be_closed_is_repaired_and_joined_by_the_sweep(tmp_path: Path) -> None:
    spool, _ = _spool(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    torn(spool.path("event", "2-b"), 2)
    await spool.expect_join("event", "2-b")
    notices = await spool.sweep(frozenset())
    assert [(n.joined, n.complete, round(n.duration_s)) for n in notices] == [((), False, 2), (("1-a",), False, 4)]
    assert _left(tmp_path) == []


def _heard(path: Path) -> tuple[list[bytes], list[int]]:
    with av.open(str(path), "r") as container:
        packets = [p for p in container.demux(audio=0) if p.size]
    return [bytes(p) for p in packets], [p.pts or 0 for p in packets]


async def test_the_sound_alone_has_the_same_frames_at_the_same_times_and_its_tables_first(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 4)
    film = await spool.store("event", "1-a", recorder.path, recorder.duration_s)
    notice = await spool.store_sound(film)
    assert notice == replace(film, audio_bytes=notice.audio_bytes if notice else 0)
    path = tmp_path / "store" / "recordings" / "event" / "1-a.m4a"
    assert path.stat().st_size == notice.audio_bytes
    data = path.read_bytes()
    assert (data[4:12], data.index(b"moov") < data.index(b"mdat")) == (b"ftypM4A ", True)
    assert _heard(path) == _heard(tmp_path / "store" / film.key)
    report = probe(path)
    assert (report.errors, report.gaps, report.frames) == ([], [], 0)
    assert report.audio_duration_s == pytest.approx(4.0, abs=0.03)
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    assert _left(tmp_path) == []
    assert await spool.store_sound(film) is None


@pytest.mark.parametrize("late_s", [2.5, -2.5], ids=["pictures late", "sound late"])
async def test_the_sound_alone_is_whole_when_an_encoder_was_seconds_behind_the_other(
    tmp_path: Path, late_s: float
) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 4, pictures_late_s=late_s)
    film = await spool.store("event", "1-a", recorder.path, recorder.duration_s)
    await spool.store_sound(film)
    sound, whole = (storage.local_path(f"recordings/event/1-a{kind}") or Path() for kind in (".m4a", ".mp4"))
    assert _heard(sound) == _heard(whole)
    assert probe(sound).audio_duration_s == pytest.approx(4.0, abs=0.03)


async def test_the_sound_of_joined_halves_is_that_of_both(tmp_path: Path) -> None:
    spool, storage = _spool(tmp_path)
    await _two_halves(spool)
    sound, film = (storage.local_path(f"recordings/event/2-b{kind}") or Path() for kind in (".m4a", ".mp4"))
    assert _heard(sound) == _heard(film)
    assert probe(sound).audio_duration_s == pytest.approx(4.0, abs=0.05)


async def test_sound_that_was_not_stored_before_a_crash_is_stored_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)
    film = await spool.store("event", "1-a", recorder.path, recorder.duration_s)

    async def cut(*arguments: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_file", cut)
        with pytest.raises(asyncio.CancelledError):
            await spool.store_sound(film)
    assert _left(tmp_path) == ["1-a.m4a", "1-a.sound"]
    (notice,) = await Spool(tmp_path / "spool", storage).sweep(frozenset())
    assert (notice.sha256, notice.audio_bytes > 0) == (film.sha256, True)
    assert _left(tmp_path) == []


async def test_where_a_disk_knows_no_second_names_the_sound_is_taken_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    spool, _ = _spool(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)
    notice = await spool.store_sound(await spool.store("event", "1-a", recorder.path, recorder.duration_s))
    assert notice is not None
    assert notice.audio_bytes > 0
    assert _left(tmp_path) == []
