"""WHEP against aiortc's own stack: real ICE, DTLS and SRTP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ingest.contract import EndOfSession
from tests.media.whep_source import Clip, Source, encode
from tests.media.whep_viewer import WhepViewer
from tests.waiting import until
from webinar.base.rtc import Certificate, SdpError
from webinar.base.rtc.srtp import AES_128_CM
from webinar.delivery.whep import NoSeat, NotLive, UnknownResource, WhepCollector, WhepServer

EVENT = "event"
CHROMIUM = (Path(__file__).parents[1] / "media/offers/chromium-156-viewer.sdp").read_text()


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encode({"360p": (640, 360, 700_000), "180p": (320, 180, 200_000)})


class Stage:
    """A server that is fed by a source."""

    def __init__(self, clip: Clip, seats: int, certificate: Certificate | None) -> None:
        self.server = WhepServer(seats=seats, request_keyframe=self._keyframe, certificate=certificate)
        self.source = Source(clip, self.server.push)
        self.resources: list[str] = []
        self._task: asyncio.Task[None] | None = None

    def _keyframe(self, event_id: str, rendition: str) -> None:
        self.source.request_keyframe(event_id, rendition)

    async def exchange(self, sdp: str) -> str:
        answer = self.server.offer(EVENT, sdp)
        self.resources.append(answer.resource)
        return answer.sdp

    def play(self) -> None:
        self.server.push(self.source.init_segment())
        self._task = asyncio.create_task(self.source.run(), name="source")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def replace_source(self, session_id: str) -> None:
        """Ingest died and another one took over: pts begin at 0 again."""
        await self.stop()
        self.source = Source(self.source.clip, self.server.push, session_id=session_id)
        self.play()


@contextlib.asynccontextmanager
async def stage(clip: Clip, seats: int = 10, certificate: Certificate | None = None) -> AsyncIterator[Stage]:
    made = Stage(clip, seats, certificate)
    await made.server.start("127.0.0.1", 0)
    made.play()
    try:
        await until(lambda: made.source.frames > 0)
        yield made
    finally:
        await made.stop()
        await made.server.close()


async def test_a_viewer_sees_and_hears_the_top_rung_without_loss(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(45)
        assert {(w, h) for _, w, h in viewer.video_frames} == {(640, 360)}
        assert viewer.audio_frames > 18, "40 ms each"
        assert viewer.audio_peak > 3000
        assert await viewer.lost() == 0
        stats = s.server.stats(EVENT)
        assert (stats.viewers, stats.by_rung) == (1, {"360p": 1})
        assert stats.totals.packets > 100
        assert stats.totals.send_failures == 0


async def test_someone_who_joins_in_the_middle_of_a_gop_sees_a_picture_within_a_second(clip: Clip) -> None:
    async with stage(clip) as s:
        await until(lambda: s.source.frames >= 40)  # 1.3 s into a GOP of 2 s: too old to be sent from its start
        asked = s.source.keyframes_requested
        async with WhepViewer(s.exchange) as viewer:
            await until(lambda: s.server.stats(EVENT).viewers == 1)
            joined_s = asyncio.get_running_loop().time()
            await viewer.wait_frames(1, timeout_s=1.0)
            assert asyncio.get_running_loop().time() - joined_s < 1.0
        assert s.source.keyframes_requested == asked + 1


async def test_keyframe_requests_of_many_joiners_are_coalesced(clip: Clip) -> None:
    async with stage(clip) as s, contextlib.AsyncExitStack() as stack:
        began_s = asyncio.get_running_loop().time()
        viewers = [await stack.enter_async_context(WhepViewer(s.exchange, audio=False)) for _ in range(6)]
        for viewer in viewers:
            await viewer.wait_frames(5)
        assert s.source.keyframes_requested <= 1 + asyncio.get_running_loop().time() - began_s
        assert s.server.stats(EVENT).by_rung == {"360p": 6}


async def test_when_the_event_ends_the_viewer_is_told_and_its_seat_is_free(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(5)
        s.server.push(EndOfSession("session", EVENT, 1.0))
        async with asyncio.timeout(2):
            await viewer.ended.wait()
        assert s.server.taken == 0


async def test_the_end_of_a_session_that_was_replaced_ends_nobody(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(5)
        s.server.push(EndOfSession("an older session", EVENT, 1.0))
        seen = len(viewer.video_frames)
        await viewer.wait_frames(seen + 10)


async def test_when_ingest_is_replaced_viewers_go_on_on_the_same_connection(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(10)
        await s.replace_source("another session")
        seen = len(viewer.video_frames)
        await viewer.wait_frames(seen + 40)
        stamps = [pts for pts, _, _ in viewer.video_frames]
        assert stamps == sorted(stamps)
        assert await viewer.lost() == 0
        assert len(s.resources) == 1


async def test_a_viewer_that_pins_a_rung_gets_it(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(5)
        s.server.pin(s.resources[0], "180p")
        await viewer.wait_for(lambda: viewer.video_frames[-1][1:] == (320, 180))
        s.server.pin(s.resources[0], "360p")
        await viewer.wait_for(lambda: viewer.video_frames[-1][1:] == (640, 360))
        assert await viewer.lost() == 0


async def test_a_viewer_without_gcm_is_served_through_libsrtp(clip: Clip) -> None:
    async with stage(clip, certificate=Certificate([AES_128_CM])) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(45)
        assert viewer.audio_frames > 10
        assert await viewer.lost() == 0


async def test_where_the_kernel_sends_no_segments_each_packet_is_sent_for_itself(clip: Clip) -> None:
    async with stage(clip) as s:
        s.server.endpoint.gso = False
        async with WhepViewer(s.exchange) as viewer:
            await viewer.wait_frames(45)
            assert await viewer.lost() == 0


async def test_delete_ends_the_playback_once(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(1)
        s.server.delete(s.resources[0])
        async with asyncio.timeout(2):
            await viewer.ended.wait()
        with pytest.raises(UnknownResource) as raised:
            s.server.delete(s.resources[0])
        assert raised.value.status == 404
        assert s.server.stats(EVENT).viewers == 0


async def test_above_the_seats_a_viewer_is_sent_elsewhere(clip: Clip) -> None:
    async with stage(clip, seats=1) as s, WhepViewer(s.exchange):
        with pytest.raises(NoSeat) as raised:
            await s.exchange(CHROMIUM)
        assert (raised.value.status, raised.value.code) == (503, "no_room")
        assert raised.value.retry_after_s


async def test_an_event_that_is_not_live_has_nothing_to_offer(clip: Clip) -> None:
    async with stage(clip) as s:
        with pytest.raises(NotLive) as raised:
            s.server.offer("another event", CHROMIUM)
        assert raised.value.status == 409
        assert s.server.stats("another event").viewers == 0


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("H264", "H263", "no_codec"), ("a=recvonly", "a=sendonly", "no_video"), ("v=0", "{}", "not_sdp")],
)
async def test_an_offer_we_cannot_serve_takes_no_seat(clip: Clip, old: str, new: str, code: str) -> None:
    async with stage(clip) as s:
        with pytest.raises(SdpError) as raised:
            await s.exchange(CHROMIUM.replace(old, new))
        assert raised.value.code == code
        assert s.server.taken == 0


async def test_units_that_come_faster_than_they_can_be_sent_are_dropped_up_to_an_idr(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(5)
        for _ in range(400):
            s.source.step()  # 13 s of video within no time: the loop gets no turn in between
        seen = len(viewer.video_frames)
        await viewer.wait_frames(seen + 20)
        totals = s.server.stats(EVENT).totals
        assert totals.units_dropped > 100
        await viewer.wait_for(lambda: viewer.audio_frames > 0)


async def test_metrics_count_what_was_sent_also_after_the_event(clip: Clip) -> None:
    async with stage(clip) as s:
        registry = CollectorRegistry()
        registry.register(WhepCollector(s.server))
        async with WhepViewer(s.exchange) as viewer:
            await viewer.wait_frames(10)
            text = generate_latest(registry).decode()
            assert 'webinar_whep_viewers{rung="360p"} 1.0' in text
            assert "webinar_whep_seats_taken 1.0" in text
            s.server.end(EVENT, "ended")
            sent = registry.get_sample_value("webinar_whep_packets_total")
            assert sent is not None
            assert sent > 50
        assert registry.get_sample_value("webinar_whep_seats_taken") == 0.0
