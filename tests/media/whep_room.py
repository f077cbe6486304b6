"""Chromium on a page with a WHEP player, the fan-out behind it, a live session, and the network between."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.integration.lossy_relay import LossyRelay, Weather
from tests.media.chromium import chromium
from tests.media.served import served
from tests.media.whep_source import Clip, Source
from webinar.delivery.whep import WhepServer

PAGE = """<!doctype html><title>viewer</title><video autoplay playsinline width=640></video><script>
async function play() {
  const pc = window.pc = new RTCPeerConnection(), stream = new MediaStream(), video = document.querySelector('video');
  const clicked = performance.now();
  video.requestVideoFrameCallback(() => { window.firstFrameMs = performance.now() - clicked; });
  let last = 0;
  window.longestGapMs = 0;
  const shown = now => {
    if (last) window.longestGapMs = Math.max(window.longestGapMs, now - last);
    last = now;
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
  pc.ontrack = e => { stream.addTrack(e.track); video.srcObject = stream; };
  pc.addTransceiver('video', {direction: 'recvonly'}); pc.addTransceiver('audio', {direction: 'recvonly'});
  await pc.setLocalDescription();
  const answer = await fetch('/whep', {method: 'POST', body: pc.localDescription.sdp});
  if (answer.status !== 201) throw new Error(await answer.text());
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}
async function stats() {
  const {firstFrameMs, longestGapMs} = window, found = {firstFrameMs, longestGapMs, state: window.pc.connectionState};
  for (const s of (await window.pc.getStats()).values()) {
    if (s.type === 'inbound-rtp') found[s.kind] = s;
    if (s.type === 'transport') found.transport = s;
    if (s.type === 'remote-outbound-rtp') found['sender-' + s.kind] = s;
  }
  return JSON.stringify(found);
}
</script>"""


class Room:
    """A page with a player, the server behind it, the live session, and the network between."""

    def __init__(self, page: Page, server: WhepServer, source: Source, relay: LossyRelay) -> None:
        self.page = page
        self.server = server
        self.source = source
        self.relay = relay
        self.resource = ""  # of the page's playback

    async def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.page.evaluate("stats()"))
        return found

    async def until(
        self, condition: Callable[[dict[str, Any]], bool], what: str, timeout_s: float = 20
    ) -> dict[str, Any]:
        """The player's figures once they satisfy a condition."""
        ends_s = asyncio.get_running_loop().time() + timeout_s
        while True:
            found = await self.stats()
            if condition(found):
                return found
            assert asyncio.get_running_loop().time() < ends_s, f"no {what} within {timeout_s} s: {found}"
            await asyncio.sleep(0.1)


def decoded(stats: dict[str, Any]) -> int:
    return int(stats.get("video", {}).get("framesDecoded", 0))


@contextlib.asynccontextmanager
async def open_room(clip: Clip) -> AsyncIterator[Room]:
    """A live session of `clip`, a server, a relay with good weather, and Chromium on the page."""
    source: Source
    made: Room
    server = WhepServer(seats=4, request_keyframe=lambda event, name: source.request_keyframe(event, name))
    source = Source(clip, server.push)

    async def show(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def whep(request: Request) -> Response:
        answer = server.offer("event", await request.body())
        made.resource = answer.resource
        return Response(relay.through(answer.sdp), 201, media_type="application/sdp")

    async with contextlib.AsyncExitStack() as stack:
        await server.start("127.0.0.1", 0)
        stack.push_async_callback(server.close)
        relay = LossyRelay(server.port, Weather())
        await relay.start()
        stack.callback(relay.close)
        server.push(source.init_segment())
        playing = asyncio.create_task(source.run(), name="source")
        url = await stack.enter_async_context(served([Route("/", show), Route("/whep", whep, methods=["POST"])]))
        async with chromium(url) as page:
            made = Room(page, server, source, relay)
            yield made
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
