"""Samples of a short talk from the real encoders, for tests of what comes after them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import av
import numpy as np

from ingest.encode.encoder import AudioEncoder, EncodedUnit, H264Encoder
from ingest.encode.ladder import AAC_BITRATE, FRAME_RATE, GOP_FRAMES, RUNGS
from ingest.package import h264
from ingest.package.boxes import Sample, Track, avc1, mp4a
from ingest.program.raw import Picture, Sound
from tests.media.presenter import picture, tone

RUNG = RUNGS["144p"]


@dataclass(frozen=True)
class Talk:
    """Video (track 1) and AAC (track 2) with a flash and a beep at each second."""

    video: Track
    audio: Track
    pictures: tuple[Sample, ...]
    sounds: tuple[Sample, ...]
    units: tuple[EncodedUnit, ...]  # of video


@functools.cache
def talk(seconds: int = 4, extra_keyframes: tuple[int, ...] = ()) -> Talk:
    """Encoded once a test run."""
    encoder = H264Encoder(RUNG, "ultrafast")
    units: list[EncodedUnit] = []
    for number in range(seconds * FRAME_RATE):
        keyframe = number % GOP_FRAMES == 0 or number in extra_keyframes
        units += encoder.encode(Picture(number, frame(number), keyframe))
    units += encoder.flush()
    nals = [h264.split(unit.data) for unit in units]
    sets = h264.parameter_sets(nals[0])
    assert sets is not None
    aac = AudioEncoder("aac")
    sound = np.stack([tone(seconds)] * 2, axis=1)
    packets = [p for at in range(0, len(sound), 800) for p in aac.encode(Sound(at, sound[at : at + 800]))]
    packets += aac.flush()
    return Talk(
        Track(1, "video", 90_000, avc1(*sets, RUNG.width, RUNG.height, RUNG.bitrate), RUNG.width, RUNG.height),
        Track(2, "audio", 48_000, mp4a(aac.config, 2, 48_000, AAC_BITRATE)),
        tuple(Sample(u.pts, u.duration, h264.is_idr(n), h264.to_sample(n)) for u, n in zip(units, nals, strict=True)),
        tuple(Sample(p.pts, p.duration, True, p.data) for p in packets),
        tuple(units),
    )


def frame(number: int, width: int = RUNG.width, height: int = RUNG.height) -> av.VideoFrame:
    """A raw picture of the talk."""
    grey = np.full((height // 2, width), 128, np.uint8)
    return av.VideoFrame.from_ndarray(np.vstack((picture(number, FRAME_RATE, width, height), grey)), "yuv420p")
