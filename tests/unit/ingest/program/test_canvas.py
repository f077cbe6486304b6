"""The canvas."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.codec.context import CodecContext
from hypothesis import given
from hypothesis import strategies as st

from ingest.program import slate
from ingest.program.canvas import Canvas, fit
from ingest.program.raw import pixels
from tests.media.encoded import RUNG, talk


def _white(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, (235, 128, 128), strict=True):
        pixels(plane)[:] = value
    return frame


def _luma(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    return pixels(frame.planes[0])[:, : frame.width]


@given(st.integers(2, 4000), st.integers(2, 4000))
def test_any_size_fits_inside_even_and_centred(width: int, height: int) -> None:
    x, y, w, h = fit(width, height, 1280, 720)
    assert all(v % 2 == 0 for v in (x, y, w, h))
    assert 2 <= w <= 1280
    assert 2 <= h <= 720
    assert abs(1280 - w - 2 * x) <= 2
    assert abs(720 - h - 2 * y) <= 2
    assert w == 1280 or h == 720


@given(st.integers(200, 4000), st.integers(200, 4000))
def test_aspect_is_kept(width: int, height: int) -> None:
    _, _, w, h = fit(width, height, 1280, 720)
    if min(w, h) > 60:
        assert w / h == pytest.approx(width / height, rel=0.05)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1280, 720), (1920, 1080), (333, 111)])
def test_a_picture_is_letterboxed_never_stretched(width: int, height: int) -> None:
    canvas = Canvas(640, 360).place(_white(width, height))
    luma = _luma(canvas)
    x, y, w, h = fit(width, height, 640, 360)
    assert luma[y + 2 : y + h - 2, x + 2 : x + w - 2].min() >= 230
    if x > 4:
        assert luma[:, : x - 2].max() <= 18
        assert luma[:, x + w + 2 :].max() <= 18
    if y > 4:
        assert luma[: y - 2].max() <= 18
        assert luma[y + h + 2 :].max() <= 18


def test_one_canvas_takes_changing_sizes() -> None:
    canvas = Canvas(640, 360)
    for size in ((320, 240), (1280, 720), (240, 320), (640, 360)):
        placed = canvas.place(_white(*size))
        assert (placed.width, placed.height, placed.format.name) == (640, 360, "yuv420p")


def test_a_frame_that_fits_is_not_copied_and_one_that_is_scaled_is_not_kept() -> None:
    source = _white(640, 360)
    assert Canvas(640, 360).place(source) is source
    larger = _white(1280, 720)
    placed = Canvas(640, 360).place(larger)
    pixels(larger.planes[0])[:] = 16
    assert _luma(placed).min() == 235


def test_a_decoded_frame_stays_as_it_is_while_its_decoder_goes_on() -> None:
    decoder = CodecContext.create("h264", "r")
    canvas = Canvas(RUNG.width, RUNG.height)
    placed, seen = [], []
    for unit in talk().units:
        for picture in decoder.decode(av.Packet(unit.data)):
            placed.append(canvas.place(picture))
            seen.append(_luma(placed[-1]).copy())
    assert len(placed) > 60
    for frame, luma in zip(placed, seen, strict=True):
        np.testing.assert_array_equal(_luma(frame), luma)


def test_full_range_becomes_limited() -> None:
    frame = av.VideoFrame(640, 360, "yuvj420p")
    for plane, value in zip(frame.planes, (255, 128, 128), strict=True):
        pixels(plane)[:] = value
    assert abs(int(_luma(Canvas(640, 360).place(frame)).mean()) - 235) <= 1


def test_the_holding_picture_is_calm_and_not_black() -> None:
    luma = _luma(slate.draw(640, 360))
    assert 20 < luma.mean() < 80
    assert luma.max() > 120


def test_a_long_title_is_shortened_to_the_picture() -> None:
    plain, titled = (_luma(slate.draw(640, 360, title)) for title in ("", "A very long title of an event " * 10))
    assert (plain != titled).any()
    np.testing.assert_array_equal(plain[:, :40], titled[:, :40])
