"""Halves of an interrupted event whose earlier ones are in a store elsewhere, and what goes wrong with a head start."""

from __future__ import annotations

import asyncio
import errno
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.record import halves as halves_module
from ingest.record.joining import Joining
from tests.media.reading import watch
from tests.media.spooled import end, lay_ahead, left_in, live, spool_in, stored_half
from webinar.base.errors import Unavailable
from webinar.base.storage import Storage

_ELSEWHERE = "memory:///"


async def _length_s(storage: Storage, key: str, folder: Path) -> int:
    copy = folder / "copy.mp4"
    copy.write_bytes(await storage.get_bytes(key))
    return round(watch(copy).duration)


async def test_a_copy_of_a_half_goes_as_soon_as_it_is_laid_down(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    assert await spool.join_ahead("event", "2-b", recorder.heads)
    await lay_ahead(spool, recorder)
    assert left_in(tmp_path) == ["1-a.sound", "2-b.joined", "2-b.mp4"]
    notice = await end(spool, recorder)
    assert notice.joined == ("1-a",)
    assert await _length_s(storage, notice.key, tmp_path) == 6
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound"]


async def test_without_room_to_spare_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, storage = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    with monkeypatch.context() as patch:
        patch.setattr(halves_module, "_ROOM", 10**12)
        patch.setattr(storage, "read_range", None)
        assert not await spool.join_ahead("event", "2-b", recorder.heads)
    assert (await end(spool, recorder)).joined == ("1-a",)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), Unavailable("down")])
async def test_of_what_could_not_be_fetched_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    spool, storage = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool, "1-a")
    await stored_half(spool, "2-b")
    recorder = await live(spool, "3-c")
    fetched: list[str] = []

    async def broken(key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        fetched.append(key)
        yield b"some"
        if len(fetched) > 1:
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(storage, "read_range", broken)
        assert not await spool.join_ahead("event", "3-c", recorder.heads)
    assert len(fetched) == 2
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound", "3-c.mp4"]
    assert (await end(spool, recorder)).joined == ("1-a", "2-b")


async def test_of_a_session_that_ends_otherwise_no_copy_is_left(tmp_path: Path) -> None:
    spool, _ = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool, "1-a")
    await stored_half(spool, "2-b")
    recorder = await live(spool, "3-c")
    assert await spool.join_ahead("event", "3-c", recorder.heads)
    assert "3-c.2-b.half" in left_in(tmp_path)
    await spool.forget("3-c")
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound", "3-c.mp4"]


async def test_an_event_that_ends_while_its_halves_are_fetched_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    fetching, real = asyncio.Event(), storage.read_range

    async def slow(key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        async for piece in real(key, start, stop):
            first = not fetching.is_set()
            yield piece[: len(piece) // 2] if first else piece
            if first:
                fetching.set()
                await asyncio.sleep(3600)

    monkeypatch.setattr(storage, "read_range", slow)
    ahead = asyncio.create_task(spool.join_ahead("event", "2-b", recorder.heads))
    async with asyncio.timeout(30):
        await fetching.wait()
        assert "2-b.1-a.half" in left_in(tmp_path)
        notice = await end(spool, recorder)
        assert not await ahead
    assert notice.joined == ("1-a",)
    assert await _length_s(storage, notice.key, tmp_path) == 6
    assert left_in(tmp_path) == ["1-a.sound", "2-b.sound"]


async def test_a_process_that_stops_while_halves_are_fetched_leaves_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path, _ELSEWHERE)
    await stored_half(spool)
    recorder = await live(spool, "2-b")
    fetching = asyncio.Event()

    async def stuck(key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        yield b"some"
        fetching.set()
        await asyncio.sleep(3600)

    monkeypatch.setattr(storage, "read_range", stuck)
    ahead = asyncio.create_task(spool.join_ahead("event", "2-b", recorder.heads))
    await fetching.wait()
    ahead.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ahead
    assert left_in(tmp_path) == ["1-a.sound", "2-b.mp4"]


@pytest.mark.parametrize("error", [struct.error("short"), RuntimeError("no more threads")])
async def test_whatever_is_wrong_with_a_head_start_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    spool, _ = spool_in(tmp_path)
    await stored_half(spool)
    recorder = await live(spool, "2-b")

    def fail(*arguments: object) -> bool:
        raise error

    monkeypatch.setattr(Joining, "follow", fail)
    await lay_ahead(spool, recorder)
    assert left_in(tmp_path) == ["1-a.sound", "2-b.mp4"]
    assert (await end(spool, recorder)).joined == ("1-a",)
