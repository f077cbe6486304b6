"""A real WebRTC publisher (aiortc) into the WHIP server over UDP."""

from __future__ import annotations

import asyncio
import fractions
import re
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpsender import RTCRtpSender
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from ingest.accept import PublisherState
from ingest.accept.errors import BadSdp, NoRoom, OnAir
from ingest.accept.whip import WhipAnswer, WhipServer
from tests.integration.lossy_relay import LossyRelay, Weather
from tests.integration.whip_sink import KeepingSink, decode_audio, decode_video, until

FLASH_EVERY = 10  # frames


class Camera(MediaStreamTrack):
    """320x180 at 20 frames/s; every tenth frame white, the rest dark with a moving bar."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._start = time.monotonic()
        self._count = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(max(0.0, self._start + self._count / 20 - time.monotonic()))
        picture = np.full((180, 320, 3), 235 if self._count % FLASH_EVERY == 0 else 20, np.uint8)
        picture[:, (self._count * 4) % 320 : (self._count * 4) % 320 + 8] = 128
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self._count * 4500, fractions.Fraction(1, 90_000)
        self._count += 1
        return frame


class Microphone(MediaStreamTrack):
    """Stereo silence with a 1 kHz tone over each flash of the camera."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._start = time.monotonic()
        self._count = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(max(0.0, self._start + self._count / 50 - time.monotonic()))
        at = np.arange(self._count * 960, (self._count + 1) * 960)
        loud = (at % (48_000 * FLASH_EVERY // 20)) < 2400
        tone = (np.sin(at / 48_000 * 2 * np.pi * 1000) * 12_000 * loud).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._count * 960, fractions.Fraction(1, 48_000)
        self._count += 1
        return frame


@pytest.fixture
async def server() -> AsyncIterator[WhipServer]:
    whip = WhipServer(silence_s=1.0)
    await whip.start("127.0.0.1", 0)
    yield whip
    await whip.close()


class Presenter:
    """One aiortc peer connection that publishes."""

    def __init__(self, *, codec: str) -> None:
        self.connection = RTCPeerConnection()
        self.connection.addTrack(Microphone())
        self.connection.addTrack(Camera())
        wanted = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.name in (codec, "rtx")]
        self.connection.getTransceivers()[1].setCodecPreferences(wanted)
        for transceiver in self.connection.getTransceivers():
            transceiver.direction = "sendonly"
        self.answer: WhipAnswer

    async def publish(self, server: WhipServer, sink: KeepingSink, relay: LossyRelay | None = None) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sdp = self.connection.localDescription.sdp
        self.answer = await server.offer("ev", sdp, sink=sink)
        answer = relay.through(self.answer.sdp) if relay else self.answer.sdp
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


async def test_everything_an_aiortc_publisher_sends_comes_out_decodable_and_in_step(server: WhipServer) -> None:
    sink = KeepingSink()
    presenter = Presenter(codec="H264")
    try:
        await presenter.publish(server, sink)
        await until(lambda: (h := server.health("ev")) and h.synchronized, "sender reports of both tracks")
        start = len(sink.video)
        await until(lambda: len(sink.video) >= start + 45, "2 s more")
        health = server.health("ev")
    finally:
        await presenter.connection.close()
    await until(lambda: sink.states[-1] == (PublisherState.GONE, "closed"), "GONE after close", timeout=10)

    assert sink.states[0] == (PublisherState.CONNECTED, "")
    assert {f.codec for f in sink.video} == {"h264"}
    assert sink.video[0].keyframe
    pictures, sound = decode_video(sink.video), decode_audio(sink.audio)
    assert len(pictures) == len(sink.video)
    assert (pictures[0].width, pictures[0].height) == (320, 180)
    assert all(f.samples == 960 for f in sound)
    assert health is not None
    assert 15 <= health.fps <= 25
    assert health.video_codec == "h264"
    assert health.video_bitrate > 10_000
    assert health.packets_lost == health.frames_dropped == 0
    assert server.health("ev") is None

    bright = [float(p.to_ndarray(format="gray").mean()) > 128 for p in pictures]
    flashes = [sink.video[i].capture_time_s for i in range(start, len(bright)) if bright[i]]
    loud = [float(np.abs(f.to_ndarray().astype(np.float32)).mean()) for f in sound]
    threshold = max(loud) / 8
    heard = [f.capture_time_s for f in sink.audio]
    beeps = [heard[i] for i in range(1, len(loud)) if loud[i] > threshold >= loud[i - 1]]
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes[1:-1]]
    assert len(offsets) >= 2
    # Opus begins 6.5 ms late, aiortc's encoder threads add some ms to its reports.
    assert max(abs(o) for o in offsets) < 0.04, offsets


async def test_a_second_presenter_is_refused_unless_it_takes_the_place_of_the_first(server: WhipServer) -> None:
    sink, second_sink = KeepingSink(), KeepingSink()
    first, second = Presenter(codec="H264"), Presenter(codec="H264")
    try:
        await first.publish(server, sink)
        await until(lambda: sink.video, "video of the first")
        with pytest.raises(OnAir) as refused:
            await second.publish(server, second_sink)
        assert (refused.value.code, refused.value.status) == ("on_air", 409)
        assert sink.states == [(PublisherState.CONNECTED, "")]

        sdp = second.connection.localDescription.sdp
        with pytest.raises(OnAir):
            await server.offer("ev", sdp, sink=second_sink, resume="a-session-of-before")
        second.answer = await server.offer("ev", sdp, sink=second_sink, resume=first.answer.resource)
        assert sink.states == [(PublisherState.CONNECTED, "")], "the first stays until the second has connected"
        await second.connection.setRemoteDescription(RTCSessionDescription(second.answer.sdp, "answer"))
        await until(lambda: second_sink.video, "video of the second")
        assert sink.states[-1] == (PublisherState.GONE, "taken_over")
        assert second_sink.states == [(PublisherState.CONNECTED, "")]
        assert not await server.delete(first.answer.resource)
        assert await server.delete(second.answer.resource)
        assert second_sink.states[-1] == (PublisherState.GONE, "deleted")
    finally:
        await first.connection.close()
        await second.connection.close()


async def test_a_presenter_that_stops_sending_is_silent_and_another_may_come(server: WhipServer) -> None:
    sink, second_sink = KeepingSink(), KeepingSink()
    first, second = Presenter(codec="H264"), Presenter(codec="H264")
    try:
        await first.publish(server, sink)
        await until(lambda: sink.video, "video of the first")
        for sender in first.connection.getSenders():
            sender.replaceTrack(None)
        await until(lambda: sink.states[-1] == (PublisherState.SILENT, "timeout"), "silence noticed")
        await second.publish(server, second_sink)
        await until(lambda: second_sink.video, "video of the second")
        assert sink.states[-1] == (PublisherState.GONE, "taken_over")
    finally:
        await first.connection.close()
        await second.connection.close()


@pytest.mark.parametrize(("codec", "retransmits"), [("H264", True), ("VP8", False)])
async def test_after_an_outage_the_picture_goes_on_in_the_same_connection(
    server: WhipServer, codec: str, retransmits: bool
) -> None:
    sink = KeepingSink()
    presenter = Presenter(codec=codec)
    relay = LossyRelay(server.port, Weather())
    await relay.start()
    try:
        await presenter.publish(server, sink, relay)
        await until(lambda: len(sink.video) >= 20, "video")
        relay.weather = Weather(loss=1.0)
        await until(lambda: sink.states[-1] == (PublisherState.SILENT, "timeout"), "silence noticed")
        before, lost_at = len(sink.video), sink.video[-1].capture_time_s
        kinds = re.findall(r"a=rtpmap:(\d+) rtx/", presenter.answer.sdp)
        relay.weather = Weather(lost_types=frozenset(() if retransmits else map(int, kinds)))
        back_at = asyncio.get_running_loop().time()
        await until(lambda: len(sink.video) >= before + 20, "video after the outage")
        await until(lambda: any(f.gap for f in sink.audio), "sound after the outage")
        health = server.health("ev")
    finally:
        await presenter.connection.close()
        relay.close()

    first = sink.video[before]
    assert sink.states[:3] == [
        (PublisherState.CONNECTED, ""),
        (PublisherState.SILENT, "timeout"),
        (PublisherState.CONNECTED, ""),
    ]
    assert first.keyframe == first.gap == (not retransmits)
    assert first.arrival_s - back_at < 1.0, "NACK, or PLI and a keyframe"
    assert (first.capture_time_s - lost_at > 0.8) == (not retransmits)
    # Of the luckiest of the last ones: a presenter whose machine is busy sends the others late itself.
    least = min(frame.arrival_s - frame.capture_time_s for frame in sink.video[-10:])
    assert least == pytest.approx(0, abs=0.3)
    assert len(decode_video(sink.video)) == len(sink.video)
    assert health is not None
    assert health.plis_sent >= 1, "asked for at once, not only when retransmission has failed"


async def test_of_two_who_have_not_connected_yet_the_later_counts(server: WhipServer) -> None:
    sink = KeepingSink()
    presenter = Presenter(codec="H264")
    try:
        await presenter.connection.setLocalDescription(await presenter.connection.createOffer())
        sdp = presenter.connection.localDescription.sdp
        first = await server.offer("ev", sdp, sink=sink)
        second = await server.offer("ev", sdp, sink=sink)
        assert not await server.delete(first.resource)
        assert await server.delete(second.resource)
        assert sink.states == [], "nobody was there yet"
        assert server.health("ev") is None
    finally:
        await presenter.connection.close()


async def test_a_full_server_says_so_and_when_to_come_again() -> None:
    server = WhipServer(max_publishers=1)
    await server.start("127.0.0.1", 0)
    presenter = Presenter(codec="VP8")
    try:
        await presenter.connection.setLocalDescription(await presenter.connection.createOffer())
        sdp = presenter.connection.localDescription.sdp
        await server.offer("one", sdp, sink=KeepingSink())
        with pytest.raises(NoRoom) as refused:
            await server.offer("two", sdp, sink=KeepingSink())
        assert (refused.value.code, refused.value.status) == ("no_room", 503)
        assert refused.value.retry_after_s
        await server.end("one")
        await server.offer("two", sdp, sink=KeepingSink())
    finally:
        await presenter.connection.close()
        await server.close()


async def test_an_ice_restart_whose_answer_was_lost_is_answered_again(server: WhipServer) -> None:
    presenter = Presenter(codec="VP8")
    restart = "a=ice-ufrag:newer\r\na=ice-pwd:0123456789012345678901\r\n"
    try:
        await presenter.connection.setLocalDescription(await presenter.connection.createOffer())
        resource = (await server.offer("ev", presenter.connection.localDescription.sdp, sink=KeepingSink())).resource
        answer = server.patch(resource, restart, "*")
        assert answer is not None
        assert server.patch(resource, restart, "*") == answer
        assert server.patch(resource, restart, answer.etag) is None, "candidates of the new session"
        later = server.patch(resource, restart.replace("newer", "newest"), "*")
        assert later is not None
        assert later.etag != answer.etag
    finally:
        await presenter.connection.close()


@pytest.mark.parametrize("sdp", ["", "hello", "v=0\r\n", '{"type": "offer"}', "v=0\r\nm=video x y z\r\n"])
async def test_what_is_no_offer_is_refused_and_holds_nothing(server: WhipServer, sdp: str) -> None:
    with pytest.raises(BadSdp) as refused:
        await server.offer("ev", sdp, sink=KeepingSink())
    assert refused.value.code == "bad_sdp"
    assert server.health("ev") is None
