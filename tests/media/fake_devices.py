"""Files for Chromium's fake camera and microphone: the demo's talk, at a size a test machine encodes easily.

Chromium loops both files on clocks of their own, so lip sync cannot be measured through them.
"""

from __future__ import annotations

import time
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from webinar.demo.source import BLOCK, SAMPLE_RATE
from webinar.demo.talk import Talk

WIDTH, HEIGHT, FRAME_RATE = 640, 360, 15


def camera(path: Path, seconds: int = 8) -> Path:
    """A Motion JPEG file (`--use-file-for-fake-video-capture` takes .mjpeg and .y4m)."""
    programme = Talk().begin()
    reformatter = VideoReformatter()
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
    encoder.framerate = Fraction(FRAME_RATE)
    encoder.options = {"q": "6"}
    began = int(time.time() * 1000)
    with path.open("wb") as file:
        for n in range(seconds * FRAME_RATE):
            frame = programme.picture(2 * n, began + n * 1000 // FRAME_RATE)
            small = reformatter.reformat(frame, WIDTH, HEIGHT, "yuvj420p")
            small.pts = n
            for packet in (*encoder.encode(small), *(encoder.encode(None) if n == seconds * FRAME_RATE - 1 else ())):
                file.write(bytes(packet))
    return path


def microphone(path: Path, seconds: int = 10) -> Path:
    """A WAV file, 48 kHz mono (`--use-file-for-fake-audio-capture`)."""
    programme = Talk().begin()
    blocks = [programme.sound(n)[:, 0] for n in range(seconds * SAMPLE_RATE // BLOCK)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.concatenate(blocks).astype("<i2").tobytes())
    return path
