"""A sink that keeps everything, and what tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from ingest.accept import EncodedFrame, PublisherState


class KeepingSink:
    """A `PublisherSink` for one event."""

    def __init__(self) -> None:
        self.video: list[EncodedFrame] = []
        self.audio: list[EncodedFrame] = []
        self.states: list[tuple[PublisherState, str]] = []

    def on_video(self, frame: EncodedFrame) -> None:
        self.video.append(frame)

    def on_audio(self, frame: EncodedFrame) -> None:
        self.audio.append(frame)

    def on_state(self, state: PublisherState, reason: str) -> None:
        self.states.append((state, reason))


async def until(condition: Callable[[], object], what: str, timeout: float = 15.0) -> None:
    """Waits for a condition; fails with `what` when it does not come true."""
    try:
        async with asyncio.timeout(timeout):
            while not condition():  # noqa: ASYNC110 - conditions of many kinds
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {timeout} s") from None


def decode_video(frames: list[EncodedFrame]) -> list[VideoFrame]:
    """All pictures; raises `av.FFmpegError` for a frame that cannot be decoded."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(frames[0].codec, "r"))
    # A missing reference is an error here, not something to conceal.
    decoder.options = {"flags": "-output_corrupt", "err_detect": "explode"}
    pictures: list[VideoFrame] = []
    for number, frame in enumerate(frames):
        packet = Packet(frame.data)
        packet.pts = number
        pictures += decoder.decode(packet)
    return pictures + decoder.decode(None)


def decode_audio(frames: list[EncodedFrame]) -> list[AudioFrame]:
    """All sound; raises `av.FFmpegError` for a packet that cannot be decoded."""
    decoder = av.CodecContext.create("libopus", "r")
    sound: list[AudioFrame] = []
    for frame in frames:
        sound += decoder.decode(Packet(frame.data))
    return sound
