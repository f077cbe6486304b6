"""WHIP and WHEP signalling over HTTP: statuses, headers, who may. Media itself is tested where it is made."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from tests.fake_ingest import FakeIngest
from tests.waiting import until
from webinar.events.role_model import LinkRole
from webinar.events.service import EventService
from webinar.registration.doorway import Doorway
from webinar.registration.model import Status

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


async def whip(web: Web, event: dict[str, Any], key: str | None = None, **options: Any) -> httpx.Response:
    headers = {"Content-Type": "application/sdp", **options.pop("headers", {})}
    options.setdefault("content", OFFER)
    token = event["stream_key"] if key is None else key
    return await web.call("POST", f"/whip/{event['id']}", token, headers=headers, **options)


async def test_a_presenter_is_answered_with_location_and_etag_and_leaves(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    reply = await whip(web, event)
    assert (reply.status_code, reply.headers["content-type"]) == (201, "application/sdp")
    location = reply.headers["location"]
    assert location.startswith(f"/whip/{event['id']}/")
    assert reply.headers["etag"].strip('"')
    assert reply.headers["access-control-allow-origin"] == "*"
    assert (await web.call("DELETE", location, event["stream_key"])).status_code == 200
    again = await web.call("DELETE", location, event["stream_key"])
    assert (again.status_code, again.json()["code"]) == (404, "unknown_resource")


async def test_candidates_and_ice_restarts_go_to_the_ice_session_they_name(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    created = await whip(web, event)
    location, etag = created.headers["location"], created.headers["etag"]
    fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    kind = "application/trickle-ice-sdpfrag"

    async def patch(path: str = location, content: bytes | str = fragment, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await web.call("PATCH", path, event["stream_key"], content=content, headers=named)

    trickled = await patch(If_Match=etag, Content_Type=kind)
    assert (trickled.status_code, trickled.content, "etag" in trickled.headers) == (204, b"", False)
    assert ingest.requests[-1][1]["if_match"] == etag.strip('"')
    restarted = await patch(If_Match="*", Content_Type=kind)
    assert (restarted.status_code, restarted.headers["content-type"]) == (200, kind)
    assert restarted.headers["etag"] == '"ice2"'
    assert restarted.text == "a=ice-ufrag:new2\r\n"
    for reply, status, code in (
        (await patch(Content_Type=kind), 428, "precondition_required"),
        (await patch(If_Match=etag, Content_Type="application/sdp"), 415, "unsupported_media_type"),
        (await patch(content=b"\xff", If_Match=etag, Content_Type=kind), 400, "bad_sdp"),
        (await patch(f"/whip/{event['id']}/gone", If_Match=etag, Content_Type=kind), 404, "unknown_resource"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (status, code)
    preflight = await web.guest.options(location)
    assert preflight.headers["accept-patch"] == kind
    assert "PATCH" in preflight.headers["access-control-allow-methods"]


async def test_an_ice_restart_gives_the_event_to_no_other_ingest(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    location = (await whip(web, event)).headers["location"]
    await ingest.die()
    async with FakeIngest(web.ingest_bus, web.platform.storage) as other:
        headers = {"If-Match": "*", "Content-Type": "application/trickle-ice-sdpfrag"}
        content = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
        reply = await web.call("PATCH", location, event["stream_key"], content=content, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (404, "unknown_resource")
        assert other.sessions == {}


async def test_a_second_presenter_is_refused_unless_it_takes_over(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    assert (await whip(web, event)).status_code == 201
    refused = await whip(web, event)
    assert (refused.status_code, refused.json()["code"]) == (409, "on_air")
    assert (await whip(web, event, headers={"X-Webinar-Take-Over": "1"})).status_code == 201


async def test_a_lost_session_makes_room_for_its_presenter_and_nobody_elses(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    mine = (await whip(web, event)).headers["location"].split("/")[-1]
    again = await whip(web, event, headers={"X-Webinar-Resume": mine})
    assert again.status_code == 201
    assert (await whip(web, event, headers={"X-Webinar-Take-Over": "1"})).status_code == 201
    stale = await whip(web, event, headers={"X-Webinar-Resume": again.headers["location"].split("/")[-1]})
    assert (stale.status_code, stale.json()["code"]) == (409, "on_air")


async def test_what_is_not_sdp_is_refused_with_its_reason(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    for options, status, code in (
        ({"content": "hello"}, 400, "bad_sdp"),
        ({"content": b""}, 400, "bad_sdp"),
        ({"content": b"\xff\xfe"}, 400, "bad_sdp"),
        ({"content": b"v" * 70_000}, 413, "too_large"),
        ({"headers": {"Content-Type": "application/json"}}, 415, "unsupported_media_type"),
        ({"headers": {"Accept": "text/html"}}, 406, "not_acceptable"),
    ):
        reply = await whip(web, event, **options)
        assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_a_wrong_key_opens_nothing(web: Web, ingest: FakeIngest) -> None:
    event, other = await web.event(), await web.event(title="Other")
    nobody = await web.guest.post(f"/whip/{event['id']}", content=OFFER, headers={"Content-Type": "application/sdp"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "token_missing")
    assert nobody.headers["www-authenticate"] == 'Bearer realm="webinar"'
    assert (await whip(web, event, "nonsense")).json()["code"] == "stream_key_invalid"
    assert (await whip(web, event, web.token)).status_code == 401
    wrong = await whip(web, event, other["stream_key"])
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_event")
    await web.platform.events.renew_stream_key(uuid.UUID(event["id"]))
    revoked = await whip(web, event)
    assert (revoked.status_code, revoked.json()["code"]) == (403, "stream_key_revoked")
    assert ingest.requests == []


async def test_an_unknown_or_ended_event_takes_no_stream(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    reply = await whip(web, event)
    assert (reply.status_code, reply.json()["code"]) == (409, "ended")
    gone = await web.event()
    await web.host.delete(f"/api/v1/events/{gone['id']}")
    reply = await whip(web, gone)
    assert (reply.status_code, reply.json()["code"]) == (404, "event_not_found")


async def test_without_an_ingest_the_presenter_is_told_when_to_try_again(web: Web) -> None:
    reply = await whip(web, await web.event())
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", ["/whip", "/whep"])
async def test_any_site_may_ask_with_a_bearer_credential(web: Web, path: str) -> None:
    event = await web.event()
    preflight = await web.guest.options(f"{path}/{event['id']}", headers={"Origin": "https://elsewhere.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in preflight.headers
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    assert preflight.headers["accept-post"] == "application/sdp"
    refused = await web.guest.get(f"{path}/{event['id']}")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in refused.headers["allow"]
    assert refused.headers["access-control-allow-origin"] == "*"


async def viewer_offer() -> tuple[RTCPeerConnection, str]:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("video", direction="recvonly")
    pc.addTransceiver("audio", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    return pc, pc.localDescription.sdp


async def test_a_viewer_is_answered_and_leaves(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    token = person["viewer_token"]
    pc, sdp = await viewer_offer()
    path = f"/whep/{event['id']}"
    headers = {"Content-Type": "application/sdp"}
    try:
        reply = await web.call("POST", path, token, content=sdp, headers=headers)
        assert reply.status_code == 201, reply.text
        assert "a=ice-lite" in reply.text
        location = reply.headers["location"]
        assert (await web.call("DELETE", location, token)).status_code == 200
        assert (await web.call("DELETE", location, token)).status_code == 404
        broken = await web.call("POST", path, token, content="v=1", headers=headers)
        assert (broken.status_code, broken.headers["content-type"]) == (400, "application/problem+json")
    finally:
        await pc.close()


async def test_a_viewer_chooses_a_rendition_or_none(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    token = (await web.attendee(event))["viewer_token"]
    pc, sdp = await viewer_offer()
    try:
        path = f"/whep/{event['id']}"
        reply = await web.call("POST", path, token, content=sdp, headers={"Content-Type": "application/sdp"})
        location = reply.headers["location"]
        for rendition in ("240p", "audio", ""):
            chosen = await web.call("PATCH", location, token, json={"rendition": rendition})
            assert (chosen.status_code, chosen.content) == (204, b""), chosen.text
        json_type, trickle = {"Content-Type": "application/json"}, {"Content-Type": "application/trickle-ice-sdpfrag"}
        for where, headers, body, status, code in (
            (location, json_type, b'{"rendition": "8k"}', 400, "unknown_rendition"),
            (location, json_type, b'{"rendition": 480}', 400, "bad_choice"),
            (location, json_type, b'{"rendition": "480p", "more": 1}', 400, "bad_choice"),
            (location, json_type, b"480p", 400, "bad_choice"),
            (location, json_type, b" " * 70_000, 413, "too_large"),
            (location, trickle, b"a=candidate", 415, "unsupported_media_type"),
            (f"{path}/nobody", json_type, b'{"rendition": ""}', 404, "unknown_resource"),
        ):
            refused = await web.call("PATCH", where, token, content=body, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert (await web.guest.patch(location, json={"rendition": ""})).status_code == 401
        preflight = await web.guest.options(location, headers={"Origin": "https://elsewhere.example"})
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["accept-patch"] == "application/json"
        assert (await web.call("DELETE", location, token)).status_code == 200
        assert (await web.call("PATCH", location, token, json={"rendition": ""})).status_code == 404
    finally:
        await pc.close()


@pytest.mark.parametrize("how", ["cancel", "decline", "renew"])
async def test_who_loses_their_seat_loses_the_picture(web: Web, ingest: FakeIngest, how: str) -> None:
    event = await web.live_event()
    person, other = await web.attendee(event), await web.attendee(event, "lee@example.org")
    first, sdp = await viewer_offer()
    second, other_sdp = await viewer_offer()
    headers = {"Content-Type": "application/sdp"}
    try:
        for token, offer in ((person["viewer_token"], sdp), (other["viewer_token"], other_sdp)):
            reply = await web.call("POST", f"/whep/{event['id']}", token, content=offer, headers=headers)
            assert reply.status_code == 201, reply.text
        live = web.platform.live
        assert live is not None
        assert live.whep.taken == 2
        registration, ids = web.platform.registration, (uuid.UUID(event["id"]), uuid.UUID(person["id"]))
        match how:
            case "cancel":
                await registration.cancel(*ids)
            case "decline":
                await registration.set_status(*ids, Status.DECLINED)
            case _:
                await registration.renew_link(*ids)
        await until(lambda: live.whep.taken == 1)
        again = await web.call("POST", f"/whep/{event['id']}", person["viewer_token"], content=sdp, headers=headers)
        assert again.status_code in (403, 410)
        left = reply.headers["location"]
        assert (await web.call("DELETE", left, other["viewer_token"])).status_code == 200
    finally:
        await first.close()
        await second.close()


async def test_who_loses_seat_or_link_while_their_offer_is_on_its_way_gets_no_session(
    web: Web, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await web.live_event()
    event_id, person, live = uuid.UUID(event["id"]), await web.attendee(event), web.platform.live
    link = await web.platform.roles.make(event_id, LinkRole.PRESENTER, "Speaker")
    assert live is not None
    pc, sdp = await viewer_offer()
    headers, asked, gone = {"Content-Type": "application/sdp"}, asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield sdp[:10].encode()
        await gone.wait()
        yield sdp[10:].encode()

    async def check(event_id: uuid.UUID, attendee: uuid.UUID) -> None:
        await Doorway.check(web.platform.doorway, event_id, attendee)
        asked.set()

    async def to_ingest(*args: Any, **options: Any) -> Any:
        reply = await EventService.to_ingest(web.platform.events, *args, **options)
        if args[1] == "whip":
            await web.platform.roles.revoke(event_id, link.id)
        return reply

    monkeypatch.setattr(web.platform.doorway, "check", check)
    path, token = f"/whep/{event['id']}", person["viewer_token"]
    try:
        asking = asyncio.create_task(web.call("POST", path, token, content=slowly(), headers=headers))
        await asked.wait()
        await web.platform.registration.set_status(event_id, uuid.UUID(person["id"]), Status.DECLINED)
        gone.set()
        assert ((await asking).status_code, live.whep.taken) == (403, 0)
    finally:
        await pc.close()
    monkeypatch.setattr(web.platform.events, "to_ingest", to_ingest)
    refused = await whip(web, event, web.platform.roles.stream_key(link.id))
    assert (refused.status_code, refused.json()["code"]) == (401, "link_revoked")
    assert ingest.sessions[event["id"]].publisher is None


async def test_who_has_no_seat_or_comes_too_early_gets_no_media(web: Web, ingest: FakeIngest) -> None:
    event = await web.event(registration="approval")
    person = await web.attendee(event)
    attendee = await web.platform.registration.get(uuid.UUID(event["id"]), uuid.UUID(person["id"]))
    token = web.platform.access.viewer_token(attendee)
    path, headers = f"/whep/{event['id']}", {"Content-Type": "application/sdp"}
    refused = await web.call("POST", path, token, content=OFFER, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "pending")
    playback = await web.playback(token)
    assert (playback.status_code, playback.json()["code"]) == (403, "pending")
    seated = await web.platform.registration.set_status(attendee.event_id, attendee.id, attendee.status.APPROVED)
    other = await web.event(title="Other")
    wrong = await web.call("POST", f"/whep/{other['id']}", token, content=OFFER, headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_event")
    fresh = await web.platform.registration.register(seated.event_id, web.new_attendee("lee@example.org"), by_host=True)
    early = await web.call(
        "POST", path, web.platform.access.viewer_token(fresh.attendee), content=OFFER, headers=headers
    )
    assert (early.status_code, early.json()["code"]) == (409, "not_live")
