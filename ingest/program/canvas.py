"""The canvas: every picture at one size, in one format, letterboxed and never stretched.

Colours: browsers capture in BT.601 limited range and mostly do not say so, so that is what the canvas is and what our
encoders write down. What says that it is BT.709 or full range is converted.
"""

from __future__ import annotations

from typing import Final

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from ingest.program.raw import pixels

_BLACK: Final = (16, 128, 128)


def fit(width: int, height: int, into_width: int, into_height: int) -> tuple[int, int, int, int]:
    """(x, y, width, height), all even, of a picture of any size inside the canvas, centred, aspect kept."""
    if width * into_height >= height * into_width:
        w, h = into_width, min(into_height, max(2, round(height * into_width / width / 2) * 2))
    else:
        w, h = min(into_width, max(2, round(width * into_height / height / 2) * 2)), into_height
    # Chroma is at half resolution: odd positions would smear the edge.
    return (into_width - w) // 4 * 2, (into_height - h) // 4 * 2, w, h


class Canvas:
    """Puts frames of any size on new frames of `width` × `height` (even), yuv420p. One thread."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._scaler = VideoReformatter()

    def place(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The canvas with the frame on it; never written again by anybody. Raises `av.FFmpegError`.

        A decoded frame that fits as it is is the canvas itself: a decoder only reads what it has handed out.
        """
        x, y, width, height = fit(frame.width, frame.height, self.width, self.height)
        scaled = self._scale(frame, width, height)
        if (scaled.width, scaled.height) == (self.width, self.height):
            return scaled
        canvas = av.VideoFrame(self.width, self.height, "yuv420p")
        for index, (target, source) in enumerate(zip(canvas.planes, scaled.planes, strict=True)):
            shift = 1 if index else 0
            to, fr = pixels(target), pixels(source)
            left, top, w, h = x >> shift, y >> shift, width >> shift, height >> shift
            if (w, h) != (target.width, target.height):
                to[:] = _BLACK[index]
            to[top : top + h, left : left + w] = fr[:h, :w]
        return canvas

    def _scale(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        full_range = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        hd = frame.colorspace == Colorspace.ITU709 and frame.format.name.startswith(("yuv", "nv"))
        return self._scaler.reformat(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=Colorspace.ITU709 if hd else None,
            dst_colorspace=Colorspace.ITU601 if hd else None,
            src_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC if frame.width < width else Interpolation.BILINEAR,
            threads=1,
        )
