"""Decoding in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import av
import numpy as np
import pytest

from ingest.accept.sink import CodecName, EncodedFrame
from ingest.program.canvas import Canvas
from ingest.program.clock import SystemClock
from ingest.program.decode import AudioDecoder, VideoDecoder
from ingest.program.opus import Libopus
from ingest.program.raw import Samples
from ingest.program.source import Source
from tests.media.presenter import make


class _Seen(Source):
    """Keeps everything."""

    def __init__(self) -> None:
        super().__init__(1 / 30)
        self.pictures: list[tuple[int, float, av.VideoFrame]] = []
        self.sounds: list[tuple[float, Samples]] = []

    def put_picture(self, generation: int, capture_s: float, frame: av.VideoFrame, ready_s: float) -> None:
        self.pictures.append((generation, capture_s, frame))

    def put_sound(self, generation: int, capture_s: float, samples: Samples, ready_s: float) -> None:
        self.sounds.append((capture_s, samples))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_every_frame_comes_out_at_once_on_the_canvas_with_its_capture_time(codec: CodecName) -> None:
    frames = [f for f in make(1.0, codec=codec, audio=False).frames]
    seen = _Seen()
    decoder = VideoDecoder(Canvas(256, 144), seen, SystemClock(), lambda: None)
    decoder.start()
    for i, frame in enumerate(frames):
        decoder.put(1, frame)
        _until(lambda i=i: len(seen.pictures) == i + 1)  # type: ignore[misc] # no frame waits for the next one
    decoder.close()
    decoder.join()
    assert [c for _, c, _ in seen.pictures] == pytest.approx([f.capture_time_s for f in frames], abs=1e-5)
    assert {(p.width, p.height) for _, _, p in seen.pictures} == {(256, 144)}
    assert decoder.size == (320, 180)


def test_a_change_of_codec_and_publisher_gets_a_new_decoder() -> None:
    seen = _Seen()
    sent = 0
    decoder = VideoDecoder(Canvas(256, 144), seen, SystemClock(), lambda: None)
    decoder.start()
    for generation, codec in enumerate(("h264", "vp8", "h264")):
        for frame in make(0.2, codec=codec, audio=False).frames:  # type: ignore[arg-type]
            decoder.put(generation, frame)
            sent += 1
            _until(lambda: len(seen.pictures) == sent)  # noqa: B023 - waited for at once
    decoder.close()
    decoder.join()
    assert [g for g, _, _ in seen.pictures] == [0] * 6 + [1] * 6 + [2] * 6


@pytest.mark.parametrize(
    "bad",
    [
        EncodedFrame("h264", b"\x00\x00\x00\x01\x65" + bytes(range(1, 200)), 1.0, True, 1.0),
        EncodedFrame("av1", b"x", 1.0, True, 1.0),  # type: ignore[arg-type] # not possible, and yet
    ],
    ids=["damaged", "unknown codec"],
)
def test_what_cannot_be_decoded_asks_for_a_keyframe_and_the_next_one_is_shown(bad: EncodedFrame) -> None:
    seen, asked = _Seen(), threading.Event()
    decoder = VideoDecoder(Canvas(256, 144), seen, SystemClock(), asked.set)
    decoder.start()
    decoder.put(1, bad)
    _until(asked.is_set)
    for frame in make(0.1, audio=False).frames:
        decoder.put(1, frame)
    _until(lambda: len(seen.pictures) == 3)
    decoder.close()
    decoder.join()


def test_opus_becomes_stereo_samples_at_their_capture_time() -> None:
    frames = [f for f in make(0.5).frames if f.codec == "opus"]
    seen = _Seen()
    decoder = AudioDecoder(seen, SystemClock(), Libopus())
    decoder.start()
    for frame in frames:
        decoder.put(1, frame)
    _until(lambda: len(seen.sounds) == len(frames))
    decoder.close()
    decoder.join()
    assert [c for c, _ in seen.sounds] == [f.capture_time_s for f in frames]
    assert {s.shape for _, s in seen.sounds} == {(960, 2)}
    assert 0.3 < max(float(np.abs(s).max()) for _, s in seen.sounds) < 0.8


def test_a_stalled_decoder_gives_up_to_the_next_keyframe() -> None:
    decoder = VideoDecoder(Canvas(256, 144), _Seen(), SystemClock(), lambda: None)  # not started: it stands still
    key, delta = (EncodedFrame("h264", b"x", 0.0, is_key, 0.0) for is_key in (True, False))
    assert decoder.put(1, key)
    assert all(decoder.put(1, delta) for _ in range(299))
    assert not decoder.put(1, delta)
    assert not decoder.put(1, delta)
    assert decoder.put(1, key)
    assert decoder.put(1, delta)


class _Failing(Canvas):
    """Fails as no decoder should, once."""

    failures = 1

    def place(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self.failures:
            self.failures -= 1
            raise ValueError("unexpected")
        return super().place(frame)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_an_unexpected_error_costs_what_is_left_to_the_next_keyframe_and_not_the_thread(codec: CodecName) -> None:
    first, again = (make(0.2, codec=codec, audio=False).frames for _ in range(2))
    seen, asked = _Seen(), threading.Event()
    decoder = VideoDecoder(_Failing(256, 144), seen, SystemClock(), asked.set)
    decoder.start()
    for frame in first:
        decoder.put(1, frame)
    _until(asked.is_set)
    _until(lambda: decoder.idle)
    assert decoder.is_alive()
    assert seen.pictures == []
    for frame in again:
        decoder.put(1, frame)
        _until(lambda: decoder.idle)
    decoder.close()
    decoder.join()
    assert len(seen.pictures) == 6


def test_an_unexpected_error_in_sound_costs_one_packet() -> None:
    frames = [f for f in make(0.5).frames if f.codec == "opus"]

    class Once(_Seen):
        failed = False

        def put_sound(self, generation: int, capture_s: float, samples: Samples, ready_s: float) -> None:
            if not self.failed:
                self.failed = True
                raise ValueError("unexpected")
            super().put_sound(generation, capture_s, samples, ready_s)

    seen = Once()
    decoder = AudioDecoder(seen, SystemClock(), Libopus())
    decoder.start()
    for frame in frames:
        decoder.put(1, frame)
    _until(lambda: len(seen.sounds) == len(frames) - 1)
    decoder.close()
    decoder.join()
