"""A WHEP viewer on aiortc's own peer connection, ICE, DTLS, SRTP and decoders: nothing of ours but the SDP's way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

# Takes an offer, gives the answer: `WhepServer.offer` in a process, or a POST to `whep_url`.
Exchange = Callable[[str], Awaitable[str]]


class WhepViewer:
    """`async with WhepViewer(exchange) as viewer: await viewer.wait_frames(30)`."""

    def __init__(self, exchange: Exchange, *, audio: bool = True) -> None:
        self.video_frames: list[tuple[int, int, int]] = []  # (pts, width, height)
        self.audio_frames = 0
        self.audio_peak = 0
        self.ended = asyncio.Event()  # both tracks are over, or the connection is
        self._exchange = exchange
        self._audio = audio
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._pc.addTransceiver("video", direction="recvonly")
        if self._audio:
            self._pc.addTransceiver("audio", direction="recvonly")
        self._pc.on("track", self._on_track)
        self._pc.on("connectionstatechange", self._on_state)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        answer = await self._exchange(self._pc.localDescription.sdp)
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._pc.close()

    async def wait_frames(self, count: int, timeout_s: float = 15.0) -> None:
        """Until `count` pictures were decoded in all."""
        await self.wait_for(lambda: len(self.video_frames) >= count, timeout_s)

    async def wait_for(self, condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
        """Until a condition on what was decoded holds."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(condition)

    async def lost(self) -> int:
        """Packets lost by the receiver's own count, all streams together."""
        report = await self._pc.getStats()
        return sum(s.packetsLost for s in report.values() if s.type == "inbound-rtp")

    def _on_state(self) -> None:
        if self._pc.connectionState in ("closed", "failed"):
            self.ended.set()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._play(track), name=f"play-{track.kind}"))

    async def _play(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                self.ended.set()
                return
            async with self._changed:
                if isinstance(frame, av.VideoFrame):
                    self.video_frames.append((frame.pts or 0, frame.width, frame.height))
                elif isinstance(frame, av.AudioFrame):
                    self.audio_frames += 1
                    self.audio_peak = max(self.audio_peak, int(np.abs(frame.to_ndarray()).max()))
                self._changed.notify_all()
