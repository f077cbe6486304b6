"""WHEP against aiortc's own stack: real ICE, DTLS and SRTP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.media.whep_source import Clip, Source, encode
from tests.media.whep_viewer import WhepViewer
from webinar.delivery.whep import WhepServer

EVENT = "event"


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encode({"360p": (640, 360, 700_000), "180p": (320, 180, 200_000)})


class Stage:
    """A server that is fed by a source."""

    def __init__(self, clip: Clip, seats: int) -> None:
        self.server = WhepServer(seats=seats, request_keyframe=self._keyframe)
        self.source = Source(clip, self.server.push)
        self.resources: list[str] = []

    def _keyframe(self, event_id: str, rendition: str) -> None:
        self.source.request_keyframe(event_id, rendition)

    async def exchange(self, sdp: str) -> str:
        answer = self.server.offer(EVENT, sdp)
        self.resources.append(answer.resource)
        return answer.sdp


@contextlib.asynccontextmanager
async def stage(clip: Clip, seats: int = 10) -> AsyncIterator[Stage]:
    made = Stage(clip, seats)
    await made.server.start("127.0.0.1", 0)
    made.server.push(made.source.init_segment())
    task = asyncio.create_task(made.source.run(), name="source")
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await made.server.close()


async def test_a_viewer_sees_and_hears_the_top_rung_without_loss(clip: Clip) -> None:
    async with stage(clip) as s, WhepViewer(s.exchange) as viewer:
        await viewer.wait_frames(45)
        assert {(w, h) for _, w, h in viewer.video_frames} == {(640, 360)}
        assert viewer.audio_frames > 40
        assert viewer.audio_peak > 3000
        assert await viewer.lost() == 0
        stats = s.server.stats(EVENT)
        assert (stats.viewers, stats.by_rung) == (1, {"360p": 1})
        assert stats.totals.packets > 100
        assert stats.totals.send_failures == 0
