"""An aiortc presenter with a camera and a microphone, for what takes offers over the bus."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from fractions import Fraction

import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK
from tests.media.encoded import frame
from tests.media.presenter import tone
from webinar.base.bus import Json


class Camera(MediaStreamTrack):
    """30 frames/s, white for 100 ms in each second of the monotonic clock; the next of `sizes` every two seconds."""

    kind = "video"

    def __init__(self, sizes: Sequence[tuple[int, int]] = ((256, 144),)) -> None:
        super().__init__()
        self._sizes = sizes

    async def recv(self) -> VideoFrame:
        number = _next_slot(self, 30)
        await asyncio.sleep(max(0.0, number / 30 - time.monotonic()))
        made = frame(number, *self._sizes[number // 60 % len(self._sizes)])
        made.pts, made.time_base = number * 3000, Fraction(1, VIDEO_CLOCK)
        return made


class Microphone(MediaStreamTrack):
    """A beep of 100 ms in each second of the monotonic clock."""

    kind = "audio"
    _second = np.repeat((tone(1.0) * 32_000).astype(np.int16), 2)

    async def recv(self) -> AudioFrame:
        number = _next_slot(self, 50)
        await asyncio.sleep(max(0.0, number / 50 - time.monotonic()))
        at = number % 50 * 1920
        made = AudioFrame.from_ndarray(self._second[None, at : at + 1920], "s16", "stereo")
        made.sample_rate, made.pts, made.time_base = AUDIO_CLOCK, number * 960, Fraction(1, AUDIO_CLOCK)
        return made


def _next_slot(track: MediaStreamTrack, rate: int) -> int:
    """Slots of 1/rate s one after the other; after a standstill those that are over are skipped."""
    now = int(time.monotonic() * rate)
    number = max(getattr(track, "slot", now) + 1, now)
    track.slot = number  # type: ignore[attr-defined]
    return number


@contextlib.asynccontextmanager
async def sending(
    whip: Callable[[Json], Awaitable[Json]], camera: Camera | None = None
) -> AsyncIterator[tuple[RTCPeerConnection, str]]:
    """A publisher whose offer `whip` answers; the connection and its resource."""
    peer = RTCPeerConnection()
    try:
        peer.addTrack(camera or Camera())
        peer.addTrack(Microphone())
        for transceiver in peer.getTransceivers():
            transceiver.direction = "sendonly"
        await peer.setLocalDescription(await peer.createOffer())
        answer = await whip({"sdp": peer.localDescription.sdp, "take_over": False})
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        yield peer, str(answer["resource"])
    finally:
        await peer.close()
