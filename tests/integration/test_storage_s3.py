"""Recordings and segments in an object store that is elsewhere: a real S3 server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.contract import RecordingClosed
from ingest.record.spool import Spool
from tests.fake_ingest import FakeIngest
from tests.media.spooled import closed
from tests.s3_server import S3Server, Valve, storage_url
from tests.web_stage import web_service
from webinar.base.embedded import EmbeddedNats
from webinar.base.errors import CannotStart, NotFound, Unavailable
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.doctor import storage_findings
from webinar.events.copied_files import CopiedFiles
from webinar.events.model import Event

_MB = 1024 * 1024


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
    await storage.copy("live/prefix/720p/1.m4s", "handouts/a/b")
    assert await storage.get_bytes("handouts/a/b") == b"720p/1.m4s"
    with pytest.raises(NotFound):
        await storage.copy("live/prefix/720p/2.m4s", "handouts/a/c")
    assert await storage.remove_all("live/prefix") == 3
    assert await storage.list_keys("live/prefix") == []
    with pytest.raises(NotFound):
        await storage.get_bytes("live/prefix/720p/1.m4s")
    await storage.delete("live/prefix/720p/1.m4s")


async def test_what_was_copied_for_events_that_were_never_made_is_found_and_removed_there(storage: Storage) -> None:
    lost, stranger = uuid.uuid4(), uuid.uuid4()

    async def none(ids: list[uuid.UUID]) -> list[Event]:
        return []

    await storage.put_bytes("handouts/source/a", b"a")
    await CopiedFiles(storage, none).begin([lost])
    await storage.copy_to("handouts/source/a", [f"handouts/{lost}/a", f"images/{lost}/b", f"images/{stranger}/b"])
    copied = CopiedFiles(storage, none)
    (mark,) = await copied.begun()
    assert (await copied.clear(mark), await copied.clear(mark)) == (2, 0)
    assert await storage.list_keys("images") == [f"images/{stranger}/b"]
    assert await copied.begun() == []


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
    (tmp_path / "s3").mkdir()
    server = S3Server(tmp_path / "s3")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    try:
        async with Valve(server.port, 20 * _MB) as valve:
            storage = Storage.open(Settings.read(storage_url=storage_url(valve.port)))
            spool = Spool(tmp_path / "spool", storage)
            path = _large(spool.path("event", "1-a"), 48 * _MB)
            sha256 = _sha256(path)
            storing = asyncio.create_task(spool.store("event", "1-a", path, 4.0, sha256))
            await asyncio.wait_for(valve.shut.wait(), 60)
            server.kill()
            valve.open()
            with pytest.raises(Unavailable):
                await storing
            assert _sha256(path) == sha256
            assert await spool.sweep(frozenset()) == []  # still away: the file stays

            server.start()
            (notice,) = await spool.sweep(frozenset())
            assert (notice.sha256, notice.bytes, path.exists()) == (sha256, 48 * _MB, False)
            stored = await _read(storage, notice.key, 0, notice.bytes)
            assert hashlib.sha256(stored).hexdigest() == sha256
            assert RecordingClosed.from_json(await storage.get_bytes("recordings/event/1-a.json")) == notice
            assert await storage.size("recordings/event/1-a.m4a") == notice.audio_bytes
    finally:
        server.kill()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _large(path: Path, size: int) -> Path:
    """A closed recording, made longer by a box that nobody reads."""
    closed(path, 2)
    with path.open("ab") as file:
        more = size - file.tell()
        file.write(more.to_bytes(4, "big") + b"free" + os.urandom(more - 8))
    return path


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


async def test_a_recording_there_is_downloaded_through_us_whole_by_range_and_head(
    server: S3Server, storage: Storage, database: str, nats: EmbeddedNats, tmp_path: Path
) -> None:
    async with (
        web_service(database, nats.url, tmp_path, storage_url=server.storage_url) as web,
        FakeIngest(web.ingest_bus, web.platform.storage) as ingest,
    ):
        event_id = (await web.live_event())["id"]
        await web.host.post(f"/api/v1/events/{event_id}/end")
        (recording,) = (await web.host.get(f"/api/v1/events/{event_id}/recordings")).json()["items"]
        film = ingest.closed(event_id)
        assert (recording["state"], recording["bytes"]) == ("ready", film.bytes)
        for url, size in ((recording["download_url"], film.bytes), (recording["audio_url"], film.audio_bytes)):
            head = await web.guest.head(url)
            assert (head.status_code, int(head.headers["content-length"])) == (200, size)
            whole = await web.guest.get(url)
            assert len(whole.content) == size
            part = await web.guest.get(url, headers={"Range": "bytes=1000-1999"})
            assert (part.status_code, part.content) == (206, whole.content[1000:2000])
        assert hashlib.sha256((await web.guest.get(recording["download_url"])).content).hexdigest() == film.sha256
        assert await storage.size(film.key) == film.bytes
        assert web.platform.storage.local_path(film.key) is None


async def test_doctor_says_what_is_in_the_store_and_what_is_wrong_with_one_that_is_away(
    server: S3Server, storage: Storage
) -> None:
    await storage.put_bytes("recordings/e/s.mp4", bytes(2_000_000))
    (found,) = await storage_findings(Settings.read(storage_url=server.storage_url))
    assert found.level == "ok"
    assert "GB of recordings" in found.found
    away = Settings.read(storage_url="s3://webinar?endpoint=http://127.0.0.1:9&region=us-east-1")
    (found,) = await storage_findings(away)
    assert (found.level, "\n" in found.advice) == ("problem", False)


@pytest.mark.parametrize("url", ["s3://bucket?endpoint=http://h&password=x", "gs://bucket?region=eu", "s3://"])
def test_a_url_that_names_no_usable_store_ends_the_start_with_one_line(url: str) -> None:
    with pytest.raises(CannotStart, match="WEBINAR_STORAGE_URL"):
        Storage.open(Settings.read(storage_url=url))
