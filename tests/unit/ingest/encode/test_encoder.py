"""The encoders."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.codec.context import CodecContext

from ingest.encode.encoder import AudioEncoder, EncodedUnit, H264Encoder
from ingest.encode.ladder import RUNGS
from ingest.package import h264
from ingest.program.raw import Picture, Sound, pixels
from tests.media.encoded import frame, talk


def _sounds(seconds: float) -> list[Sound]:
    rng = np.random.default_rng(1)
    return [Sound(at, rng.normal(0, 0.1, (800, 2)).astype(np.float32)) for at in range(0, int(seconds * 48_000), 800)]


def test_each_picture_comes_out_at_once() -> None:
    encoder = H264Encoder(RUNGS["144p"], "superfast")
    for n in range(35):
        units = list(encoder.encode(Picture(n, frame(n), n % 60 == 0)))
        assert [u.pts for u in units] == [n * 3000]


def test_idr_where_asked_and_nowhere_else_with_parameter_sets_before_each() -> None:
    units = talk(extra_keyframes=(37,)).units
    kinds = [[h264.unit_type(n) for n in h264.split(u.data)] for u in units]
    assert [i for i, k in enumerate(kinds) if 5 in k] == [0, 37, 60]
    assert [i for i, u in enumerate(units) if u.keyframe] == [0, 37, 60]
    assert all(k.index(7) < k.index(8) < k.index(5) for k in kinds if 5 in k)
    assert all(sum(n in (1, 5) for n in k) == 1 for k in kinds)  # one slice a frame: fragments of even size


def test_every_rung_names_constrained_baseline_3_1() -> None:
    for name in ("720p", "480p", "240p"):
        rung = RUNGS[name]
        (unit,) = H264Encoder(rung, "ultrafast").encode(Picture(0, frame(0, rung.width, rung.height), True))
        sets = h264.parameter_sets(h264.split(unit.data))
        assert sets is not None
        assert h264.codec_string(sets[0]) == "avc1.42c01f"


def test_a_canvas_of_another_size_is_scaled_and_left_alone() -> None:
    canvas = frame(0, 640, 360)
    (unit,) = H264Encoder(RUNGS["144p"], "ultrafast").encode(Picture(7, canvas, True))
    decoder = CodecContext.create("h264", "r")
    pictures = decoder.decode(av.Packet(unit.data)) + decoder.decode(None)
    assert [(p.width, p.height) for p in pictures] == [(256, 144)]
    assert canvas.pts is None


def test_a_picture_repeated_in_many_encoders_is_never_written() -> None:
    canvas = frame(3)
    encoders = [H264Encoder(RUNGS["144p"], "ultrafast") for _ in range(2)]
    for n in range(3):
        for encoder in encoders:
            assert [u.pts for u in encoder.encode(Picture(n, canvas, n == 0))] == [n * 3000]
    assert canvas.pts is None


@pytest.mark.parametrize("name", RUNGS)
def test_a_canvas_of_the_rungs_own_size_is_encoded_without_a_copy_whatever_its_line_size(name: str) -> None:
    rung = RUNGS[name]
    canvas = av.VideoFrame(rung.width, rung.height, "yuv420p")
    for plane in canvas.planes:
        rows = pixels(plane)
        rows[:] = np.linspace(60, 180, rows.shape[1]).astype(np.uint8)
    (unit,) = H264Encoder(rung, "ultrafast").encode(Picture(0, canvas, True))
    decoder = CodecContext.create("h264", "r")
    (seen,) = decoder.decode(av.Packet(unit.data)) + decoder.decode(None)
    for index, (got, wanted) in enumerate(zip(seen.planes, canvas.planes, strict=True)):
        width = rung.width >> (index > 0)
        difference = pixels(got)[:, :width].astype(int) - pixels(wanted)[:, :width]
        assert abs(difference).mean() < 4


@pytest.mark.parametrize(("codec", "size", "first"), [("aac", 1024, 0), ("libopus", 960, 648)])
def test_audio_packets_are_contiguous_and_none_lies_before_the_program(codec: str, size: int, first: int) -> None:
    encoder = AudioEncoder(codec)
    units: list[EncodedUnit] = [u for s in _sounds(1.0) for u in encoder.encode(s)]
    units += encoder.flush()
    assert [u.pts for u in units] == [first + i * size for i in range(len(units))]
    assert units[-1].pts + size >= 48_000
    assert {u.duration for u in units} == {size}


def test_dropped_sound_is_silence_and_what_follows_stays_in_place() -> None:
    encoder = AudioEncoder("aac")
    sounds = _sounds(1.0)
    del sounds[20:30]
    units = [u for s in sounds for u in encoder.encode(s)] + list(encoder.flush())
    assert [u.pts for u in units] == [i * 1024 for i in range(len(units))]
    assert units[-1].pts + 1024 >= 48_000


def test_an_encoder_that_begins_in_the_middle_keeps_program_time() -> None:
    encoder = AudioEncoder("aac")
    units = [u for n in range(10) for u in encoder.encode(Sound(96_000 + 800 * n, np.zeros((800, 2), np.float32)))]
    assert units[0].pts == 96_000 - 1024
