"""The encoders: H.264 for each rung, AAC for HLS and the recording, Opus for WebRTC. Blocking, one thread each.

What goes in lies on the program's grid, what comes out has pts in the contract's time bases. The priming of the audio
encoders (1,024 samples of AAC, 312 of Opus) comes out with negative pts; those packets are dropped, so that a track
begins at program time 0 without an edit list: the first 21 ms of sound fade in, no player can get lip sync wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext, ThreadType
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, Interpolation, VideoReformatter

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK
from ingest.encode.ladder import AAC_BITRATE, FRAME_RATE, GOP_FRAMES, OPUS_BITRATE, Rung
from ingest.program.raw import Picture, Samples, Sound

_FRAME_DURATION: Final = VIDEO_CLOCK // FRAME_RATE
_SMPTE170M: Final = 6  # of H.264, table E-5; PyAV's enumeration counts as the scaler does


@dataclass(frozen=True, slots=True)
class EncodedUnit:
    """One encoded frame. Video: Annex B, parameter sets at each IDR, in 1/90000 s. Audio: a packet, 1/48000 s."""

    pts: int
    duration: int
    keyframe: bool
    data: bytes


class H264Encoder:
    """One rung: constrained baseline, one IDR at least each 2 s, one slice a frame, no delay."""

    def __init__(self, rung: Rung, preset: str) -> None:
        self._rung = rung
        self._reformatter = VideoReformatter()
        context = CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = rung.width, rung.height, "yuv420p"
        context.framerate = Fraction(FRAME_RATE)
        context.time_base = Fraction(1, FRAME_RATE)
        context.bit_rate = rung.bitrate
        context.gop_size = GOP_FRAMES
        context.max_b_frames = 0
        context.thread_count = 1
        context.thread_type = ThreadType.NONE
        # What browsers capture in, see Canvas.
        context.colorspace, context.color_range = _SMPTE170M, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.SMPTE170M, ColorTrc.SMPTE170M
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "profile": "baseline",
            "level": str(rung.level),
            "forced-idr": "1",
            "sc_threshold": "0",
            "maxrate": str(rung.bitrate * 6 // 5),
            "bufsize": str(rung.bitrate * 2 // 3),  # short: viewers over WebRTC get every burst at once
            "x264-params": "scenecut=0:open_gop=0:bframes=0:sliced-threads=0:threads=1:min-keyint=1:repeat-headers=1",
        }
        context.open()
        self._context = context

    def encode(self, picture: Picture) -> Iterator[EncodedUnit]:
        """The unit of a picture. Raises `av.FFmpegError`."""
        frame = self._own(picture.frame)
        frame.pts, frame.time_base = picture.number, Fraction(1, FRAME_RATE)
        frame.pict_type = PictureType.I if picture.keyframe else PictureType.NONE
        return (_video_unit(packet, picture.span) for packet in self._context.encode(frame))

    def flush(self) -> Iterator[EncodedUnit]:
        return (_video_unit(packet, 1) for packet in self._context.encode(None))

    def _own(self, canvas: av.VideoFrame) -> av.VideoFrame:
        """A frame of this rung that nobody else sees: pts and picture type are set on it."""
        if (canvas.width, canvas.height) != (self._rung.width, self._rung.height):
            return self._reformatter.reformat(
                canvas, self._rung.width, self._rung.height, interpolation=Interpolation.BILINEAR, threads=1
            )
        # Another frame over the same pixels: x264 copies what it takes, so nobody writes to them.
        return av.VideoFrame.from_dlpack(canvas.planes, "yuv420p", canvas.width, canvas.height)


def _video_unit(packet: av.Packet[Any], span: int) -> EncodedUnit:
    return EncodedUnit((packet.pts or 0) * _FRAME_DURATION, span * _FRAME_DURATION, packet.is_keyframe, bytes(packet))


class AudioEncoder:
    """AAC-LC ("aac", 1,024 samples a packet) or Opus ("libopus", 20 ms), 48 kHz stereo."""

    def __init__(self, codec: str) -> None:
        context = cast("AudioCodecContext", CodecContext.create(codec, "w"))
        context.sample_rate = AUDIO_CLOCK
        context.layout = "stereo"
        context.time_base = Fraction(1, AUDIO_CLOCK)
        if codec == "aac":
            context.format = "fltp"
            context.bit_rate = AAC_BITRATE
        else:
            context.format = "flt"
            context.bit_rate = OPUS_BITRATE
            # In-band FEC costs bits only where loss is expected; viewers on WebRTC have some.
            context.options = {"application": "audio", "frame_duration": "20", "fec": "1", "packet_loss": "5"}
        context.open()
        self._context = context
        self._planar = codec == "aac"
        self._pending = np.zeros((0, 2), np.float32)
        self._start: int | None = None  # of the first pending sample

    @property
    def config(self) -> bytes:
        """The AudioSpecificConfig (AAC) or OpusHead (Opus)."""
        return self._context.extradata or b""

    def encode(self, sound: Sound) -> Iterator[EncodedUnit]:
        """The packets that the samples complete. Raises `av.FFmpegError`."""
        if self._start is None:
            self._start = sound.start
        missing = max(0, sound.start - self._start - len(self._pending))  # blocks that were dropped on the way here
        self._pending = np.concatenate((self._pending, np.zeros((missing, 2), np.float32), sound.samples))
        size = self._context.frame_size
        while len(self._pending) >= size:
            block, self._pending = self._pending[:size], self._pending[size:]
            start, self._start = self._start, self._start + size
            yield from self._packets(self._frame(block, start))

    def flush(self) -> Iterator[EncodedUnit]:
        """The rest, padded with silence to a whole packet."""
        if self._start is not None and len(self._pending):
            padding = np.zeros((self._context.frame_size - len(self._pending), 2), np.float32)
            yield from self.encode(Sound(self._start + len(self._pending), padding))
        yield from self._packets(None)

    def _frame(self, block: Samples, start: int) -> av.AudioFrame:
        if self._planar:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T), "fltp", "stereo")
        else:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.reshape(1, -1)), "flt", "stereo")
        frame.sample_rate = AUDIO_CLOCK
        frame.pts, frame.time_base = start, Fraction(1, AUDIO_CLOCK)
        return frame

    def _packets(self, frame: av.AudioFrame | None) -> Iterator[EncodedUnit]:
        for packet in self._context.encode(frame):
            if packet.pts is not None and packet.pts >= 0:
                yield EncodedUnit(packet.pts, self._context.frame_size, True, bytes(packet))
