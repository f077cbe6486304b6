"""From the spool into the store."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from pathlib import Path

import pytest

from ingest.contract import RecordingClosed
from ingest.record.spool import Spool
from tests.media.reading import watch
from tests.media.spooled import closed, left_in, spool_in, torn
from webinar.base.errors import Unavailable


async def test_a_closed_recording_is_in_the_store_with_its_notice(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    recorder = closed(spool.path("event", "1-a"))
    notice = await spool.store("event", "1-a", recorder.path, recorder.duration_s)
    stored = tmp_path / "store" / "recordings" / "event" / "1-a.mp4"
    assert (notice.key, notice.complete) == ("recordings/event/1-a.mp4", True)
    assert notice.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    assert notice.bytes == stored.stat().st_size
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    assert not recorder.path.exists()


async def test_a_sweep_repairs_what_a_crash_left_and_says_that_it_is_not_complete(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
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
    spool, _ = spool_in(tmp_path)
    path = spool.path("event", "1-a")
    path.parent.mkdir(parents=True)
    torn(path)
    assert await spool.sweep(frozenset({"1-a"})) == []
    assert path.exists()


async def test_a_sweep_leaves_alone_what_begins_while_it_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path)
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
    spool, _ = spool_in(tmp_path)
    (tmp_path / "spool" / "event" / "0-x.m4a").mkdir(parents=True)  # cannot be unlinked
    closed(spool.path("event", "1-a"), 2)

    def fail(path: Path, pattern: str) -> list[Path]:
        raise OSError(errno.EIO, "broken", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", fail)
        assert await spool.sweep(frozenset()) == []
    assert [n.session_id for n in await spool.sweep(frozenset())] == ["1-a"]


async def test_a_file_of_nothing_does_not_stop_the_others(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    empty = spool.path("event", "0-empty")
    empty.parent.mkdir(parents=True)
    empty.write_bytes(b"")
    closed(spool.path("event", "1-a"))
    assert [n.session_id for n in await spool.sweep(frozenset())] == ["1-a"]
    assert await spool.sweep(frozenset()) == []


async def test_when_the_store_refuses_the_file_stays_and_the_next_sweep_stores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path)
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
    _, storage = spool_in(tmp_path)
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


@pytest.mark.parametrize("step", ["put_file", "put_bytes"])
@pytest.mark.parametrize("done", [False, True])
async def test_wherever_storing_was_cut_off_the_next_process_stores_file_and_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, done: bool
) -> None:
    spool, storage = spool_in(tmp_path)
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

    spool, storage = spool_in(tmp_path)
    (notice,) = await spool.sweep(frozenset())
    assert (notice.complete, notice.sha256) == (True, whole)
    assert hashlib.sha256((storage.local_path(notice.key) or Path()).read_bytes()).hexdigest() == whole
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    assert left_in(tmp_path) == []
    assert await spool.sweep(frozenset()) == []


async def test_a_notice_of_a_deleted_event_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, storage = spool_in(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)

    async def refuse(key: str, data: bytes) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_bytes", refuse)
        with pytest.raises(Unavailable):
            await spool.store("event", "1-a", recorder.path, recorder.duration_s)
        assert await spool.sweep(frozenset()) == []
    assert left_in(tmp_path) == ["1-a.json", "1-a.sound"]
    await storage.remove_all("recordings/event")
    assert await spool.sweep(frozenset()) == []
    assert left_in(tmp_path) == []
