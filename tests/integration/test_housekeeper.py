"""What the worker removes, and what it never does: on a real database and a real store."""

from __future__ import annotations

import dataclasses
import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from ingest.contract import Key, RecordingClosed, Subject
from tests.fake_ingest import FakeIngest
from tests.integration.test_api_worker import worker
from tests.waiting import until
from webinar.base.disk import Disk, free_on
from webinar.base.embedded import EmbeddedNats
from webinar.base.errors import Unavailable
from webinar.events.copied_files import CopiedFiles
from webinar.events.model import Event
from webinar.jobs.housekeeper import Housekeeper

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

_SEGMENT = bytes(100_000)


def _housekeeper(web: Web, days: int | None = None, disk: Disk | None = None, **more: Any) -> Housekeeper:
    platform = web.platform
    disk = disk or Disk(platform.settings.data_dir, 0)
    return Housekeeper(platform.storage, platform.events, platform.recordings, disk, days, **more)


async def _over(web: Web, ingest: FakeIngest, days_ago: float = 0.0) -> tuple[str, str]:
    """An event that ended, with segments in the store: (id, prefix)."""
    event_id = (await web.live_event())["id"]
    session = ingest.sessions[event_id]
    storage = web.platform.storage
    await storage.put_bytes(Key.pointer(event_id, session.id), session.prefix.encode())
    await storage.put_bytes(Key.init(session.prefix, "240p"), b"init")
    for msn in range(3):
        await storage.put_bytes(Key.segment(session.prefix, "240p", msn), _SEGMENT)
    await web.host.post(f"/api/v1/events/{event_id}/end")
    ended = datetime.now(UTC) - timedelta(days=days_ago)
    await web.platform.pool.execute("update event set ended_at = $2 where id = $1", uuid.UUID(event_id), ended)
    return event_id, session.prefix


async def _kept(web: Web, prefix: str) -> int:
    return len(await web.platform.storage.list_keys(f"live/{prefix}"))


async def test_segments_go_when_their_days_are_over_and_the_recording_stays(web: Web, ingest: FakeIngest) -> None:
    (old, old_prefix), (new, new_prefix) = await _over(web, ingest, 8), await _over(web, ingest, 6)
    running = (await web.live_event())["id"]
    await web.platform.storage.put_bytes(Key.segment(ingest.sessions[running].prefix, "240p", 0), _SEGMENT)
    housekeeper = _housekeeper(web, 7)
    await housekeeper.tidy()
    await housekeeper.tidy()
    assert (await _kept(web, old_prefix), await _kept(web, new_prefix)) == (0, 4)
    assert await web.platform.storage.list_keys(Key.of_event(old)) == []
    assert len(await web.platform.storage.list_keys(Key.of_event(new))) == 1
    assert await _kept(web, ingest.sessions[running].prefix) == 1
    for event_id in (old, new):
        (recording,) = (await web.host.get(f"/api/v1/events/{event_id}/recordings")).json()["items"]
        assert (await web.guest.get(recording["download_url"])).status_code == 200


async def test_without_a_number_of_days_segments_stay_as_long_as_the_recording(web: Web, ingest: FakeIngest) -> None:
    event_id, prefix = await _over(web, ingest, 4000)
    await _housekeeper(web).tidy()
    assert await _kept(web, prefix) == 4
    assert (await web.host.delete(f"/api/v1/events/{event_id}")).status_code == 204
    assert await _kept(web, prefix) == 0


async def test_what_a_failing_store_left_is_removed_by_the_next_round(
    web: Web, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, prefix = await _over(web, ingest, 8)
    housekeeper = _housekeeper(web, 7)

    async def refuse(prefix: str) -> int:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(web.platform.storage, "remove_all", refuse)
        await housekeeper.tidy()
    assert await _kept(web, prefix) == 4
    await housekeeper.tidy()
    assert await _kept(web, prefix) == 0


async def test_on_a_low_disk_replays_go_oldest_first_until_there_is_room_and_only_where_the_recording_is_safe(
    web: Web, ingest: FakeIngest
) -> None:
    (_, oldest), (_, older), (_, newest) = [await _over(web, ingest, days) for days in (30, 20, 10)]
    unsafe, unsafe_prefix = await _over(web, ingest, 40)
    await web.platform.pool.execute("update recording set state = 'recording' where event_id = $1", uuid.UUID(unsafe))
    folder = web.platform.settings.data_dir / "store" / "live"

    def free(_: Path) -> int:
        """A disk of 2 MB on which nothing but segments lies."""
        return 2_000_000 - sum(path.stat().st_size for path in folder.glob("**/*.m4s"))

    disk = Disk(folder, 900_000, free)
    housekeeper = _housekeeper(web, disk=disk)
    await housekeeper.tidy()
    kept = [await _kept(web, prefix) for prefix in (unsafe_prefix, oldest, older, newest)]
    assert kept == [4, 0, 0, 0]

    disk.reserve = 100_000
    (_, again) = await _over(web, ingest, 1)
    await housekeeper.tidy()
    assert await _kept(web, again) == 4


async def test_room_is_made_no_further_than_needed(web: Web, ingest: FakeIngest) -> None:
    prefixes = [(await _over(web, ingest, days))[1] for days in (30, 20, 10)]
    folder = web.platform.settings.data_dir / "store" / "live"
    disk = Disk(folder, 400_000, lambda _: 1_250_000 - sum(p.stat().st_size for p in folder.glob("**/*.m4s")))
    await _housekeeper(web, disk=disk).tidy()
    assert [await _kept(web, prefix) for prefix in prefixes] == [0, 0, 4]


async def test_halves_go_once_the_joined_recording_is_the_events_and_in_the_store(web: Web, ingest: FakeIngest) -> None:
    event_id, _ = await _over(web, ingest)
    storage, film = web.platform.storage, ingest.closed(event_id)
    half = f"recordings/{event_id}/0000000000000-half"
    for suffix in (".mp4", ".m4a", ".json"):
        await storage.put_bytes(half + suffix, b"half")
    housekeeper = _housekeeper(web)
    await housekeeper.joined(event_id)
    assert len(await storage.list_keys(f"recordings/{event_id}")) == 6  # the recording does not hold it

    joined = dataclasses.replace(
        film, joined=("0000000000000-half",), sha256="joined", bytes=7, duration_s=99.0, audio_bytes=0
    )
    await storage.put_bytes(film.key.removesuffix("mp4") + "json", joined.to_json())
    await housekeeper.joined(event_id)
    assert len(await storage.list_keys(f"recordings/{event_id}")) == 6  # the event's row has not taken it
    assert await web.platform.recordings.closed(joined)
    await housekeeper.joined(event_id)
    assert len(await storage.list_keys(f"recordings/{event_id}")) == 6  # its file is not in the store
    await storage.put_bytes(film.key, b"7 bytes")
    await _housekeeper(web).tidy()
    kept = await storage.list_keys(f"recordings/{event_id}")
    assert kept == sorted(film.key.removesuffix("mp4") + suffix for suffix in ("json", "m4a", "mp4"))
    assert RecordingClosed.from_json(await storage.get_bytes(kept[0])) == joined
    await housekeeper.joined(event_id)
    assert await storage.list_keys(f"recordings/{event_id}") == kept


async def test_the_worker_removes_halves_when_it_hears_of_the_joined_recording(
    web: Web, ingest: FakeIngest, nats: EmbeddedNats
) -> None:
    event_id, _ = await _over(web, ingest)
    storage, film = web.platform.storage, ingest.closed(event_id)
    half = f"recordings/{event_id}/0000000000000-half"
    async with worker(web, nats):
        for suffix in (".mp4", ".json"):
            await storage.put_bytes(half + suffix, b"half")
        joined = dataclasses.replace(film, joined=("0000000000000-half",), sha256="joined", duration_s=99.0)
        await storage.put_bytes(film.key.removesuffix("mp4") + "json", joined.to_json())
        await web.ingest_bus.publish(Subject.RECORDING, joined.to_json())

        async def alone() -> bool:
            return not [key for key in await storage.list_keys(f"recordings/{event_id}") if key.startswith(half)]

        await until(alone)
    assert await storage.size(film.key) == film.bytes


async def test_a_joined_recording_of_which_the_notice_was_lost_is_found_by_whoever_asks_for_it(
    web: Web, ingest: FakeIngest
) -> None:
    (asked_for, _), (left, _) = await _over(web, ingest), await _over(web, ingest)
    storage = web.platform.storage
    for event_id in (asked_for, left):
        film = ingest.closed(event_id)
        joined = dataclasses.replace(
            film, joined=("0000000000000-half",), sha256="joined", bytes=7, duration_s=99.0, audio_bytes=0
        )
        await storage.put_bytes(f"recordings/{event_id}/0000000000000-half.mp4", b"half")
        await storage.put_bytes(film.key, b"7 bytes")
        await storage.put_bytes(film.key.removesuffix("mp4") + "json", joined.to_json())
    (recording,) = (await web.host.get(f"/api/v1/events/{asked_for}/recordings")).json()["items"]
    assert (await web.guest.get(recording["download_url"])).status_code == 503
    assert (await web.guest.get(recording["download_url"])).content == b"7 bytes"

    await _housekeeper(web).tidy()
    (recording,) = (await web.host.get(f"/api/v1/events/{left}/recordings")).json()["items"]
    assert recording["bytes"] == 7
    assert not [k for k in await storage.list_keys("recordings") if "half" in k]


async def test_a_replay_is_kept_on_a_low_disk_while_half_of_the_recording_lies_apart(
    web: Web, ingest: FakeIngest
) -> None:
    event_id, prefix = await _over(web, ingest, 1)
    storage, film = web.platform.storage, ingest.closed(event_id)
    half = f"recordings/{event_id}/0000000000000-half.mp4"
    await storage.put_bytes(half, b"half")
    disk = Disk(web.platform.settings.data_dir, 10, lambda _: 0)
    await _housekeeper(web, disk=disk).tidy()
    assert await _kept(web, prefix) == 4
    joined = dataclasses.replace(film, joined=("0000000000000-half",))
    await storage.put_bytes(film.key.removesuffix("mp4") + "json", joined.to_json())
    await _housekeeper(web, disk=disk).tidy()
    assert await _kept(web, prefix) == 0


async def test_what_somebody_else_put_among_the_recordings_is_passed_over(web: Web, ingest: FakeIngest) -> None:
    storage = web.platform.storage
    odd = ["recordings/notes.txt", "recordings/a/b/c.mp4", "recordings/nobody/1.mp4", "recordings/nobody/2.mp4"]
    for key in odd:
        await storage.put_bytes(key, b"?")
    await _housekeeper(web).tidy()
    assert await storage.list_keys("recordings") == sorted(odd)


def _used() -> float | None:
    return REGISTRY.get_sample_value("webinar_store_bytes", {"what": "segments"})


async def test_what_is_used_is_counted_once_an_hour(web: Web, ingest: FakeIngest) -> None:
    now = 0.0
    housekeeper = _housekeeper(web, clock=lambda: now)
    await housekeeper.tidy()
    _, prefix = await _over(web, ingest)
    assert _used() == 0
    await housekeeper.tidy()
    assert _used() == 0
    now = 3601.0
    await housekeeper.tidy()
    assert _used() == 3 * len(_SEGMENT) + len("init") + len(prefix)


async def test_the_disk_is_looked_at_where_the_files_are(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 1)
    assert await disk.look() == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
    assert not disk.low
    disk.reserve = 2 * free_on(tmp_path)
    assert disk.low


async def test_what_is_stored_of_a_deleted_event_goes_when_the_worker_hears_of_it(
    web: Web, ingest: FakeIngest, nats: EmbeddedNats
) -> None:
    (event_id, prefix), (kept, _) = await _over(web, ingest), await _over(web, ingest)
    late, stranger = ingest.closed(event_id), str(uuid.uuid4())
    unknown = dataclasses.replace(late, event_id=stranger, key=f"recordings/{stranger}/s.mp4")
    storage = web.platform.storage
    assert (await web.host.delete(f"/api/v1/events/{event_id}")).status_code == 204
    for key in (late.key, unknown.key, Key.segment(prefix, "240p", 9), Key.pointer(event_id, late.session_id)):
        await storage.put_bytes(key, b"late")
    async with worker(web, nats):
        for notice in (unknown, ingest.closed(kept), late):
            await web.ingest_bus.publish(Subject.RECORDING, notice.to_json())
        await until(lambda: _nothing_of(web, event_id, prefix))
    assert await storage.list_keys(f"recordings/{stranger}") == [unknown.key], "nobody has deleted it"
    assert len(await storage.list_keys(f"recordings/{kept}")) == 3


async def _nothing_of(web: Web, event_id: str, prefix: str) -> bool:
    folders = (f"recordings/{event_id}", f"live/{prefix}", Key.of_event(event_id))
    return not any([await web.platform.storage.list_keys(folder) for folder in folders])


async def test_what_a_killed_deletion_or_a_lost_notice_left_goes_with_the_hourly_count(
    web: Web, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id, prefix = await _over(web, ingest)
    storage, now = web.platform.storage, 0.0

    async def refuse(prefix: str) -> int:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "remove_all", refuse)
        assert (await web.host.delete(f"/api/v1/events/{event_id}")).status_code == 204
    assert not await _nothing_of(web, event_id, prefix)
    housekeeper = _housekeeper(web, clock=lambda: now)

    async def away(ids: list[uuid.UUID]) -> list[Event]:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(web.platform.events, "many", away)
        await housekeeper.tidy()
    assert not await _nothing_of(web, event_id, prefix), "PostgreSQL did not say that it has no such event"
    now = 3601.0
    await housekeeper.tidy()
    assert await _nothing_of(web, event_id, prefix)
    await storage.put_bytes(f"recordings/{event_id}/late.m4a", b"late")
    now = 7202.0
    await housekeeper.tidy()
    assert await _nothing_of(web, event_id, prefix)
    await storage.put_bytes(f"cuts/{event_id}/late.mp4", b"late")
    now = 10_803.0
    await housekeeper.tidy()
    assert await storage.list_keys("cuts") == []


async def test_what_was_copied_for_events_that_were_never_made_goes_after_an_hour(web: Web, ingest: FakeIngest) -> None:
    storage, now = web.platform.storage, 0.0
    made, lost, strangers = uuid.UUID((await web.event())["id"]), uuid.uuid4(), uuid.uuid4()
    files = {id_: [f"images/{id_}/cover.jpg", f"handouts/{id_}/{uuid.uuid4()}"] for id_ in (made, lost, strangers)}
    for key in (key for keys in files.values() for key in keys):
        await storage.put_bytes(key, b"copy")
    await CopiedFiles(storage, web.platform.events.many).begin([lost, made])  # and here the process was killed
    await storage.put_bytes("copying/notes.txt", b"?")
    housekeeper = _housekeeper(web, clock=lambda: now)
    await housekeeper.tidy()
    now = 3599.0
    await housekeeper.tidy()
    assert len(await storage.list_keys("images")) == 3, "it may be copying still"
    now = 3601.0
    await housekeeper.tidy()
    kept = sorted(files[made] + files[strangers])
    assert await storage.list_keys("handouts") + await storage.list_keys("images") == kept
    assert await storage.list_keys("copying") == ["copying/notes.txt"]
