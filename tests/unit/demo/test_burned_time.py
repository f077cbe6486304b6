from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from webinar.demo import burned_time
from webinar.demo.source import pixels
from webinar.demo.talk import Talk

NOW = 1_764_012_345_678


def plane(ms: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    y = np.full((720, 1280), 120, np.uint8)
    burned_time.draw(y, ms)
    return y


@given(st.integers(0, 2**44 - 1))
def test_every_time_of_44_bits_is_read_back(ms: int) -> None:
    assert burned_time.read(plane(ms)) == ms


@pytest.mark.parametrize("ms", [-1, 2**44])
def test_a_time_out_of_range_is_refused(ms: int) -> None:
    with pytest.raises(ValueError, match="44 bits"):
        burned_time.cells(ms)


def test_a_plane_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="1280x720"):
        burned_time.draw(np.zeros((240, 426), np.uint8), NOW)


@pytest.mark.parametrize(("width", "height"), [(426, 240), (640, 360), (854, 480), (1920, 1080), (333, 187)])
def test_it_is_read_at_any_size_from_luma_and_from_rgb(width: int, height: int) -> None:
    rgb = np.repeat(plane(NOW)[..., None], 3, axis=2)
    small = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(width, height, "rgb24").to_ndarray()
    assert burned_time.read(small.astype(np.uint8)) == NOW
    assert burned_time.read(small[..., 1].astype(np.uint8)) == NOW


def test_a_picture_without_the_code_reads_as_none() -> None:
    assert burned_time.read(np.full((720, 1280), 200, np.uint8)) is None
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280)).astype(np.uint8)
    assert burned_time.read(noise) is None


def test_two_times_blended_or_torn_read_as_none() -> None:
    a, b, later = plane(NOW), plane(NOW + 33), plane(NOW + 2**20)
    assert burned_time.read(((a.astype(np.uint16) + b) // 2).astype(np.uint8)) is None
    between_rows, between_columns = a.copy(), a.copy()
    between_rows[burned_time.TOP + burned_time.CELL :] = later[burned_time.TOP + burned_time.CELL :]
    between_columns[:, 400:] = b[:, 400:]
    assert burned_time.read(between_rows) is None
    assert burned_time.read(between_columns) is None


@given(st.integers(0, 2**44 - 1), st.integers(0, 55))
def test_one_wrong_cell_is_never_taken_for_a_time(ms: int, cell: int) -> None:
    y = plane(ms)
    row, column = divmod(cell, burned_time.COLUMNS - 2)
    top = burned_time.TOP + row * burned_time.CELL
    left = burned_time.LEFT + (column + 1) * burned_time.CELL
    y[top : top + burned_time.CELL, left : left + burned_time.CELL] ^= 235 ^ 16
    assert burned_time.read(y) is None


def test_all_pictures_of_the_talk_are_read_after_240p_at_a_low_bitrate() -> None:
    program = Talk().begin()
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 426, 240, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate = 200_000
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "maxrate": "200k", "bufsize": "100k"}
    decoder = av.CodecContext.create("h264", "r")
    wanted, found = [], []
    for n in range(230, 290):  # over a change of slide
        wanted.append(NOW + n * 33)
        frame = program.picture(n, wanted[-1]).reformat(426, 240, "yuv420p")
        frame.pts = n
        for packet in encoder.encode(frame):
            found += [burned_time.read(pixels(f.planes[0])) for f in decoder.decode(packet)]
    found += [burned_time.read(pixels(f.planes[0])) for f in decoder.decode(None)]
    assert found == wanted


def test_it_survives_a_jpeg_screenshot() -> None:
    file = io.BytesIO()
    program = Talk().begin()
    Image.fromarray(program.picture(0, NOW).to_ndarray(format="rgb24")).resize((640, 360)).save(
        file, "JPEG", quality=50
    )
    assert burned_time.read(np.asarray(Image.open(file))) == NOW
