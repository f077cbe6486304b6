"""The holding picture: what viewers see while nobody sends. Drawn once at the start of a live session.

A dim stage in the platform's colours: two soft lights, a ring that waits, and the event's title where a font for its
letters is installed. No other words: everybody reads them in a language of their own on the page around the picture.
All of it stands above the lower third, where the page lays its buttons.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ingest.program.canvas import Canvas

_INK: Final = np.array((10.0, 20.0, 24.0))
_TEAL: Final = np.array((15.0, 118.0, 110.0))
_LIGHT: Final = (45, 212, 191)
_TEXT: Final = (226, 240, 238)
_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
_FONTS_OF_ALL_LETTERS: Final = _FONTS[:-1]
_MOST_PIXELS: Final = 8_300_000  # of a host's picture: ours are made for 1080p
_DRAW_AT: Final = 3  # times the size, then reduced: Pillow draws shapes without smoothing


def draw(width: int, height: int, title: str = "") -> av.VideoFrame:
    """The holding picture as a yuv420p frame of the canvas' size."""
    image = Image.fromarray(_stage(width, height))
    image.paste(Image.new("RGB", image.size, _LIGHT), mask=_ring(width, height))
    _write(image, title)
    return Canvas(width, height).place(av.VideoFrame.from_ndarray(np.asarray(image), "rgb24"))


def shown(data: bytes, width: int, height: int) -> av.VideoFrame:
    """A host's own holding picture, a JPEG, as a frame of the canvas' size: whole, on black where it does not fill it.

    Raises `ValueError` or `OSError` for what cannot be shown.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG",))
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
    if image.width * image.height > _MOST_PIXELS:
        raise ValueError(f"{image.width}×{image.height} pixels are too many")
    return Canvas(width, height).place(av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), "rgb24"))


def _stage(width: int, height: int) -> npt.NDArray[np.uint8]:
    """A dark ground with two soft lights; a little noise keeps 8-bit gradients from showing bands."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x / width, y / height
    glow = 0.55 * np.exp(-(((x - 0.28) / 0.38) ** 2 + ((y - 0.22) / 0.55) ** 2))
    glow += 0.30 * np.exp(-(((x - 0.82) / 0.30) ** 2 + ((y - 0.95) / 0.50) ** 2))
    stage = _INK + glow[..., None] * (_TEAL - _INK)
    stage += np.random.default_rng(7).uniform(-0.75, 0.75, stage.shape[:2])[..., None]
    picture: npt.NDArray[np.uint8] = np.clip(stage, 0, 255).astype(np.uint8)
    return picture


def _ring(width: int, height: int) -> Image.Image:
    """Three quarters of a ring around three dots, as a mask."""
    mask = Image.new("L", (width * _DRAW_AT, height * _DRAW_AT), 0)
    pen = ImageDraw.Draw(mask)
    cx, cy, radius = width * _DRAW_AT / 2, height * _DRAW_AT * 0.33, height * _DRAW_AT * 0.085
    around = (cx - radius, cy - radius, cx + radius, cy + radius)
    line = max(_DRAW_AT, round(height * _DRAW_AT * 0.008))
    pen.arc(around, 0, 360, fill=56, width=line)
    pen.arc(around, -90, 150, fill=235, width=line)
    dot = height * _DRAW_AT * 0.009
    for place in (-1, 0, 1):
        x = cx + place * radius * 0.45
        pen.ellipse((x - dot, cy - dot, x + dot, cy + dot), fill=210)
    return mask.resize((width, height), Image.Resampling.LANCZOS)


def _write(image: Image.Image, title: str) -> None:
    """The title below the ring, on one line, shortened to 80 % of the width."""
    font = _font(title, max(12, round(image.height * 0.05)))
    if not title or font is None:
        return
    pen = ImageDraw.Draw(image)
    most = image.width * 0.8
    shown = title
    while len(shown) > 1 and pen.textlength(shown, font=font) > most:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    pen.text((image.width / 2, image.height * 0.54), shown, font=font, fill=_TEXT, anchor="mm")


def _font(title: str, size: int) -> ImageFont.FreeTypeFont | None:
    latin = all(ord(letter) < 0x250 for letter in title)
    for path in _FONTS if latin else _FONTS_OF_ALL_LETTERS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    return None
