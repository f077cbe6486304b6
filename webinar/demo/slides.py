"""The pictures of the talk as YUV planes, and the digits of its clocks as luma patches: made once, copied per frame."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SLIDES: Final = 8
STRIP_TOP: Final = 592  # px: below it stand the code, the clocks and the lamp; the slides leave it empty

Plane = NDArray[np.uint8]

# ITU-R BT.709, 8 bit, video range.
_TO_YUV: Final = np.array(
    [[0.1826, 0.6142, 0.0620], [-0.1006, -0.3386, 0.4392], [0.4392, -0.3989, -0.0403]], np.float32
)
_OFFSET: Final = np.array([16, 128, 128], np.float32)


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture as yuv420p: `y` of shape (h, w), `u` and `v` of (h/2, w/2)."""

    y: Plane
    u: Plane
    v: Plane


def planes(colours: Plane, palette: Plane) -> Planes:
    """A picture of few colours as BT.709 yuv420p in video range: `colours` of shape (h, w), both even, are numbers of
    rows of `palette`, RGB of shape (n, 3), full range. Only the palette is converted, so it takes a few ms.
    """
    table = palette.astype(np.float32) @ _TO_YUV.T + _OFFSET
    y = np.rint(table[:, 0]).astype(np.uint8)[colours]
    return Planes(y, *(_quarter(table[:, c].astype(np.float32)[colours]) for c in (1, 2)))


def _quarter(values: NDArray[np.float32]) -> Plane:
    """Mean of each 2 x 2 pixels."""
    total = values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]
    return np.rint(total / 4).astype(np.uint8)


def load() -> tuple[Planes, ...]:
    """The slides of the talk in order, 1280x720."""
    folder = resources.files("webinar.demo") / "assets"
    loaded = []
    for number in range(1, SLIDES + 1):
        with (folder / f"slide-{number}.png").open("rb") as file, Image.open(file) as image:
            palette = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            loaded.append(planes(np.asarray(image), palette))
    return tuple(loaded)


def blend(a: Planes, b: Planes, step: int, steps: int) -> Planes:
    """Picture `a` turning into `b`: step 0 is a, `steps` is b."""

    def mix(p: Plane, q: Plane) -> Plane:
        return ((p.astype(np.uint16) * (steps - step) + q.astype(np.uint16) * step) // steps).astype(np.uint8)

    return Planes(mix(a.y, b.y), mix(a.u, b.u), mix(a.v, b.v))


class Digits:
    """Text of a few known characters, all digits equally wide, so that a running clock does not shiver."""

    def __init__(self, characters: str, size: int, *, ink: int, paper: int) -> None:
        """`size` in px; `ink` and `paper` are luma levels."""
        font = ImageFont.load_default(size)
        ascent, descent = font.getmetrics() if isinstance(font, ImageFont.FreeTypeFont) else (size, size // 4)
        wide = max(round(font.getlength(c)) for c in "0123456789")
        self.height = ascent + descent
        self._patches: dict[str, Plane] = {}
        for character in characters:
            width = wide if character.isdigit() else round(font.getlength(character)) + 1
            patch = Image.new("L", (width, self.height), paper)
            x = (width - font.getlength(character)) / 2
            ImageDraw.Draw(patch).text((x, 0), character, font=font, fill=ink)
            self._patches[character] = np.asarray(patch)

    def draw(self, y_plane: Plane, x: int, y: int, text: str) -> int:
        """Writes the text with its upper left corner at (x, y) px; returns the x after it.

        KeyError for a character that was not named at the start.
        """
        for character in text:
            patch = self._patches[character]
            y_plane[y : y + self.height, x : x + patch.shape[1]] = patch
            x += patch.shape[1]
        return x
