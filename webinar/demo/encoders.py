"""The demo's own encoders: as cheap as they come, for the machine must have its cores for the server."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from webinar.demo.source import BLOCK, FRAME_RATE, SAMPLE_RATE, Samples

VIDEO_BITRATE: Final = 2_500_000  # bit/s at most
AUDIO_BITRATE: Final = 64_000
GOP: Final = 2 * FRAME_RATE
_VIDEO_BASE: Final = Fraction(1, 90_000)
_AUDIO_BASE: Final = Fraction(1, SAMPLE_RATE)
_BT709: Final = 1  # AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709
_VIDEO_RANGE: Final = 1  # AVCOL_RANGE_MPEG


class VideoEncoder:
    """H.264 constrained baseline, level 3.1, Annex B, parameter sets with each IDR. Not for two threads at once."""

    def __init__(self) -> None:
        self._codec: VideoCodecContext | None = None

    def encode(self, frame: av.VideoFrame, n: int, *, keyframe: bool) -> av.Packet[VideoStream]:
        """The packet of picture n; pts in 1/90000 s. All frames have the size of the first."""
        if self._codec is None:
            self._codec = _open_h264(frame.width, frame.height)
        frame.pts, frame.time_base = n, Fraction(1, FRAME_RATE)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        (packet,) = self._codec.encode(frame)  # zerolatency: one in, one out
        packet.pts = packet.dts = n * (_VIDEO_BASE.denominator // FRAME_RATE)
        packet.time_base = _VIDEO_BASE
        return packet


def _open_h264(width: int, height: int) -> VideoCodecContext:
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
    codec.gop_size = GOP
    codec.max_b_frames = 0
    codec.thread_count = 1
    codec.profile = "Baseline"
    codec.color_range = _VIDEO_RANGE
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "level": "31",
        "crf": "18",  # slides need few bits; a clip runs into the cap
        "maxrate": str(VIDEO_BITRATE),
        "bufsize": str(VIDEO_BITRATE // 2),
        "forced-idr": "1",
    }
    return codec


class AudioEncoder:
    """Opus, 20 ms, stereo. Not for two threads at once."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "w")
        codec.sample_rate, codec.layout, codec.format = SAMPLE_RATE, "stereo", "s16"
        codec.time_base = _AUDIO_BASE
        codec.bit_rate = AUDIO_BITRATE
        codec.options = {"application": "audio", "frame_duration": "20"}
        self._codec = codec

    def encode(self, samples: Samples, k: int) -> av.Packet[AudioStream]:
        """The packet of sound block k, shape (960, 2). Its pts, in 1/48000 s, is that of the first sample decoded from
        it: the encoder's look-ahead before the block, because receivers of RTP do not cut the look-ahead off.
        """
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, k * BLOCK, _AUDIO_BASE
        (packet,) = self._codec.encode(frame)
        packet.time_base = _AUDIO_BASE
        return packet
