"""From start to end over the API, and what happens when a part is away meanwhile."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ingest.contract import SessionState
from tests.fake_ingest import FakeIngest
from tests.waiting import until
from webinar.base.embedded import EmbeddedNats
from webinar.base.tokens import Purpose

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_an_event_goes_live_and_its_viewers_get_the_stream(web: Web, ingest: FakeIngest) -> None:
    event = await web.event(names_shown=True)
    person = await web.attendee(event)
    before = (await web.playback(person["viewer_token"])).json()
    assert (before["state"], before["whep_url"], before["hls_url"]) == ("scheduled", None, None)
    started = await web.host.post(f"/api/v1/events/{event['id']}/start")
    assert (started.status_code, started.json()["state"]) == (200, "live")
    playable = (await web.playback(person["viewer_token"], after=before["version"], wait=10)).json()
    while playable["hls_url"] is None:
        playable = (await web.playback(person["viewer_token"], after=playable["version"], wait=10)).json()
    session = ingest.sessions[event["id"]]
    assert playable["state"] == "live"
    assert playable["hls_url"] == f"{web.url}/hls/{session.prefix}/index.m3u8"
    assert playable["whep_url"] == f"{web.url}/whep/{event['id']}"
    assert playable["you"] == {"id": person["id"], "name": "김하나", "role": "attendee"}
    assert (await web.guest.get(playable["hls_url"])).status_code == 200
    claims = web.platform.tokens.read(Purpose.CHAT, playable["chat"]["ticket"])
    assert (claims["event"], claims["person"], claims["role"], claims["name"]) == (
        event["id"],
        person["id"],
        "attendee",
        "김하나",
    )


async def test_starting_twice_at_once_makes_one_session(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/start"
    replies = await asyncio.gather(*(web.host.post(path) for _ in range(4)))
    assert [r.status_code for r in replies] == [200] * 4
    sessions = await web.platform.events.sessions(uuid.UUID(event["id"]))
    assert len(sessions) == 1
    assert len(ingest.sessions) == 1


async def test_a_start_that_succeeds_is_not_undone_by_another_that_failed(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}"
    ingest.may_start.clear()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(web.host.post(f"{path}/start"))
        await until(lambda: bool(ingest.requests))
        ingest.full = True
        assert (await web.host.post(f"{path}/start")).status_code == 503
        ingest.may_start.set()
    assert (first.result().status_code, first.result().json()["state"]) == (200, "live")
    assert (await web.host.get(path)).json()["state"] == "live"


async def test_without_an_ingest_the_start_is_taken_back_and_says_so(web: Web) -> None:
    event = await web.event()
    reply = await web.host.post(f"/api/v1/events/{event['id']}/start")
    assert (reply.status_code, reply.json()["code"]) == (503, "no_ingest")
    assert int(reply.headers["retry-after"]) >= 1
    after = (await web.host.get(f"/api/v1/events/{event['id']}")).json()
    assert (after["state"], after["started_at"]) == ("scheduled", None)
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        reply = await web.host.post(f"/api/v1/events/{event['id']}/start")
        assert (reply.status_code, reply.json()["state"]) == (200, "live")


async def test_a_start_that_ingest_refuses_says_why(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    ingest.full = True
    reply = await web.host.post(f"/api/v1/events/{event['id']}/start")
    assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (503, "no_room", "30")
    assert "limit of live events" in reply.text
    assert (await web.host.get(f"/api/v1/events/{event['id']}")).json()["state"] == "scheduled"
    # The presenter who is in rehearsal stays where they are.
    assert ingest.sessions[event["id"]].state is SessionState.REHEARSAL


async def test_a_start_without_an_answer_is_taken_back_at_ingest_too(
    web: Web, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webinar.events.program._START_TIMEOUT_S", 0.3)
    event = await web.event()
    ingest.may_start.clear()
    reply = await web.host.post(f"/api/v1/events/{event['id']}/start")
    assert (reply.status_code, reply.json()["code"]) == (503, "no_ingest")
    first = ingest.sessions[event["id"]]
    await until(lambda: first.state is SessionState.ENDED)
    ingest.may_start.set()
    again = await web.host.post(f"/api/v1/events/{event['id']}/start")
    assert (again.status_code, again.json()["state"]) == (200, "live")
    assert ingest.sessions[event["id"]] is not first
    assert ingest.sessions[event["id"]].state is SessionState.LIVE


async def test_states_only_go_forward(web: Web, ingest: FakeIngest) -> None:
    draft = await web.event(state="draft")
    path = f"/api/v1/events/{draft['id']}"
    assert (await web.host.post(f"{path}/start")).json()["code"] == "event_draft"
    assert (await web.host.post(f"{path}/end")).json()["code"] == "not_live"
    await web.host.patch(path, json={"state": "scheduled"})
    assert (await web.host.post(f"{path}/end")).json()["code"] == "not_live"
    assert (await web.host.post(f"{path}/start")).status_code == 200
    assert (await web.host.delete(path)).json()["code"] == "event_live"
    assert (await web.host.patch(path, json={"starts_at": "2027-01-01T00:00:00Z"})).json()["code"] == "event_live"
    assert (await web.host.post(f"{path}/end")).json()["state"] == "ended"
    assert (await web.host.post(f"{path}/end")).json()["state"] == "ended"
    assert (await web.host.post(f"{path}/start")).json()["code"] == "event_ended"


async def test_a_long_poll_answers_at_the_end_and_else_after_its_wait(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    now = (await web.playback(person["viewer_token"])).json()
    began = time.monotonic()
    same = (await web.playback(person["viewer_token"], after=now["version"], wait=1)).json()
    assert same["version"] == now["version"]
    assert time.monotonic() - began > 0.9
    waiting = asyncio.create_task(web.playback(person["viewer_token"], after=now["version"], wait=20))
    other = asyncio.create_task(web.host.post(f"/api/v1/events/{event['id']}/end"))
    began = time.monotonic()
    ended = (await waiting).json()
    assert time.monotonic() - began < 15  # not after its wait
    assert (ended["state"], ended["hls_url"], ended["whep_url"]) == ("ended", None, None)
    await other


async def test_players_are_told_soon_which_renditions_rest_and_that_they_work_again(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    token = (await web.attendee(event))["viewer_token"]
    now = (await web.playback(token)).json()
    for resting in (["240p"], []):
        waiting = asyncio.create_task(web.playback(token, after=now["version"], wait=20))
        ingest.sessions[event["id"]].resting = bool(resting)
        told = (await waiting).json()
        assert (told["resting"], told["state"], told["hls_url"]) == (resting, "live", now["hls_url"])
        assert told["version"] != now["version"]
        now = told


async def test_a_long_poll_ends_when_its_client_hangs_up(web: Web) -> None:
    person = await web.attendee(await web.event())
    version = (await web.playback(person["viewer_token"])).json()["version"]
    polls = [asyncio.create_task(web.playback(person["viewer_token"], after=version, wait=25)) for _ in range(3)]
    await until(lambda: web.platform.stage.waiting == 3)
    for poll in polls:
        poll.cancel()  # closes its connection
    await until(lambda: web.platform.stage.waiting == 0, timeout_s=20)


async def test_a_change_in_the_database_alone_reaches_who_waits(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    person = await web.attendee(event)
    now = (await web.playback(person["viewer_token"])).json()
    waiting = asyncio.create_task(web.playback(person["viewer_token"], after=now["version"], wait=20))
    await until(lambda: web.platform.stage.waiting > 0)
    # As if the bus had lost the word of it.
    await web.platform.pool.execute("update event set title = 'Moved' where id = $1", uuid.UUID(event["id"]))
    assert (await waiting).json()["event"]["title"] == "Moved"


async def test_an_end_that_another_process_made_is_told_by_the_one_that_answers_for_it(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    assert (await web.playback(person["viewer_token"])).json()["state"] == "live"
    # As if the bus had lost the word of it.
    ended = "update event set state = 'ended', ended_at = now(), updated_at = now() where id = $1"
    await web.platform.pool.execute(ended, uuid.UUID(event["id"]))
    answer = await web.host.post(f"/api/v1/events/{event['id']}/end")
    assert (answer.status_code, answer.json()["state"]) == (200, "ended")
    assert (await web.playback(person["viewer_token"])).json()["state"] == "ended"


async def test_another_ingest_gives_viewers_another_address(web: Web) -> None:
    async with FakeIngest(web.ingest_bus, web.platform.storage) as first:
        event = await web.live_event()
        person = await web.attendee(event)
        before = (await web.playback(person["viewer_token"])).json()
        await first.die()
        async with FakeIngest(web.ingest_bus, web.platform.storage) as second:
            await web.platform.events.bring_on_air(uuid.UUID(event["id"]))
            after = (await web.playback(person["viewer_token"], after=before["version"], wait=20)).json()
            assert after["hls_url"] != before["hls_url"]
            assert second.sessions[event["id"]].prefix in after["hls_url"]
        sessions = await web.platform.events.sessions(uuid.UUID(event["id"]))
        assert [s.ended_at is None for s in sessions] == [False, True]


async def test_figures_of_the_live_session_and_who_watches(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/live"
    before = (await web.host.get(path)).json()
    assert (before["state"], before["session_state"], before["publisher"]) == ("scheduled", None, None)
    await web.host.post(f"/api/v1/events/{event['id']}/start")
    people = [await web.attendee(event, f"p{n}@example.org") for n in range(3)]
    for person, transport in zip(people, ("whep", "hls", "hls"), strict=True):
        await web.playback(person["viewer_token"], transport=transport)
        await web.playback(person["viewer_token"], transport=transport)
    figures = (await web.host.get(path)).json()
    assert figures["viewers"] == {"total": 3, "watching": 3, "whep": 1, "hls": 2, "lobby": 0, "by_rendition": {}}
    assert (await web.host.get(f"/api/v1/events/{event['id']}/viewers")).json() == figures["viewers"]

    async def two_are_left() -> bool:
        return bool((await web.playback(people[0]["viewer_token"], transport="lobby")).json()["watching"] == 2)

    await until(two_are_left)  # within a second: all are told the same count
    assert figures["session_state"] == "live"
    assert figures["recorded_until_s"] == 0.5
    (rendition,) = figures["renditions"]
    assert (rendition["name"], rendition["fps"], rendition["bitrate"]) == ("240p", 30.0, 290_000)
    assert figures["publisher"]["width"] == 1280
    listed = (await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"]
    assert all(p["first_joined_at"] for p in listed)


async def test_each_web_process_counts_the_viewers_of_all(
    web: Web, ingest: FakeIngest, database: str, nats: EmbeddedNats, tmp_path: Path
) -> None:
    from tests.web_stage import web_service

    event = await web.live_event()
    here, moving, there = [await web.attendee(event, f"p{n}@example.org") for n in range(3)]
    async with web_service(database, nats.url, tmp_path) as other:
        await web.playback(here["viewer_token"], transport="whep", behind="0.3", first="0.8")
        await web.playback(moving["viewer_token"], transport="whep", behind="0.4")
        await other.playback(there["viewer_token"], transport="hls", behind="1.5")
        for one in (web, other):
            figures: dict[str, Any] = {}
            async with asyncio.timeout(20):
                while figures.get("viewers", {}).get("total") != 3 or figures["delay"]["hls_p95_s"] != 1.7:
                    # By another connection, again and again as players do: which of two words is newer is not known
                    # to the millisecond.
                    await other.playback(moving["viewer_token"], transport="hls", behind="1.7")
                    figures = (await one.host.get(f"/api/v1/events/{event['id']}/live")).json()
            assert figures["viewers"] == {
                "total": 3,
                "watching": 3,
                "whep": 1,
                "hls": 2,
                "lobby": 0,
                "by_rendition": {},
            }
            assert (figures["delay"]["whep_median_s"], figures["delay"]["hls_median_s"]) == (0.3, 1.7)
            assert (figures["delay"]["first_median_s"], figures["delay"]["first_p95_s"]) == (0.8, 0.8)


async def test_an_event_whose_ingest_died_can_still_be_ended(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    await ingest.die()
    reply = await web.host.post(f"/api/v1/events/{event['id']}/end")
    assert (reply.status_code, reply.json()["state"]) == (200, "ended")
    assert ingest.sessions[event["id"]].state is SessionState.LIVE


async def test_playlists_end_when_the_event_is_over_and_its_ingest_is_gone(web: Web, ingest: FakeIngest) -> None:
    over, goes_on = await web.live_event(), await web.live_event()
    live = web.platform.live
    assert live is not None
    await ingest.die()
    assert (await web.host.post(f"/api/v1/events/{over['id']}/end")).status_code == 200
    path = f"/hls/{ingest.sessions[over['id']].prefix}/240p/index.m3u8"

    async def ended() -> bool:
        return "#EXT-X-ENDLIST" in (await web.guest.get(path)).text

    assert not await ended()
    await until(ended, timeout_s=12)
    # Of an event that is not over another ingest may send again.
    assert live.session(goes_on["id"]) is not None


async def test_a_studio_token_gets_what_a_studio_needs(web: Web, ingest: FakeIngest) -> None:
    event = await web.platform.events.get(uuid.UUID((await web.event())["id"]))
    token = web.platform.access.studio_token(event, "presenter")
    path = f"/api/v1/events/{event.id}"
    ticket = (await web.call("GET", f"{path}/studio/ticket", token)).json()
    claims = web.platform.tokens.read(Purpose.CHAT, ticket["ticket"])
    assert (claims["person"], claims["role"], claims["event"]) == ("presenter", "presenter", str(event.id))
    assert (await web.call("POST", f"{path}/start", token)).json()["state"] == "live"
    assert (await web.call("GET", f"{path}/live", token)).status_code == 200
    assert (await web.call("POST", f"{path}/end", token)).json()["state"] == "ended"
    assert (await web.call("GET", f"{path}/recordings", token)).json()["items"][0]["state"] == "ready"
    await web.platform.events.renew_presenter_link(event.id)
    reply = await web.call("GET", f"{path}/live", token)
    assert (reply.status_code, reply.json()["code"]) == (401, "link_revoked")
