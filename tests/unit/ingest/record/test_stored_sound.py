"""The sound of a recording alone, in the store."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import av
import pytest

from ingest.contract import RecordingClosed
from ingest.record.spool import Spool
from tests.media.mp4_probe import probe
from tests.media.spooled import closed, left_in, spool_in, two_halves


def _heard(path: Path) -> tuple[list[bytes], list[int]]:
    with av.open(str(path), "r") as container:
        packets = [p for p in container.demux(audio=0) if p.size]
    return [bytes(p) for p in packets], [p.pts or 0 for p in packets]


async def test_the_sound_alone_has_the_same_frames_at_the_same_times_and_its_tables_first(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
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
    assert left_in(tmp_path) == []
    assert await spool.store_sound(film) is None


@pytest.mark.parametrize("late_s", [2.5, -2.5], ids=["pictures late", "sound late"])
async def test_the_sound_alone_is_whole_when_an_encoder_was_seconds_behind_the_other(
    tmp_path: Path, late_s: float
) -> None:
    spool, storage = spool_in(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 4, pictures_late_s=late_s)
    film = await spool.store("event", "1-a", recorder.path, recorder.duration_s)
    await spool.store_sound(film)
    sound, whole = (storage.local_path(f"recordings/event/1-a{kind}") or Path() for kind in (".m4a", ".mp4"))
    assert _heard(sound) == _heard(whole)
    assert probe(sound).audio_duration_s == pytest.approx(4.0, abs=0.03)


async def test_the_sound_of_joined_halves_is_that_of_both(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    await two_halves(spool)
    sound, film = (storage.local_path(f"recordings/event/2-b{kind}") or Path() for kind in (".m4a", ".mp4"))
    assert _heard(sound) == _heard(film)
    assert probe(sound).audio_duration_s == pytest.approx(4.0, abs=0.05)


async def test_sound_that_was_not_stored_before_a_crash_is_stored_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, storage = spool_in(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)
    film = await spool.store("event", "1-a", recorder.path, recorder.duration_s)

    async def cut(*arguments: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(storage, "put_file", cut)
        with pytest.raises(asyncio.CancelledError):
            await spool.store_sound(film)
    assert left_in(tmp_path) == ["1-a.m4a", "1-a.sound"]
    (notice,) = await Spool(tmp_path / "spool", storage).sweep(frozenset())
    assert (notice.sha256, notice.audio_bytes > 0) == (film.sha256, True)
    assert left_in(tmp_path) == []


async def test_where_a_disk_knows_no_second_names_the_sound_is_taken_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    spool, _ = spool_in(tmp_path)
    recorder = closed(spool.path("event", "1-a"), 2)
    notice = await spool.store_sound(await spool.store("event", "1-a", recorder.path, recorder.duration_s))
    assert notice is not None
    assert notice.audio_bytes > 0
    assert left_in(tmp_path) == []
