"""Recordings and segments in an object store that is elsewhere: a real S3 server."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.contract import RecordingClosed
from ingest.record.spool import Spool
from tests.media.spooled import closed
from tests.s3_server import S3Server
from webinar.base.errors import CannotStart, NotFound, Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    made = S3Server(tmp_path_factory.mktemp("s3"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def storage(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Storage.open(Settings.read(storage_url=server.storage_url))


async def _read(storage: Storage, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in storage.read_range(key, start, end)])


async def test_segments_come_back_as_they_were_and_are_listed_and_removed_by_folder(storage: Storage) -> None:
    for name in ("720p/0.m4s", "720p/1.m4s", "audio/0.m4s"):
        await storage.put_bytes(f"live/prefix/{name}", name.encode())
    assert await storage.get_bytes("live/prefix/720p/1.m4s") == b"720p/1.m4s"
    assert await storage.size("live/prefix/720p/1.m4s") == 10
    assert await storage.list_keys("live/prefix/720p") == ["live/prefix/720p/0.m4s", "live/prefix/720p/1.m4s"]
    assert await storage.remove_all("live/prefix") == 3
    assert await storage.list_keys("live/prefix") == []
    with pytest.raises(NotFound):
        await storage.get_bytes("live/prefix/720p/1.m4s")
    await storage.delete("live/prefix/720p/1.m4s")


async def test_a_file_goes_up_in_parts_is_confirmed_and_only_then_gone_here(storage: Storage, tmp_path: Path) -> None:
    data = os.urandom(19 * 1024 * 1024)
    path = tmp_path / "file"
    path.write_bytes(data)
    await storage.put_file("recordings/e/big.mp4", path)
    assert not path.exists()
    assert await storage.size("recordings/e/big.mp4") == len(data)
    middle = (5_000_000, 5_000_000 + 9 * 1024 * 1024)
    assert await _read(storage, "recordings/e/big.mp4", *middle) == data[slice(*middle)]
    whole = await _read(storage, "recordings/e/big.mp4", 0, len(data))
    assert hashlib.sha256(whole).digest() == hashlib.sha256(data).digest()


async def test_a_server_killed_in_the_middle_of_an_upload_costs_nothing_and_the_next_sweep_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "s3"
    folder.mkdir()
    server = S3Server(folder)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    try:
        storage = Storage.open(Settings.read(storage_url=server.storage_url))
        spool = Spool(tmp_path / "spool", storage)
        path = _large(spool.path("event", "1-a"), 96 * 1024 * 1024)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        storing = asyncio.create_task(spool.store("event", "1-a", path, 4.0, sha256))
        while _stored_bytes(folder) < 16 * 1024 * 1024:
            assert not storing.done()
            await asyncio.sleep(0.005)
        server.kill()
        with pytest.raises(Unavailable):
            await storing
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        assert await spool.sweep(frozenset()) == []  # still away: the file stays

        server.start()
        (notice,) = await spool.sweep(frozenset())
        assert (notice.sha256, notice.bytes) == (sha256, 96 * 1024 * 1024)
        assert not path.exists()
        digest = hashlib.sha256()
        async for piece in storage.read_range(notice.key, 0, notice.bytes):
            digest.update(piece)
        assert digest.hexdigest() == sha256
        assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
    finally:
        server.kill()


def _large(path: Path, size: int) -> Path:
    """A closed recording, made longer by a box that nobody reads."""
    closed(path, 2)
    with path.open("ab") as file:
        more = size - file.tell()
        file.write(more.to_bytes(4, "big") + b"free" + os.urandom(more - 8))
    return path


def _stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("**/*.dat"))


async def test_halves_in_the_store_are_fetched_to_be_joined(storage: Storage, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", storage)
    for session in ("1-a", "2-b"):
        recorder = closed(spool.path("halves", session), 2)
        notice = await spool.store_joined("halves", session, recorder.path, recorder.duration_s, recorder.sha256)
        heard = await spool.store_sound(notice)
    assert heard is not None
    assert await storage.size("recordings/halves/2-b.m4a") == heard.audio_bytes
    assert (notice.joined, round(notice.duration_s)) == (("1-a",), 4)
    assert await storage.size(notice.key) == notice.bytes
    assert list((tmp_path / "spool" / "halves").iterdir()) == []


@pytest.mark.parametrize("url", ["s3://bucket?endpoint=http://h&password=x", "gs://bucket?region=eu", "s3://"])
def test_a_url_that_names_no_usable_store_ends_the_start_with_one_line(url: str) -> None:
    with pytest.raises(CannotStart, match="WEBINAR_STORAGE_URL"):
        Storage.open(Settings.read(storage_url=url))
