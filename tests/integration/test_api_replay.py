"""What a host makes of a recording, and who may watch it again: a real film, real PostgreSQL, a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import av
import pytest
import pytest_asyncio

from ingest.contract import Key, RecordingClosed
from tests.fake_ingest import FakeIngest
from tests.media.mp4_probe import probe
from tests.media.spooled import closed
from tests.security.pages_client import Person
from tests.waiting import until
from webinar import media_gate
from webinar.base import times
from webinar.base.tokens import Purpose
from webinar.delivery.replays import Replays
from webinar.events.role_model import LinkRole
from webinar.jobs.cutter import Cutter
from webinar.recordings.cut_store import CutStore
from webinar.recordings.cuts import Cut

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]
SECONDS = 8


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, float]:
    """A recording as the recorder writes it."""
    recorder = closed(tmp_path_factory.mktemp("film") / "film.mp4", SECONDS)
    return recorder.path.read_bytes(), recorder.duration_s


@pytest_asyncio.fixture
async def event(web: Web, film: tuple[bytes, float]) -> AsyncIterator[dict[str, Any]]:
    """One that is over, whose recording is a film."""
    data, duration_s = film
    async with FakeIngest(web.ingest_bus, web.platform.storage) as ingest:
        made = await web.live_event()
        path = f"/api/v1/events/{made['id']}"
        for n, title in enumerate(("심부전", "사례"), 1):
            assert (await web.host.post(f"{path}/marks", json={"kind": "slide", "n": n, "title": title})).is_success
        session = ingest.sessions[made["id"]]
        await web.platform.storage.put_bytes(Key.pointer(made["id"], session.id), session.prefix.encode())
        assert (await web.host.post(f"{path}/end")).is_success
        notice = ingest.closed(made["id"])
        real = RecordingClosed(
            made["id"], notice.session_id, notice.key, len(data), "f" * 64, duration_s, True, audio_bytes=0
        )
        await web.platform.storage.put_bytes(notice.key, data)
        await web.platform.storage.put_bytes(notice.key.removesuffix("mp4") + "json", real.to_json())
        await web.platform.pool.execute(
            "update recording set bytes = $2, sha256 = $3, duration_s = $4, audio_bytes = null where event_id = $1",
            uuid.UUID(made["id"]),
            len(data),
            "f" * 64,
            duration_s,
        )
        yield {**made, "path": path}


def cutter(web: Web) -> Cutter:
    parts = web.platform
    folder = parts.settings.data_dir / "cutting"
    return Cutter(CutStore(parts.pool), parts.editing, parts.storage, parts.bus, folder)


async def test_a_part_is_made_by_the_worker_with_chapters_and_is_given_out_by_a_link_of_its_own(
    web: Web, event: dict[str, Any], tmp_path: Path
) -> None:
    path = event["path"]
    chapters = {"items": [{"at_s": 0, "title": "시작"}, {"at_s": 5, "title": " 질문 \n 시간 "}]}
    saved = (await web.host.put(f"{path}/chapters", json=chapters)).json()
    assert saved == {"saved": True, "items": [{"at_s": 0.0, "title": "시작"}, {"at_s": 5.0, "title": "질문 시간"}]}
    asked = await web.host.put(f"{path}/recordings/cut", json={"from_s": 3.0, "to_s": 7.0})
    assert (asked.status_code, asked.json()["state"], asked.json()["download_url"]) == (200, "waiting", None)
    assert await cutter(web).step()
    assert not await cutter(web).step()
    made = (await web.host.get(f"{path}/recordings/cut")).json()
    assert (made["state"], made["progress"], made["problem"]) == ("ready", 1.0, None)
    assert made["begins_s"] <= 3.0 < made["ends_s"]
    got = await web.guest.get(made["download_url"])
    assert (got.status_code, len(got.content)) == (200, made["bytes"])
    (tmp_path / "cut.mp4").write_bytes(got.content)
    report = probe(tmp_path / "cut.mp4")
    assert (report.errors, report.gaps) == ([], [])
    with av.open(str(tmp_path / "cut.mp4")) as container:
        assert [one["metadata"]["title"] for one in container.chapters()] == ["시작", "질문 시간"]
    # A link to the part opens nothing else of the recording.
    whole = made["download_url"].replace("/cut/", "/")
    assert (await web.guest.get(whole)).status_code == 403
    (item,) = (await web.host.get(f"{path}/recordings")).json()["items"]
    assert (await web.guest.get(item["download_url"].replace(item["id"], f"{item['id']}/cut"))).status_code == 403
    assert len((await web.guest.get(item["download_url"])).content) == item["bytes"]
    assert (await web.host.delete(f"{path}/recordings/cut")).status_code == 204
    assert (await web.guest.get(made["download_url"])).status_code == 404
    assert await web.platform.storage.list_keys("cuts") == []


async def test_the_newest_wish_counts_and_what_cannot_be_made_says_why(web: Web, event: dict[str, Any]) -> None:
    path = event["path"]
    for from_s in (1.0, 4.5):
        await web.host.put(f"{path}/recordings/cut", json={"from_s": from_s})
    assert await cutter(web).step()
    first = (await web.host.get(f"{path}/recordings/cut")).json()
    assert (first["state"], first["from_s"]) == ("ready", 4.5)
    await web.host.put(f"{path}/chapters", json={"items": [{"at_s": 1, "title": "a"}]})
    again = (await web.host.get(f"{path}/recordings/cut")).json()
    assert (again["state"], again["from_s"], again["download_url"]) == ("waiting", 4.5, None)
    assert await cutter(web).step()
    assert len(await web.platform.storage.list_keys("cuts")) == 1
    (key,) = [k for k in await web.platform.storage.list_keys("recordings") if k.endswith(".mp4")]
    await web.platform.storage.put_bytes(key, b"not a film")
    await web.host.put(f"{path}/recordings/cut", json={"from_s": 2.0})
    assert await cutter(web).step()
    failed = (await web.host.get(f"{path}/recordings/cut")).json()
    assert failed["state"] == "failed"
    assert failed["problem"]


async def _begun(web: Web, event: dict[str, Any]) -> bool:
    found = (await web.host.get(f"{event['path']}/recordings/cut")).json()
    return bool(found["state"] != "waiting")


async def test_a_worker_that_is_stopped_leaves_the_wish_to_the_next(web: Web, event: dict[str, Any]) -> None:
    await web.host.put(f"{event['path']}/recordings/cut", json={"from_s": 1.0})
    working = asyncio.create_task(cutter(web).step(), name="cut")
    await until(lambda: _begun(web, event))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    left = (await web.host.get(f"{event['path']}/recordings/cut")).json()["state"]
    assert left in ("waiting", "ready")  # it may have been done by then
    if left == "waiting":
        assert await cutter(web).step()
    assert (await web.host.get(f"{event['path']}/recordings/cut")).json()["state"] == "ready"


async def test_a_file_that_was_dropped_or_claimed_by_another_worker_is_not_published(
    web: Web, event: dict[str, Any]
) -> None:
    path, store, lease = f"{event['path']}/recordings/cut", CutStore(web.platform.pool), dt.timedelta(seconds=60)
    await web.host.put(path, json={"from_s": 1.0})
    dropped = await store.claim_cut(dt.timedelta(0), 3)
    assert dropped is not None
    await web.host.delete(path)
    await web.host.put(path, json={"from_s": 4.5})
    assert await store.cut_made(dropped[0], "cuts/a.mp4", 1, "a", 1.0, 2.0) == (False, None)
    late, newest = await store.claim_cut(dt.timedelta(0), 3), await store.claim_cut(lease, 3)
    assert late is not None
    assert newest is not None
    assert not await store.cut_at(late[0], 0.5, lease)
    await store.cut_failed(late[0], "lost")
    await store.cut_again(late[0])
    assert (await web.host.get(path)).json()["state"] == "working"
    assert await store.cut_made(newest[0], "cuts/b.mp4", 1, "b", 4.5, 8.0) == (True, None)


async def test_a_claim_is_renewed_while_the_file_is_stored_and_a_worker_stops_without_the_database(
    web: Web, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.host.put(f"{event['path']}/recordings/cut", json={"from_s": 1.0})
    leases: set[dt.datetime] = set()

    async def slow(self: object, key: str, path: Path) -> None:
        while True:
            leases.add(await web.platform.pool.fetchval("select leased_until from recording_cut"))
            await asyncio.sleep(0.05)

    async def away(self: object, cut: Cut) -> None:
        raise ConnectionRefusedError

    async def renewed() -> bool:
        return len(leases) > 1

    monkeypatch.setattr(type(web.platform.storage), "put_file", slow)
    monkeypatch.setattr(CutStore, "cut_again", away)
    working = asyncio.create_task(cutter(web).step(), name="cut")
    await until(renewed)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("recordings/cut", {"from_s": 900}, "from_s"),
        ("recordings/cut", {"from_s": 3, "to_s": 3.5}, "to_s"),
        ("chapters", {"items": [{"at_s": 900, "title": "x"}]}, "at_s"),
        ("chapters", {"items": [{"at_s": 1, "title": "\u200b \n"}]}, "title"),
        ("chapters", {"items": [{"at_s": -1, "title": "x"}]}, "items.0.at_s"),
    ],
)
async def test_what_lies_outside_the_recording_is_refused(
    web: Web, event: dict[str, Any], call: str, body: dict[str, Any], field: str
) -> None:
    reply = await web.host.put(f"{event['path']}/{call}", json=body)
    assert (reply.status_code, [one["field"] for one in reply.json()["errors"]]) == (422, [field])


SRT = "1\r\n00:00:03,000 --> 00:00:05,500\r\n안녕하세요\r\n\r\n2\r\n00:00:06,000 --> 00:00:08,000\r\n여러분\r\n"


async def test_captions_are_sent_listed_read_and_removed_and_what_is_none_says_why(
    web: Web, event: dict[str, Any]
) -> None:
    path = f"{event['path']}/captions"

    async def put(data: bytes, kind: str = "application/x-subrip", language: str = "ko") -> tuple[int, str]:
        reply = await web.host.put(f"{path}/{language}", content=data, headers={"Content-Type": kind})
        body = reply.json()
        return reply.status_code, (body.get("errors") or [body])[0].get("message", body.get("detail", ""))

    assert (await web.host.get(path)).json() == {"items": [], "next": None}
    assert (await put(SRT.encode("cp949")))[0] == 200
    assert (await put(b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "text/vtt; charset=utf-8", "en"))[0] == 200
    listed = (await web.host.get(path)).json()["items"]
    assert [(one["language"], one["captions"]) for one in listed] == [("en", 1), ("ko", 2)]
    told = await web.host.get(listed[1]["url"])
    assert (told.headers["content-type"], "안녕하세요" in told.text) == ("text/vtt; charset=utf-8", True)
    assert (await web.guest.get(listed[1]["url"])).status_code == 401
    _, join = await _guest(web, event)
    await web.host.put(f"{event['path']}/recordings/cut", json={"from_s": 4.0})
    shown = await web.guest.get(join.removeprefix(web.url) + "/replay/ko.vtt")
    assert "00:00:00.000 --> 00:00:01.500\n안녕하세요" in shown.text  # of the part that is shown
    refused = {
        (b"\xff\xfe\x00", "text/vtt", "ko"): (422, "This is no text"),
        (b"only words", "text/plain", "ko"): (422, "There are no captions in this file"),
        (b"00:00:02,000 --> 00:00:01,000\nx\n", "text/vtt", "ko"): (422, "A caption ends before it begins"),
        (b"x" * (2 * 1024 * 1024 + 1), "text/vtt", "ko"): (413, "Captions take 2 MB at most"),
        (SRT.encode(), "application/pdf", "ko"): (415, "Send the file as text/vtt"),
        (SRT.encode(), "text/vtt", "fr"): (404, "Captions are in one of these languages"),
    }
    for sent, (status, words) in refused.items():
        got = await put(*sent)
        assert (got[0], got[1].startswith(words)) == (status, True), got
    assert [(await web.host.delete(f"{path}/ko")).status_code for _ in range(2)] == [204, 204]
    assert (await web.host.get(f"{path}/ko")).status_code == 404
    assert [one["language"] for one in (await web.host.get(path)).json()["items"]] == ["en"]


async def test_chapters_are_suggested_by_slides_and_come_back_when_saved_ones_are_dropped(
    web: Web, event: dict[str, Any]
) -> None:
    path = event["path"]
    suggested = (await web.host.get(f"{path}/chapters")).json()
    assert suggested == {"saved": False, "items": [{"at_s": 0.0, "title": "심부전"}]}  # the second came too soon after
    await web.host.put(f"{path}/chapters", json={"items": []})
    assert (await web.host.get(f"{path}/chapters")).json() == {"saved": True, "items": []}
    assert (await web.host.delete(f"{path}/chapters")).status_code == 204
    assert (await web.host.get(f"{path}/chapters")).json() == suggested
    timeline = (await web.host.get(f"{path}/programme")).json()["items"]
    assert [(one["kind"], one["title"], one["number"]) for one in timeline] == [
        ("slide", "심부전", 1),
        ("slide", "사례", 2),
    ]


async def test_the_gate_decides_who_gets_the_replay_and_until_when(web: Web, event: dict[str, Any]) -> None:
    path, now = event["path"], dt.datetime.now(dt.UTC)
    token, join = await _guest(web, event)
    assert (await web.host.get(f"{path}/replay")).json() == {"who": "registered", "until": None, "download": False}
    assert (await _watch(web, token, join)) == (None, 200)
    await web.host.patch(f"{path}/replay", json={"who": "attended"})
    assert (await _watch(web, token, join)) == ("not_attended", 403)
    left_out = "The replay is only for those who attended."
    for place in (join.removeprefix(web.url), f"/e/{quote(event['slug'])}"):
        text = (await web.guest.get(place, params={"lang": "en"})).text
        assert (left_out in text, "Thank you for being here" in text) == (True, False), place
    # Entering alone is not being there; what attendance says counts, as corrected.
    await web.platform.pool.execute(
        "update attendee set first_joined_at = now() where event_id = $1", uuid.UUID(event["id"])
    )
    assert (await _watch(web, token, join)) == ("not_attended", 403)
    (person,) = (await web.host.get(f"{path}/attendance")).json()["items"]
    there = {key: (await web.host.get(path)).json()[key] for key in ("started_at", "ended_at")}
    change = {"kind": "add", **there, "reason": "in the hall"}
    assert (await web.host.patch(f"{path}/attendance/{person['attendee_id']}", json=change)).is_success
    assert (await _watch(web, token, join)) == (None, 200)
    public = f"/e/{quote(event['slug'])}/replay"
    assert (await web.guest.get(public)).status_code == 403
    await web.host.patch(f"{path}/replay", json={"who": "link", "until": (now + dt.timedelta(hours=1)).isoformat()})
    page = await web.guest.get(public)
    assert page.status_code == 200
    assert '"viewer_token": null' in page.text
    assert public in (await web.guest.get(public.removesuffix("/replay"))).text
    await web.host.patch(f"{path}/replay", json={"until": (now - dt.timedelta(hours=1)).isoformat()})
    assert (await _watch(web, token, join)) == ("expired", 403)
    await web.host.patch(f"{path}/replay", json={"who": "nobody", "until": None})
    assert (await _watch(web, token, join)) == ("nobody", 403)
    assert public not in (await web.guest.get(public.removesuffix("/replay"))).text


async def _guest(web: Web, event: dict[str, Any]) -> tuple[str, str]:
    """Somebody with a seat: registered before the end, as the row says."""
    made = uuid.uuid4()
    await web.platform.pool.execute(
        "insert into attendee (id, event_id, name, email, status, language, number) "
        "select $1, $2, '김하나', 'kim@example.org', 'approved', 'ko', count(*) + 1 from attendee where event_id = $2",
        made,
        uuid.UUID(event["id"]),
    )
    attendee = await web.platform.registration.get(uuid.UUID(event["id"]), made)
    return web.platform.access.viewer_token(attendee), web.platform.links.join(attendee)


async def _watch(web: Web, token: str, join: str) -> tuple[str | None, int]:
    """Why the player gets nothing, and what the personal page answers."""
    playback = (await web.playback(token)).json()
    assert (playback["replay_url"] is None) == (playback["replay_refused"] is not None)
    page = await web.guest.get(join.removeprefix(web.url) + "/replay")
    return playback["replay_refused"], page.status_code


async def test_a_kept_address_of_the_media_closes_with_the_gate(
    web: Web, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_gate, "_FRESH_S", -1.0)
    gate = media_gate.MediaGate(web.platform.editing.gate_of_session)
    (session,) = await web.platform.events.sessions(uuid.UUID(event["id"]))
    assert (await gate.look(session.hls_prefix)).refused is None
    await web.host.patch(f"{event['path']}/replay", json={"who": "nobody"})
    refused = (await gate.look(session.hls_prefix)).refused
    assert refused is not None
    assert refused.code == "replay_nobody"
    unknown = (await gate.look("x" * 22)).refused
    assert unknown is not None
    assert unknown.status == 404


async def test_where_no_segments_are_left_the_film_itself_is_watched_for_as_long_as_the_gate_lets_anybody(
    web: Web, event: dict[str, Any], film: tuple[bytes, float]
) -> None:
    path = event["path"]
    token, join = await _guest(web, event)
    assert (await web.playback(token)).json()["replay_url"].endswith("/full.m3u8")
    for key in await web.platform.storage.list_keys(Key.of_event(event["id"])):
        await web.platform.storage.delete(key)
    live = web.platform.live
    assert live is not None
    live.replays = Replays(web.platform.storage)
    web.platform.replays._prefix = live.replays.prefix  # noqa: SLF001 - as if five minutes had gone by
    url = (await web.playback(token)).json()["replay_url"]
    assert url == (await web.playback(token)).json()["replay_url"]  # a player that looks again goes on
    page = await web.guest.get(join.removeprefix(web.url) + "/replay")
    assert (page.status_code, url.removeprefix(web.url) in page.text) == (200, True)
    assert " download>" not in page.text
    part = await web.guest.get(url, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, film[0][:100])
    assert part.headers["content-disposition"].startswith("inline")
    assert (await web.guest.get(url.replace("/film/", "/"))).status_code == 401
    assert (await web.guest.get(url.partition("?")[0])).status_code == 401
    await web.host.put(f"{path}/recordings/cut", json={"from_s": 3.0})
    assert (await web.playback(token)).json()[
        "replay_refused"
    ] == "not_ready"  # what is left out is not shown meanwhile
    assert (await web.guest.get(url)).status_code == 404
    assert await cutter(web).step()
    assert len((await web.guest.get(url)).content) == (await web.host.get(f"{path}/recordings/cut")).json()["bytes"]
    await web.host.patch(f"{path}/replay", json={"who": "nobody"})
    assert (await web.guest.get(url)).status_code == 410


async def test_after_an_event_was_deleted_every_link_to_it_says_so_and_when(web: Web, event: dict[str, Any]) -> None:
    path, event_id, page = event["path"], uuid.UUID(event["id"]), f"/e/{quote(event['slug'])}"
    _, join = await _guest(web, event)
    await web.host.patch(f"{path}/replay", json={"who": "link", "download": True})
    (session,) = await web.platform.events.sessions(event_id)
    assert (await web.platform.media_gate.look(session.hls_prefix)).refused is None
    (recording,) = await web.platform.recordings.of_event(event_id)
    links, token = web.platform.links, join.rpartition("/")[2]
    roles = [await web.platform.roles.make(event_id, role, "박서준") for role in LinkRole]
    file = await web.platform.replays.film(recording, save=True)
    places = {
        join, f"{join}/me", f"{join}/replay", f"{join}/certificate.pdf", f"{join}/event.ics", f"{page}/link",
        f"{page}/registered/{token}", f"{page}/cancel/{token}", f"/mail/stop/{token}", page, f"{page}/replay",
        f"{page}/register", event["studio_url"], event["moderate_url"], *map(links.role, roles),
        links.download(recording), links.film(recording, file, save=True), f"/events/{event['id']}/report",
    }  # fmt: skip
    of_nowhere = web.platform.tokens.link(Purpose.JOIN, uuid.uuid4(), 1, uuid.uuid4())
    assert (await web.host.delete(path)).status_code == 204
    on = times.day(times.local(dt.datetime.now(dt.UTC), "Asia/Seoul"), "en")
    async with Person(web) as host:
        await host.become_owner()
        for place in places:
            reply = await host.http.get(str(place).removeprefix(web.url), headers={"Accept": "text/html"})
            assert (
                reply.status_code,
                f"The host deleted “{event['title']}” and all its data on {on}" in reply.text,
            ) == (
                410,
                True,
            ), place
    for _ in range(8):  # many sit behind one address, and none of them guesses
        assert (await web.guest.get(join.removeprefix(web.url), params={"lang": "ko"})).status_code == 410
    assert (await web.guest.get(f"/events/{event['id']}/report")).status_code == 303  # to who is nobody here
    assert "This link does not work" in (await web.guest.get(f"/j/{of_nowhere}?lang=en")).text
    assert (await web.guest.get("/e/no-such-page")).status_code == 404
    refused = (await web.platform.media_gate.look(session.hls_prefix)).refused
    assert (refused and refused.code) == "event_deleted"
