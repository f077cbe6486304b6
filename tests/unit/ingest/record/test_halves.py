"""Halves of an interrupted event, joined at its end."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from ingest.contract import RecordingClosed
from ingest.record import halves as halves_module
from ingest.record import whole as whole_module
from tests.media.mp4_probe import probe
from tests.media.reading import watch
from tests.media.spooled import closed, end, lay_ahead, left_in, live, spool_in, stored_half, torn, two_halves

_APART = "webinar_recording_join_failed_total"


async def test_at_the_end_of_an_interrupted_event_there_is_one_file_with_all_of_it(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
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
    spool, _ = spool_in(tmp_path)
    notices = []
    for session in ("1-a", "2-b", "3-c"):
        recorder = closed(spool.path("event", session), 2)
        notices.append(await spool.store_joined("event", session, recorder.path, recorder.duration_s))
    assert [round(n.duration_s) for n in notices] == [2, 4, 6]
    assert notices[-1].joined == ("1-a", "2-b")


async def test_halves_of_another_event_are_not_taken(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    for event in ("one", "two"):
        recorder = closed(spool.path(event, f"1-{event}"), 2)
        notice = await spool.store_joined(event, f"1-{event}", recorder.path, recorder.duration_s)
        assert notice.joined == ()


async def test_on_a_full_disk_both_halves_are_stored_and_joined_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path)
    failed = REGISTRY.get_sample_value(_APART) or 0

    def full(*arguments: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "copy_file_range", full)
        notice = await two_halves(spool)
        assert await spool.sweep(frozenset()) == []
    assert (notice.session_id, notice.joined, round(notice.duration_s)) == ("2-b", (), 2)
    assert (REGISTRY.get_sample_value(_APART) or 0) > failed
    for session in ("1-a", "2-b"):
        assert round(watch(storage.local_path(f"recordings/event/{session}.mp4") or Path()).duration) == 2
    assert left_in(tmp_path) == ["2-b.last"]

    (joined,) = await spool.sweep(frozenset())
    assert (joined.session_id, joined.joined, joined.complete) == ("2-b", ("1-a",), True)
    seen = watch(storage.local_path(joined.key) or Path())
    assert (round(seen.duration), len(seen.lip_sync())) == (4, 4)
    assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/2-b.json")) == joined
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("step", ["put_file", "put_bytes"])
async def test_a_process_that_dies_after_joining_has_not_joined_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    spool, storage = spool_in(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    last = closed(spool.path("event", "2-b"), 2)

    async def cut(*arguments: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(storage, step, cut)
    with pytest.raises(asyncio.CancelledError):
        await spool.store_joined("event", "2-b", last.path, last.duration_s)

    spool, storage = spool_in(tmp_path)
    (joined,) = await spool.sweep(frozenset())
    assert (joined.joined, round(joined.duration_s)) == (("1-a",), 4)
    assert round(watch(storage.local_path(joined.key) or Path()).duration) == 4
    assert left_in(tmp_path) == []


async def test_a_process_that_dies_while_joining_leaves_it_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, _ = spool_in(tmp_path)

    def die(paths: list[Path], target: Path) -> float:
        target.write_bytes(b"half")
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(whole_module, "join", die)
        with pytest.raises(asyncio.CancelledError):
            await two_halves(spool)
    assert left_in(tmp_path) == ["2-b.joined", "2-b.last", "2-b.mp4"]
    spool, _ = spool_in(tmp_path)
    notices = await spool.sweep(frozenset())
    assert [(n.session_id, n.joined, round(n.duration_s)) for n in notices] == [("2-b", (), 2), ("2-b", ("1-a",), 4)]
    assert left_in(tmp_path) == []


async def test_a_half_that_is_not_in_the_store_yet_is_waited_for(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    closed(spool.path("event", "1-a"), 2)  # left by a crash, not swept yet
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    assert notice.joined == ()
    notices = await spool.sweep(frozenset())
    assert [(n.session_id, n.joined) for n in notices] == [("1-a", ()), ("2-b", ("1-a",))]


async def test_a_half_that_cannot_be_read_is_kept_apart_for_good(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    (storage.local_path("recordings/event/1-a.mp4") or Path()).write_bytes(b"noise" * 100)
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    assert notice.joined == ()
    await spool.store_sound(notice)
    assert left_in(tmp_path) == []


async def test_a_last_half_that_could_not_be_closed_is_repaired_and_joined_by_the_sweep(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    torn(spool.path("event", "2-b"), 2)
    await spool.expect_join("event", "2-b")
    notices = await spool.sweep(frozenset())
    assert [(n.joined, n.complete, round(n.duration_s)) for n in notices] == [((), False, 2), (("1-a",), False, 4)]
    assert left_in(tmp_path) == []


async def test_what_was_laid_ahead_while_live_makes_the_file_that_joining_at_the_end_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path)
    half = await stored_half(spool)
    recorder = await live(spool, "2-b")
    monkeypatch.setattr(halves_module, "_STEP", 3000)  # so that steps end inside groups
    await lay_ahead(spool, recorder)
    begun = recorder.path.with_suffix(".joined")
    before = begun.stat().st_size
    assert len(recorder.heads) > 3
    assert before > recorder.heads[-1]
    monkeypatch.setattr(whole_module, "join", None)  # is not needed
    notice = await end(spool, recorder)
    whole = storage.local_path(notice.key)
    assert whole is not None
    assert notice.joined == (half.session_id,)
    assert notice.sha256 == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert watch(whole).lip_sync() == pytest.approx([0.0] * 6, abs=0.025)
    assert (probe(whole).errors, probe(whole).gaps) == ([], [])
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound"]


async def test_a_process_that_dies_while_it_lays_ahead_loses_nothing(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    await lay_ahead(spool, recorder)
    assert "2-b.joined" in left_in(tmp_path)
    await spool.expect_join("event", "2-b")
    begun = recorder.path.with_suffix(".joined").read_bytes()
    await spool.forget("2-b")
    recorder.finish()
    await asyncio.to_thread(recorder.join)
    recorder.path.with_suffix(".joined").write_bytes(begun[: len(begun) // 2])
    after, _ = spool_in(tmp_path)
    joined = [notice for notice in await after.sweep(frozenset()) if notice.joined]
    assert {notice.joined for notice in joined} == {("1-a",)}
    whole = storage.local_path(joined[-1].key)
    assert whole is not None
    assert len(watch(whole).lip_sync()) == 6
    assert "2-b.joined" not in left_in(tmp_path)


async def test_a_half_that_comes_after_the_others_were_laid_ahead_is_in_the_file_too(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    await stored_half(spool, "1-a")
    recorder = await live(spool, "3-c")
    await lay_ahead(spool, recorder)
    await stored_half(spool, "2-b")
    notice = await end(spool, recorder)
    assert notice.joined == ("1-a", "2-b")
    assert len(watch(storage.local_path(notice.key) or Path()).lip_sync()) == 8


async def test_without_room_to_spare_nothing_is_laid_ahead_and_the_halves_are_joined_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, _ = spool_in(tmp_path)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    monkeypatch.setattr(halves_module, "_ROOM", 10**12)
    await lay_ahead(spool, recorder)
    assert "2-b.joined" not in left_in(tmp_path)
    assert not await spool.join_ahead("event", "2-b", recorder.heads), "it is not tried again and again"
    assert (await end(spool, recorder)).joined == ("1-a",)


async def test_of_a_session_that_ends_otherwise_nothing_laid_ahead_is_left(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    await lay_ahead(spool, recorder)
    recorder.finish()
    await asyncio.to_thread(recorder.join)
    await spool.store("event", "2-b", recorder.path, recorder.duration_s)
    await spool.forget("2-b")
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound"]


async def test_a_session_without_earlier_halves_lays_nothing_ahead(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path)
    recorder = await live(spool, "1-a")
    assert not await spool.join_ahead("event", "1-a", recorder.heads)
    assert left_in(tmp_path) == ["1-a.mp4"]
    assert (await end(spool, recorder)).joined == ()
