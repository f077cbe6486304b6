"""The way to the server, tried from the device test: a real offer, real ICE and DTLS over UDP, nobody signed in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from tests.waiting import until
from webinar.base.rtc import SdpError
from webinar.delivery.whep import WhepServer
from webinar.delivery.whep.errors import NoSeat

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]
SDP = {"Content-Type": "application/sdp"}


async def offered() -> tuple[RTCPeerConnection, str]:
    """A guest's browser with an offer to watch."""
    pc = RTCPeerConnection()
    pc.addTransceiver("video", direction="recvonly")
    pc.addTransceiver("audio", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    return pc, pc.localDescription.sdp


async def test_a_way_that_is_open_connects_without_an_event_and_takes_no_seat_for_long() -> None:
    whep = WhepServer(seats=50, request_keyframe=lambda event_id, rendition: None)
    await whep.start("127.0.0.1", 0)
    pc, sdp = await offered()
    try:
        await pc.setRemoteDescription(RTCSessionDescription(whep.try_path(sdp), "answer"))
        await until(lambda: pc.connectionState == "connected")
        assert whep.taken == 1
        await pc.close()
        await until(lambda: whep.taken == 0)
    finally:
        await pc.close()
        await whep.close()


async def test_trials_are_bounded_and_leave_the_seats_to_those_who_watch() -> None:
    whep = WhepServer(seats=25, request_keyframe=lambda event_id, rendition: None)
    await whep.start("127.0.0.1", 0)
    pc, sdp = await offered()
    try:
        for _ in range(5):
            whep.try_path(sdp)
        with pytest.raises(NoSeat):
            whep.try_path(sdp)
        with pytest.raises(SdpError):
            whep.try_path("v=0\r\n")
    finally:
        await pc.close()
        await whep.close()


async def test_the_page_is_for_everybody_and_says_so_when_nothing_can_be_tried(web: Web) -> None:
    page = await web.host.get("/test", headers={"Authorization": ""})
    assert page.status_code == 200
    speaker = await web.host.get("/test?who=presenter", headers={"Authorization": ""})
    assert 'data-camera="open"' in speaker.text
    assert 'data-camera="open"' not in page.text
    wrong = await web.host.post("/test/path", content=b"v=0")
    assert wrong.status_code == 415
    replies = await asyncio.gather(*(web.host.post("/test/path", content=b"\xff", headers=SDP) for _ in range(3)))
    assert {reply.status_code for reply in replies} <= {400, 503}
