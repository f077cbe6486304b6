"""What a host left out of a recording nobody else gets, whatever addresses they kept of it or write themselves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from ingest.contract import EndOfSession
from tests.integration.test_hls_whole import NAMES, Ingest, addresses, forgotten, full, stored, writing
from tests.waiting import until
from webinar.recordings.cut_store import CutStore

if TYPE_CHECKING:
    import httpx

    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

FILM = b"the whole recording, of twenty seconds"
# What somebody may write behind the address of a playlist.
TRICKS = (
    "",
    "?from=0.000&to=20.000",
    "?from=0",
    "?to=99999",
    "?from=6.000&to=14.000&from=0&to=20",
    "?_HLS_skip=YES",
    "?cut=&whole=1&part=none",
)


@dataclasses.dataclass
class Past:
    """An event that is over: ten seconds of a session whose ingest was killed, then ten of another."""

    event: dict[str, Any]
    first: str
    second: str

    @property
    def segments(self) -> list[str]:
        """Paths in the order of the recording, of two seconds each."""
        return [f"/hls/{prefix}/{{name}}/{n}.m4s" for prefix in (self.first, self.second) for n in range(5)]


async def over(web: Web, event: dict[str, Any], second: Ingest) -> None:
    """The event's end, as PostgreSQL and the store have it then."""
    second.send(EndOfSession("", "", 10.0))
    await until(lambda: web.platform.live.by_prefix(second.prefix).ended)  # type: ignore[union-attr]
    await second.outgoing.drain()
    event_id = uuid.UUID(event["id"])
    await web.platform.pool.execute(
        "update event set state = 'ended', started_at = now(), ended_at = now() where id = $1", event_id
    )
    key = f"recordings/{event['id']}/whole.mp4"
    await web.platform.storage.put_bytes(key, FILM)
    await web.platform.pool.execute(
        "insert into recording (event_id, state, key, bytes, sha256, duration_s, complete, ready_at) "
        "values ($1, 'ready', $2, $3, 'f', 20.0, true, now())",
        event_id,
        key,
        len(FILM),
    )
    web.platform.stage.changed(event_id)


async def past(web: Web) -> Past:
    event = await web.event()
    async with writing(web, event["id"], 1) as first:
        first.segments(0, 4)
        await stored(web, first.prefix, 5)
    async with writing(web, event["id"], 2) as second:
        second.segments(0, 4)
        await stored(web, second.prefix, 5)
        await over(web, event, second)
    return Past(event, first.prefix, second.prefix)


async def statuses(web: Web, made: Past, name: str) -> list[int]:
    return [(await web.guest.get(path.format(name=name))).status_code for path in made.segments]


async def cut(web: Web, made: Past, **part: float) -> None:
    assert (await web.host.put(f"/api/v1/events/{made.event['id']}/recordings/cut", json=part)).status_code == 200


async def guest(web: Web, made: Past) -> tuple[str, str]:
    """(viewer token, path of the replay) of somebody with a seat."""
    attendee = uuid.uuid4()
    await web.platform.pool.execute(
        "insert into attendee (id, event_id, name, email, status, language, number) "
        "select $1, $2, '김하나', 'kim@example.org', 'approved', 'ko', count(*) + 1 from attendee where event_id = $2",
        attendee,
        uuid.UUID(made.event["id"]),
    )
    found = await web.platform.registration.get(uuid.UUID(made.event["id"]), attendee)
    return web.platform.access.viewer_token(found), web.platform.links.join(found).removeprefix(web.url) + "/replay"


async def file_of(web: Web, page: str) -> str | None:
    match = re.search(r'class="[^"]*replay__file" href="([^"]+)"', (await web.guest.get(page)).text)
    return None if match is None else match[1].replace("&amp;", "&").removeprefix(web.url)


async def made_file(web: Web, data: bytes) -> None:
    """What the worker does with the newest wish."""
    store = CutStore(web.platform.pool)
    claimed = await store.claim_cut(dt.timedelta(seconds=60), 3)
    assert claimed is not None
    await web.platform.storage.put_bytes("cuts/part.mp4", data)
    assert (await store.cut_made(claimed[0], "cuts/part.mp4", len(data), "c", 6.0, 14.0))[0]


def gone(reply: httpx.Response) -> bool:
    return (reply.status_code, reply.headers["cache-control"]) == (410, "no-store")


@pytest.mark.parametrize("remembered", [True, False], ids=["a moment after the end", "later, from the store"])
async def test_only_the_part_that_was_left_is_listed_and_given_out_whatever_the_address_says(
    web: Web, remembered: bool
) -> None:
    made = await past(web)
    token, _ = await guest(web, made)
    kept = [full_url.partition("?")[0] for full_url in [(await web.playback(token)).json()["replay_url"]]]
    assert await statuses(web, made, "720p") == [200] * 10
    if not remembered:
        await forgotten(web, made.second)
    await cut(web, made, from_s=6.0, to_s=14.0)
    shown = [410] * 3 + [200] * 4 + [410] * 3
    for name in NAMES:
        assert await statuses(web, made, name) == shown
        for query in TRICKS:
            text = (await full(web, made.second, name, query)).text
            folder = f"../../{made.first}/{name}/"
            assert addresses(text) == [f"{folder}3.m4s", f"{folder}4.m4s", "0.m4s", "1.m4s"], query
            assert addresses((await full(web, made.first, name, query)).text) == ["3.m4s", "4.m4s"]
    for address in (*kept, (await web.playback(token)).json()["replay_url"]):
        for query in TRICKS:
            top = (await web.guest.get(address.partition("?")[0] + query)).text
            assert addresses(top)[0] == "720p/full.m3u8?from=6.000&to=14.000"
    with_token = {"Authorization": f"Bearer {token}"}
    assert gone(await web.guest.get(made.segments[0].format(name="720p"), headers=with_token))
    parts = [(await web.guest.get(f"/hls/{made.second}/720p/{n}.0.m4s")).status_code for n in range(5)]
    assert parts == ([200, 200, 410, 410, 410] if remembered else [404] * 5)
    deleted = await web.host.delete(f"/api/v1/events/{made.event['id']}/recordings/cut")
    assert deleted.status_code == 204
    assert await statuses(web, made, "480p") == [200] * 10


async def test_a_link_to_the_file_gives_what_is_left_by_then_and_only_while_the_host_gives_it_out(web: Web) -> None:
    made = await past(web)
    replay = f"/api/v1/events/{made.event['id']}/replay"
    _, page = await guest(web, made)
    assert await file_of(web, page) is None
    await web.host.patch(replay, json={"download": True})
    kept = await file_of(web, page)
    assert kept is not None
    reply = await web.guest.get(kept)
    assert (reply.content, reply.headers["content-disposition"].partition(";")[0]) == (FILM, "attachment")
    await cut(web, made, from_s=6.0, to_s=14.0)
    assert await file_of(web, page) is None
    assert (await web.guest.get(kept)).status_code == 404  # nothing of the whole meanwhile
    await made_file(web, b"eight seconds")
    assert (await web.guest.get(kept)).content == b"eight seconds"
    (item,) = (await web.host.get(f"/api/v1/events/{made.event['id']}/recordings")).json()["items"]
    for whole in (f"/recordings/{item['id']}/x.mp4", f"/recordings/{item['id']}/x.m4a"):
        for query in (kept.partition("?")[2], ""):
            assert (await web.guest.get(f"{whole}?{query}")).status_code == 401
    assert (await web.host.get(f"/recordings/{item['id']}/x.mp4")).content == FILM  # hosts have all of it
    await web.host.patch(replay, json={"download": False})
    assert (await web.guest.get(kept)).status_code == 403
    await web.host.patch(replay, json={"who": "nobody", "download": True})
    assert (await web.guest.get(kept)).status_code == 410


async def test_who_presents_gets_what_the_host_left_and_no_more_of_it(web: Web) -> None:
    made = await past(web)
    event = await web.platform.events.get(uuid.UUID(made.event["id"]))
    presenter = web.platform.access.studio_token(event, "presenter")
    path = f"/api/v1/events/{event.id}/recordings"

    async def told() -> dict[str, Any]:
        return dict((await web.call("GET", path, presenter)).json()["items"][0])

    before = await told()
    whole, kept = f"/recordings/{before['id']}/x.mp4", before["download_url"]
    hosts = (await web.host.get(path)).json()["items"][0]["download_url"]
    assert (await web.call("GET", whole, presenter)).content == FILM
    assert (await web.guest.get(kept)).content == FILM
    await cut(web, made, from_s=6.0, to_s=14.0)
    assert [(await told())[name] for name in ("state", "download_url", "audio_url")] == ["recording", None, None]
    assert (await web.call("GET", whole, presenter)).status_code == 403
    assert (await web.guest.get(kept)).json()["code"] == "cut"  # it was for the whole, while there was no less
    await made_file(web, b"eight seconds")
    now = await told()
    assert (now["state"], now["duration_s"], now["bytes"]) == ("ready", 8.0, 13)
    assert (await web.guest.get(now["download_url"])).content == b"eight seconds"
    assert (await web.call("GET", whole, presenter)).status_code == 403
    assert (await web.guest.get(kept)).status_code == 403
    assert (await web.guest.get(hosts)).content == FILM
    assert (await web.host.get(path)).json()["items"][0]["bytes"] == len(FILM)


async def test_a_cache_on_the_way_keeps_nothing_of_a_live_session_for_longer_than_the_gate_promises(web: Web) -> None:
    event = await web.event()
    async with writing(web, event["id"], 1) as made:
        made.segments(0, 2)
        await stored(web, made.prefix, 3)
        sent = REGISTRY.get_sample_value("webinar_hls_requests_total", {"kind": "part", "status": "200"}) or 0
        for path in ("720p/init.mp4", "720p/0.m4s", "720p/2.0.m4s"):
            control = (await web.guest.get(f"/hls/{made.prefix}/{path}")).headers["cache-control"]
            assert "s-maxage=10" in control.split(", "), path
        assert REGISTRY.get_sample_value("webinar_hls_requests_total", {"kind": "part", "status": "200"}) == sent + 1
