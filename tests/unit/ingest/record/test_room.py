"""What gives way to recordings on a low disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from ingest.contract import Key
from ingest.record.room import Room
from webinar.base.disk import Disk
from webinar.base.errors import NotFound, Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_MB = 1_000_000


class Small:
    """A disk whose free space a test sets."""

    def __init__(self, folder: Path, free: int, *, here: bool = True) -> None:
        self.free = free
        self.live = 0
        self.disk = Disk(folder, 100 * _MB, lambda _: self.free)
        settings = Settings.read(data_dir=folder, storage_url=None if here else "memory:///")
        self.storage = Storage.open(settings)
        self.room = Room(self.disk, self.storage, 0.25 * _MB, 0.75 * _MB, lambda: self.live)


async def test_segments_give_way_below_the_reserve_and_are_stored_again_above_it(tmp_path: Path) -> None:
    small = Small(tmp_path, 101 * _MB)
    segment, index = Key.segment("prefix", "720p", 7), Key.chunk("prefix", 0)
    await small.room.look()
    await small.room.put_object(segment, b"before")
    small.free = 99 * _MB
    await small.room.look()
    given_way = REGISTRY.get_sample_value("webinar_segments_given_way_total") or 0
    with pytest.raises(Unavailable):
        await small.room.put_object(Key.segment("prefix", "720p", 8), b"not stored")
    assert REGISTRY.get_sample_value("webinar_segments_given_way_total") == given_way + 1
    await small.room.put_object(index, b"says which are there")
    with pytest.raises(NotFound):
        await small.storage.get_bytes(Key.segment("prefix", "720p", 8))
    small.free = 200 * _MB
    await small.room.look()
    await small.room.put_object(segment, b"after")
    assert await small.storage.get_bytes(segment) == b"after"


async def test_a_store_elsewhere_takes_segments_however_low_this_disk_is(tmp_path: Path) -> None:
    small = Small(tmp_path, 0, here=False)
    await small.room.look()
    await small.room.put_object(Key.segment("prefix", "720p", 0), b"stored")
    assert small.room.seconds() == 0


@pytest.mark.parametrize(
    ("free", "live", "seconds"),
    [(0, 1, 0), (100 * _MB, 1, 400), (200 * _MB, 1, 500), (200 * _MB, 0, 500), (200 * _MB, 2, 250)],
)
async def test_room_is_counted_with_segments_above_the_reserve_and_for_all_who_are_live(
    tmp_path: Path, free: int, live: int, seconds: float
) -> None:
    small = Small(tmp_path, free)
    small.live = live
    await small.room.look()
    assert small.room.seconds() == seconds
    assert REGISTRY.get_sample_value("webinar_recording_room_seconds") == seconds
    assert REGISTRY.get_sample_value("webinar_disk_free_bytes") == free


async def test_a_disk_that_cannot_be_looked_at_stops_nothing(tmp_path: Path) -> None:
    def broken(_: Path) -> int:
        raise OSError("no such device")

    room = Room(Disk(tmp_path, 1, broken), Storage.open(Settings.read(data_dir=tmp_path)), 1.0, 1.0, lambda: 1)
    await room.look()
    await room.put_object(Key.segment("prefix", "720p", 0), b"stored")
