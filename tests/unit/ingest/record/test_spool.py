"""From the spool into the store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ingest.contract import RecordingClosed
from ingest.record.spool import Spool
from tests.media.reading import watch
from tests.media.spooled import closed, torn
from webinar.base.errors import Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage


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
