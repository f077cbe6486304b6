"""The recording of an event and its sound: given out, made known, deleted."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.fake_ingest import FakeIngest

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_the_recording_is_there_at_the_end_whole_and_by_range(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    path = f"/api/v1/events/{event['id']}"
    during = (await web.host.get(f"{path}/recordings")).json()["items"]
    assert [(r["state"], r["download_url"]) for r in during] == [("recording", None)]
    await web.host.post(f"{path}/end")
    (recording,) = (await web.host.get(f"{path}/recordings")).json()["items"]
    assert (recording["state"], recording["duration_s"], recording["complete"]) == ("ready", 12.5, True)
    url = recording["download_url"]
    whole = await web.guest.get(url)
    assert whole.status_code == 200
    assert hashlib.sha256(whole.content).hexdigest() == recording["sha256"]
    assert len(whole.content) == recording["bytes"] == int(whole.headers["content-length"])
    assert whole.headers["content-type"] == "video/mp4"
    assert unquote(whole.headers["content-disposition"]).endswith("filename*=UTF-8''연례 학술대회 2026.mp4")
    part = await web.guest.get(url, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{recording['bytes']}"
    tail = await web.guest.get(url, headers={"Range": "bytes=-7", "If-Range": whole.headers["etag"]})
    assert (tail.status_code, tail.content) == (206, whole.content[-7:])
    other = await web.guest.get(url, headers={"Range": "bytes=-7", "If-Range": '"another"'})
    assert (other.status_code, len(other.content)) == (200, recording["bytes"])
    beyond = await web.guest.get(url, headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{recording['bytes']}")
    assert (await web.guest.get(url, headers={"If-None-Match": whole.headers["etag"]})).status_code == 304
    head = await web.guest.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == recording["bytes"]
    bare = url.partition("?")[0]
    assert (await web.host.get(bare)).content == whole.content
    refused = await web.guest.get(bare)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_missing")


async def test_the_sound_alone_is_given_out_like_the_recording_once_it_is_there(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    path = f"/api/v1/events/{event['id']}"
    await web.host.post(f"{path}/end")
    with_sound = ingest.closed(event["id"])
    (found,) = (await web.host.get(f"{path}/recordings")).json()["items"]
    assert found["audio_bytes"] == with_sound.audio_bytes
    whole = await web.guest.get(found["audio_url"])
    assert (whole.status_code, len(whole.content)) == (200, with_sound.audio_bytes)
    assert whole.headers["content-type"] == "audio/mp4"
    assert unquote(whole.headers["content-disposition"]).endswith("filename*=UTF-8''연례 학술대회 2026.m4a")
    part = await web.guest.get(found["audio_url"], headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    assert int((await web.guest.head(found["audio_url"])).headers["content-length"]) == with_sound.audio_bytes
    assert whole.headers["etag"] != (await web.guest.head(found["download_url"])).headers["etag"]
    refused = await web.guest.get(found["audio_url"].partition("?")[0])
    assert refused.status_code == 401


async def test_a_recording_is_ready_before_its_sound_alone(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    ingest.sound = False
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    (before,) = await web.platform.recordings.of_event(uuid.UUID(event["id"]))
    assert (before.state, before.audio_bytes) == ("ready", None)
    links = web.platform.links
    assert links.audio(before) is None
    address = (links.download(before) or "").replace(".mp4?", ".m4a?")
    assert (await web.guest.get(address)).json()["code"] == "not_ready"

    notice = dataclasses.replace(ingest.closed(event["id"]), audio_bytes=4711)
    assert await web.platform.recordings.closed(notice)
    assert not await web.platform.recordings.closed(notice)
    assert not await web.platform.recordings.closed(dataclasses.replace(notice, audio_bytes=0))
    (after,) = await web.platform.recordings.of_event(before.event_id)
    assert (after.audio_bytes, after.ready_at) == (4711, before.ready_at)
    joined = dataclasses.replace(notice, sha256="joined", duration_s=notice.duration_s + 9, audio_bytes=0)
    assert await web.platform.recordings.closed(joined)
    assert (await web.platform.recordings.get(before.id)).audio_bytes is None


async def test_sound_whose_notice_was_lost_on_the_bus_is_found_in_the_store(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    ingest.sound = False
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    notice = dataclasses.replace(ingest.closed(event["id"]), audio_bytes=4711)
    await web.platform.storage.put_bytes(notice.key.removesuffix("mp4") + "json", notice.to_json())
    assert await web.platform.recordings.scan() == 1
    (found,) = await web.platform.recordings.of_event(uuid.UUID(event["id"]))
    assert (found.state, found.audio_bytes) == ("ready", 4711)
    assert await web.platform.recordings.scan() == 0


async def test_deleting_an_event_deletes_its_recording(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    storage = web.platform.storage
    assert len(await storage.list_keys(f"recordings/{event['id']}")) == 3
    assert (await web.host.delete(f"/api/v1/events/{event['id']}")).status_code == 204
    assert await storage.list_keys(f"recordings/{event['id']}") == []
