"""Chromium as the presenter: its fake camera and microphone, and a drawn flash with a beep, over WHIP."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ingest.accept import PublisherState
from ingest.accept.whip import WhipServer
from tests.integration.lossy_relay import LossyRelay, Weather
from tests.integration.whip_sink import KeepingSink, decode_audio, decode_video, until
from tests.media.chromium import FAKE_DEVICES, chromium
from tests.media.served import served

FINE = Weather()
# A poor mobile uplink: 5 % of the packets lost each way, 80-100 ms there and back.
POOR = Weather(loss=0.05, delay_s=0.04, jitter_s=0.01)

PAGE = """<!doctype html><title>presenter</title><canvas width=640 height=360></canvas><script>
async function camera() {
  return navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720, frameRate: 30}, audio: true});
}
// A white picture and a 1 kHz tone, together, for 0.2 s in every second of the audio clock.
async function flashes() {
  const context = new AudioContext(), out = context.createMediaStreamDestination(), gain = context.createGain();
  const tone = new OscillatorNode(context, {frequency: 1000});
  tone.connect(gain).connect(out); gain.gain.value = 0; tone.start();
  for (let s = 1; s < 60; s++) { gain.gain.setValueAtTime(0.8, s); gain.gain.setValueAtTime(0, s + 0.2); }
  const canvas = document.querySelector('canvas'), pen = canvas.getContext('2d');
  let n = 0;
  (function draw() {
    const at = context.currentTime;
    pen.fillStyle = at >= 1 && at % 1 < 0.2 ? '#fff' : '#111'; pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = '#484'; pen.fillRect((n++ * 3) % 640, 100, 40, 40);
    requestAnimationFrame(draw);
  })();
  return new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]);
}
async function publish(source, codec, audioNack) {
  const pc = window.pc = new RTCPeerConnection(), stream = await source();
  for (const track of stream.getTracks()) {
    const sender = pc.addTransceiver(track, {direction: 'sendonly', streams: [stream]});
    const {codecs} = RTCRtpSender.getCapabilities(track.kind);
    if (track.kind === 'video' && codec)
      sender.setCodecPreferences(codecs.filter(c => c.mimeType === codec || c.mimeType === 'video/rtx'));
  }
  const offer = await pc.createOffer();
  if (audioNack)
    offer.sdp = offer.sdp.replace(/a=rtpmap:([0-9]+) opus.*\\r\\n/, '$&a=rtcp-fb:$1 nack\\r\\n');
  await pc.setLocalDescription(offer);
  const answer = await fetch('/whip', {method: 'POST', body: pc.localDescription.sdp});
  if (answer.status !== 201) throw new Error(await answer.text());
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}
async function stats() {
  const found = [];
  for (const s of (await window.pc.getStats()).values())
    if (['outbound-rtp', 'remote-inbound-rtp', 'candidate-pair', 'codec', 'transport'].includes(s.type)) found.push(s);
  return JSON.stringify(found);
}
</script>"""


class Studio:
    """A page, the WHIP server behind it, and what arrived."""

    def __init__(self, page: Page, server: WhipServer, sink: KeepingSink, relay: LossyRelay) -> None:
        self.page = page
        self.server = server
        self.sink = sink
        self.relay = relay

    async def stats(self, kind: str) -> list[dict[str, object]]:
        return [s for s in json.loads(await self.page.evaluate("stats()")) if s["type"] == kind]


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    server, sink = WhipServer(), KeepingSink()

    async def show(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def whip(request: Request) -> Response:
        answer = await server.offer("ev", (await request.body()).decode(), sink=sink)
        return Response(relay.through(answer.sdp), 201, media_type="application/sdp")

    async with contextlib.AsyncExitStack() as stack:
        await server.start("127.0.0.1", 0)
        stack.push_async_callback(server.close)
        relay = LossyRelay(server.port, FINE)
        await relay.start()
        stack.callback(relay.close)
        url = await stack.enter_async_context(served([Route("/", show), Route("/whip", whip, methods=["POST"])]))
        async with chromium(url, *FAKE_DEVICES) as page:
            yield Studio(page, server, sink, relay)


async def test_chromium_publishes_its_camera_as_h264_and_every_frame_decodes(studio: Studio) -> None:
    await studio.page.evaluate("publish(camera)")
    sink = studio.sink
    await until(lambda: (h := studio.server.health("ev")) and h.synchronized, "sender reports of both tracks")
    seen = len(sink.video)
    await until(lambda: len(sink.video) >= seen + 60 and len(sink.audio) >= 200, "two seconds more of media")
    health = studio.server.health("ev")
    sent = [s for s in await studio.stats("outbound-rtp") if s["kind"] == "video"]

    video, audio = list(sink.video), list(sink.audio)
    assert {f.codec for f in video} == {"h264"}, "H.264 is preferred when both sides have it"
    pictures = decode_video(video)
    assert len(pictures) == len(video)
    assert pictures[-1].width / pictures[-1].height == pytest.approx(16 / 9, rel=0.01)
    assert all(f.samples in (480, 960, 2880) for f in decode_audio(audio))
    assert not any(f.gap for f in video + audio)
    for frames, most in ((video, 0.5), (audio, 0.1)):
        steps = np.diff([f.capture_time_s for f in frames])
        assert steps.min() > 0, "capture times grow"
        assert steps.max() < most
    assert abs(video[-1].capture_time_s - audio[-1].capture_time_s) < 0.3
    assert health is not None
    assert health.state is PublisherState.CONNECTED
    assert health.packets_lost == health.frames_dropped == 0
    assert health.has_audio
    assert sent[0]["pliCount"] == health.plis_sent

    plis, keyframes = health.plis_sent, sum(f.keyframe for f in sink.video)
    for _ in range(5):
        studio.server.request_keyframe("ev")
    await until(lambda: sum(f.keyframe for f in sink.video) > keyframes, "a keyframe on request")
    health = studio.server.health("ev")
    assert health is not None
    assert health.plis_sent == plis + 1, "requests are coalesced"

    await studio.page.evaluate("window.pc.close()")
    await until(lambda: sink.states[-1][0] is PublisherState.GONE, "GONE after close()", timeout=4)


async def test_chromium_publishes_vp8_with_flash_and_beep_in_step(studio: Studio) -> None:
    await studio.page.evaluate("publish(flashes, 'video/VP8')")
    sink = studio.sink
    await until(lambda: (h := studio.server.health("ev")) and h.synchronized, "sender reports of both tracks")
    await until(lambda: sink.video[-1].capture_time_s - sink.video[0].capture_time_s > 7, "7 s of media")
    await studio.page.evaluate("window.pc.close()")

    assert {f.codec for f in sink.video} == {"vp8"}
    bright = [float(p.to_ndarray(format="gray").mean()) > 128 for p in decode_video(sink.video)]
    assert len(bright) == len(sink.video)
    times = [f.capture_time_s for f in sink.video]
    flashes = [times[i] for i in range(1, len(bright)) if bright[i] and not bright[i - 1]]
    loud = [float(np.abs(f.to_ndarray()).mean()) for f in decode_audio(sink.audio)]
    threshold = max(loud) / 8
    heard = [f.capture_time_s for f in sink.audio]
    beeps = [heard[i] for i in range(1, len(loud)) if loud[i] > threshold >= loud[i - 1]]
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes if flash > times[0] + 4]
    assert len(offsets) >= 2
    assert abs(float(np.median(offsets))) < 0.06, offsets


async def test_with_5_percent_loss_retransmissions_keep_the_picture_moving(studio: Studio) -> None:
    sink, server = studio.sink, studio.server
    await studio.page.evaluate("publish(camera, null, true)")
    await until(lambda: len(sink.video) >= 30, "video")
    studio.relay.weather = POOR
    for attempt in range(4):
        seen = await five_poor_seconds(studio)
        if seen.good:
            break
        # A machine that is busy with something else holds up the browser itself: look at the next five.
        assert attempt < 3, f"no five good seconds: {seen}"
    health = server.health("ev")
    assert health is not None
    assert studio.relay.lost > 10
    assert health.packets_recovered > 10
    assert len(decode_video(list(sink.video))) == len(sink.video), "nothing undecodable is handed on"


@dataclass(frozen=True)
class Seen:
    """What came out in a while."""

    longest_wait_s: float  # between two pictures
    longest_hole_s: float  # between the captures of two pictures
    dropped: int
    sound_lost: float  # 0..1

    @property
    def good(self) -> bool:
        """No freeze that a viewer would call one, and most of the lost 5 % of sound came again."""
        smooth = self.longest_wait_s < 0.5 and self.longest_hole_s < 0.2 and self.dropped <= 2
        return smooth and self.sound_lost < 0.025


async def five_poor_seconds(studio: Studio) -> Seen:
    sink, before = studio.sink, studio.server.health("ev")
    video, audio = len(sink.video), len(sink.audio)
    await until(lambda: sink.video[-1].capture_time_s - sink.video[video - 1].capture_time_s > 5, "5 s in poor weather")
    after = studio.server.health("ev")
    assert before is not None
    assert after is not None
    sound = sink.audio[audio:]
    return Seen(
        longest_wait_s=float(np.diff([f.arrival_s for f in sink.video[video:]]).max()),
        longest_hole_s=float(np.diff([f.capture_time_s for f in sink.video[video:]]).max()),
        dropped=after.frames_dropped - before.frames_dropped,
        sound_lost=sum(f.gap for f in sound) / len(sound),
    )
