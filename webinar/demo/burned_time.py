"""The time of a frame, drawn into the picture as black and white cells and read back at any size.

The code is a grid of 2 rows x 30 columns in the picture's lower left corner. The first and the last column are fixed
(white over black, black over white): they give the levels and prove that it is the code. The other 56 cells carry, row
by row and most significant bit first, 44 bits of milliseconds since the Unix epoch (until the year 2527) and a CRC-12
of them (polynomial 0x80F, as in 3GPP TS 25.212 section 4.2.1), so a half drawn or blended frame reads as None.

A cell is 24 x 24 pixels at 1280 x 720, 8 x 8 at 240p: two to four macroblock edges never blur its middle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

ROWS: Final = 2
COLUMNS: Final = 30
CANVAS_WIDTH: Final = 1280
CANVAS_HEIGHT: Final = 720
CELL: Final = 24  # px on the canvas
LEFT: Final = 24  # px on the canvas
TOP: Final = 612  # px on the canvas

_TIME_BITS: Final = 44
_CRC_BITS: Final = 12
_CRC_POLYNOMIAL: Final = 0x80F
_BLACK: Final = 16  # video range, ITU-R BT.709
_WHITE: Final = 235
_MIN_CONTRAST: Final = 60  # of 255, between the fixed cells
_SURE: Final = 0.15  # of the contrast: a cell nearer than this to the middle level is not believed


def _crc12(value: int) -> int:
    remainder = value << _CRC_BITS
    for bit in range(_TIME_BITS + _CRC_BITS - 1, _CRC_BITS - 1, -1):
        if remainder >> bit & 1:
            remainder ^= (1 << _CRC_BITS | _CRC_POLYNOMIAL) << (bit - _CRC_BITS)
    return remainder ^ ((1 << _CRC_BITS) - 1)  # inverted, so that all black is no valid code


def cells(ms: int) -> NDArray[np.bool_]:
    """The grid of a time in ms since the epoch: shape (ROWS, COLUMNS), True is white. ValueError outside 44 bits."""
    if not 0 <= ms < 1 << _TIME_BITS:
        raise ValueError(f"{ms} ms does not fit in {_TIME_BITS} bits")
    word = ms << _CRC_BITS | _crc12(ms)
    bits = [bool(word >> i & 1) for i in range(_TIME_BITS + _CRC_BITS - 1, -1, -1)]
    grid = np.empty((ROWS, COLUMNS), dtype=np.bool_)
    grid[:, 1:-1] = np.array(bits, dtype=np.bool_).reshape(ROWS, COLUMNS - 2)
    grid[:, 0] = (True, False)
    grid[:, -1] = (False, True)
    return grid


def draw(y_plane: NDArray[np.uint8], ms: int) -> None:
    """Draws the time into a luma plane in place; shape (720, 1280) or that shape with a wider stride cut off."""
    if y_plane.shape != (CANVAS_HEIGHT, CANVAS_WIDTH):
        raise ValueError(
            f"the code is drawn on {CANVAS_WIDTH}x{CANVAS_HEIGHT}, not on a plane of shape {y_plane.shape}"
        )
    levels = np.where(cells(ms), np.uint8(_WHITE), np.uint8(_BLACK))
    block = levels.repeat(CELL, axis=0).repeat(CELL, axis=1)
    y_plane[TOP : TOP + ROWS * CELL, LEFT : LEFT + COLUMNS * CELL] = block


def read(picture: NDArray[np.uint8]) -> int | None:
    """The time drawn in a picture, in ms since the epoch, or None where no whole code can be read.

    `picture` is the full frame without bars at any size: luma or grey of shape (height, width), video or full range,
    or RGB of shape (height, width, 3).
    """
    gray = picture if picture.ndim == 2 else picture[..., :3].mean(axis=2)
    height, width = gray.shape
    means = np.array([[_middle(gray, r, c, height, width) for c in range(COLUMNS)] for r in range(ROWS)])
    white = (means[0, 0] + means[1, -1]) / 2
    black = (means[1, 0] + means[0, -1]) / 2
    if not white - black >= _MIN_CONTRAST:
        return None
    relative = (means - black) / (white - black) - 0.5
    if np.abs(relative).min() < _SURE:
        return None
    word = 0
    for bit in (relative[:, 1:-1] > 0).ravel():
        word = word << 1 | int(bit)
    ms = word >> _CRC_BITS
    return ms if word & ((1 << _CRC_BITS) - 1) == _crc12(ms) else None


def _middle(gray: NDArray[np.generic], row: int, column: int, height: int, width: int) -> float:
    """Mean level of the inner half of a cell; at least one pixel."""
    y = (TOP + row * CELL) / CANVAS_HEIGHT * height
    x = (LEFT + column * CELL) / CANVAS_WIDTH * width
    cell_h = CELL / CANVAS_HEIGHT * height
    cell_w = CELL / CANVAS_WIDTH * width
    top, left = round(y + cell_h / 4), round(x + cell_w / 4)
    bottom, right = max(top + 1, round(y + cell_h * 3 / 4)), max(left + 1, round(x + cell_w * 3 / 4))
    return float(gray[top:bottom, left:right].mean())
