"""A real file system that fills up: what is recorded, what gives way, what comes back."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.contract import Key
from ingest.record.recorder import Recorder
from ingest.record.room import Room
from ingest.record.spool import Spool
from tests.media.encoded import Talk, talk
from tests.media.mp4_probe import probe
from tests.waiting import until
from webinar.base.disk import Disk, free_on
from webinar.base.errors import Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_KB = 1024


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB of this test's own."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(folder: Path, free: int) -> Path:
    """Leaves so many bytes to others."""
    path = folder / "somebody else's"
    with path.open("wb") as file:
        file.write(bytes(free_on(folder) - free))
    return path


def _put(recorder: Recorder, made: Talk, begin: int, end: int) -> None:
    """Pictures by their numbers and the sound that goes with them."""
    for number in range(begin, end):
        recorder.put("video", made.pictures[number])
        for sound in made.sounds:
            if begin <= number == int(sound.pts * 30 / 48_000):
                recorder.put("audio", sound)


async def _saved(recorder: Recorder, condition: Callable[[], bool]) -> None:
    await until(condition, timeout_s=20, what=f"saved {recorder.saved_s}, problem {recorder.problem!r}")


async def test_segments_give_way_first_then_a_full_disk_costs_only_what_it_refused(small: Path) -> None:
    made = talk(12)
    storage = Storage.open(Settings.read(data_dir=small))
    disk = Disk(small, 1024 * _KB)
    room = Room(disk, storage, 30 * _KB, 60 * _KB, lambda: 1)
    spool = Spool(small / "spool", storage)
    ends: list[Exception | None] = []
    recorder = Recorder(spool.path("event", "1-a"), ends.append)
    recorder.start()
    recorder.describe(made.video)
    recorder.describe(made.audio)

    others = _fill(small, 512 * _KB)
    await room.look()
    assert room.seconds() < 20
    _put(recorder, made, 0, 90)
    await _saved(recorder, lambda: recorder.saved_s >= 2.5)
    with pytest.raises(Unavailable):
        await room.put_object(Key.segment("prefix", "144p", 0), bytes(_KB))
    assert recorder.problem == ""

    more = small / "more"
    more.write_bytes(bytes(free_on(small) - 4 * _KB))  # less than the next fragments need
    _put(recorder, made, 90, 240)
    await _saved(recorder, lambda: recorder.problem == "disk_full")
    more.unlink()
    others.unlink()
    await room.look()
    _put(recorder, made, 240, 360)
    await _saved(recorder, lambda: recorder.saved_s >= 11.5)
    assert (recorder.problem, ends) == ("", [])
    await room.put_object(Key.segment("prefix", "144p", 1), bytes(_KB))
    recorder.finish()
    await asyncio.to_thread(recorder.join)
    assert ends == [None]

    notice = await spool.store("event", "1-a", recorder.path, recorder.duration_s, recorder.sha256)
    path = storage.local_path(notice.key)
    assert path is not None
    report = probe(path)
    assert report.errors == []
    assert report.duration_s == pytest.approx(12.0, abs=0.1)
    assert report.frames >= 90 + 120  # what came before and after is whole
